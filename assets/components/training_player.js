// The player bar: train or pause, single steps, the pace, the track, and in one line what goes on.

const PACES = [1, 2, 5, 10, 20, 50, 100, 200, 500];
const COMMAND_PATIENCE = 1500; // ms for which a button believes that it was heard
const DOUBLE = 400; // ms
const BREATH = 1600; // ms
const RUNNING = ["training", "waiting"];
const STATUS_WORDS = {
  ready: "Ready", training: "Training", waiting: "Waiting for its turn", paused: "Paused", finished: "Finished", stopped: "Stopped",
};

const clock = (seconds) => {
  const whole = Math.max(Math.ceil(seconds), 0);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const tail = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
};

function trainingPlayer(seeker, send) {
  let player = null, expected = null, until = 0, run = "";
  const command = (name, more = {}) => send("command", { name, ...more });
  const button = (words, title, act) => element("button", { type: "button", title, onclick: act }, words);

  const icon = element("i", { class: "icon", "aria-hidden": "true" });
  const word = element("span", {}, "Train");
  const play = element("button", { type: "button", class: "play", onclick: () => toggle() }, icon, word);
  const batch = button("+1 batch", "Learn from one batch", () => command("batch"));
  const epoch = button("+1 epoch", "Learn until the next whole epoch", () => command("epoch"));
  const again = button("Start again", "Back to the weights that it began with", () => command("restart"));
  const here = element("button", { type: "button", class: "continue", onclick: () => goOn() }, "Continue from here");
  const pace = trainingChooser("Pace", (value) => command("pace", { value: value === "full" ? null : Number(value) }));
  const live = element("button", { type: "button", class: "live", onclick: () => seeker.go(null) }, element("i", { "aria-hidden": "true" }), element("span", {}, "Live"));
  const track = trainingTrack(seeker);
  const left = element("div", { class: "state" });
  const spoken = element("div", { class: "offscreen", role: "status" });
  const [status, place] = [element("b"), element("span")];
  left.append(status, place);
  const right = element("div", { class: "rate quiet" });
  const node = element("section", { class: "card player", "aria-label": "Training" },
    element("div", { class: "row" }, play, batch, epoch, again, here, element("label", { class: "pace" }, element("span", { class: "quiet" }, "Pace"), pace)),
    element("div", { class: "row along" }, track, live),
    element("div", { class: "row words" }, left, right), spoken);

  const running = () => (expected !== null && performance.now() < until ? expected : RUNNING.includes(player.status));

  function goOn() {
    const at = seeker.at();
    if (at !== null) command("continue", { step: at, run }); // named: a second press must not go on from the new run
  }

  function toggle() {
    if (performance.now() - until + COMMAND_PATIENCE < DOUBLE) return; // the second press of a double click
    const now = running();
    command(now ? "pause" : "play");
    expected = !now;
    until = performance.now() + COMMAND_PATIENCE;
    draw();
  }

  function draw() {
    if (!player) return;
    const goes = running(), over = player.status === "finished" || player.status === "stopped";
    if (RUNNING.includes(player.status) === expected) expected = null;
    say(word, goes ? "Pause" : player.status === "paused" ? "Go on" : "Train");
    icon.className = `icon ${goes ? "pausing" : "playing"}`;
    for (const each of [play, batch, epoch]) if (each.disabled !== over) each.disabled = over;
    const at = seeker.at(), past = at !== null;
    node.classList.toggle("past", past);
    mark(here, "tabindex", past ? 0 : -1);
    mark(here, "aria-hidden", !past);
    mark(live, "aria-pressed", !past);
    live.classList.toggle("dim", goes && !past && performance.now() % BREATH > BREATH / 2);
    const paces = player.pace === null || PACES.includes(player.pace) ? PACES : [...PACES, player.pace].sort((a, b) => a - b);
    pace.set([...paces.map((each) => [each, each === 1 ? "1 batch/s" : `${formatNumber(each)} batches/s`]), ["full", "Full speed"]], player.pace ?? "full");
    words(at);
    track.place();
  }

  function words(at) {
    const step = at ?? player.step;
    const epochs = `epoch ${(step / player.per_epoch).toFixed(1)} of ${formatNumber(player.total / player.per_epoch, 3)}`;
    const steps = `step ${formatNumber(step)} of ${formatNumber(player.total)}`;
    const reason = player.reason && at === null;
    say(spoken, `${STATUS_WORDS[player.status]}. ${player.reason}`.trim()); // only what changes is read aloud
    say(status, at === null ? STATUS_WORDS[player.status] : "Looking back");
    say(place, reason ? ` \u00b7 ${player.reason}` : ` \u00b7 ${epochs} \u00b7 ${steps}`);
    const rest = [];
    if (at !== null) rest.push(`${STATUS_WORDS[player.status].toLowerCase()} at epoch ${(player.step / player.per_epoch).toFixed(1)}`);
    if (player.rate !== null) rest.push(`${formatNumber(Math.round(player.rate))} images/s`);
    if (player.left !== null) rest.push(`${clock(player.left)} left`);
    say(right, rest.join(" \u00b7 "));
    mark(node, "data-status", player.status);
  }

  return {
    node,
    draw,
    update(next, look, name) {
      player = next;
      run = name;
      track.update(next, look);
      draw();
    },
    listen: (signal) => track.listen(signal),
  };
}
