// The player: slides the window over the whole input, one output cell at a time.

const SPEEDS = [["Slow", 1600], ["Normal", 800], ["Fast", 300], ["Fastest", 60]]; // milliseconds a step

/**
 * `host`: {steps() -> how many, rest() -> the step that stands there when nothing plays, show(step, announce) -> draws it,
 * held() -> whether a person is looking at a cell}.
 * A step counts from 1; null means that nothing is being played and the whole output stands there.
 */
function explorerPlayer(host, signal) {
  const player = { step: null, playing: false };
  let timer = 0, beat = 1;
  const play = element("button", { type: "button", class: "play" });
  const back = element("button", { type: "button", "aria-label": "One step back" }, "Back");
  const next = element("button", { type: "button", "aria-label": "One step forward" }, "Next");
  const slider = element("input", { type: "range", min: 1, step: 1 });
  const label = element("span", { class: "step-label quiet", "aria-hidden": "true" });
  const speed = element("select", { "aria-label": "Speed" }, ...SPEEDS.map(([name], i) => element("option", { value: i }, name)));
  speed.value = String(beat);
  player.root = element("div", { class: "player", role: "group", "aria-label": "Slide the window" },
    play, back, next, element("label", { class: "track" }, slider, label), element("label", { class: "speed" }, element("span", { class: "quiet" }, "Speed"), speed));

  function draw() {
    const steps = host.steps(), at = player.step ?? host.rest();
    play.textContent = player.playing ? "Pause" : "Play";
    slider.max = steps;
    slider.value = at;
    const text = `Step ${formatNumber(at)} of ${formatNumber(steps)}`;
    label.textContent = text;
    slider.setAttribute("aria-label", text);
    slider.setAttribute("aria-valuetext", text);
    back.disabled = at <= 1;
    next.disabled = at >= steps;
  }

  function go(step, announce = false) {
    player.step = step;
    host.show(step, announce);
    draw();
  }

  function tick() {
    clearTimeout(timer);
    if (!player.playing) return;
    timer = setTimeout(() => {
      if (!host.held()) {
        if (player.step >= host.steps()) return player.pause();
        go(player.step + 1);
        if (player.step >= host.steps()) return player.pause();
      }
      tick();
    }, SPEEDS[beat][1]);
  }

  player.pause = () => {
    player.playing = false;
    clearTimeout(timer);
    player.root.classList.remove("playing");
    draw();
  };
  player.play = () => {
    player.playing = true;
    const from = player.step ?? host.rest();
    go(from >= host.steps() ? 1 : from);
    tick();
  };
  /** Leave the sliding: the whole output stands there again. */
  player.leave = () => {
    player.pause();
    if (player.step !== null) go(null);
  };
  player.beat = () => SPEEDS[beat][1];
  player.go = go;
  player.draw = draw;

  const move = (by) => {
    player.pause();
    go(Math.min(Math.max((player.step ?? host.rest()) + by, 1), host.steps()), true);
  };
  play.addEventListener("click", () => (player.playing ? player.pause() : player.play()), { signal });
  back.addEventListener("click", () => move(-1), { signal });
  next.addEventListener("click", () => move(1), { signal });
  slider.addEventListener("input", () => {
    const step = Number(slider.value); // before pausing draws the old one
    player.pause();
    go(step);
  }, { signal });
  speed.addEventListener("change", () => { beat = Number(speed.value); tick(); }, { signal });
  signal.addEventListener("abort", () => clearTimeout(timer));
  return player;
}
