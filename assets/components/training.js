// The film of training: one bar that plays a run, and everything that can be seen of it, at the moment where one stands.
//
// data: what `pages.ui.training_data` packs, handed over by the feed (training_feed.js): the film's own data names it only.
// triggers: `command`, `seek`, `open`, `look`: see `pages.ui.training_messages`; each a list of {value, number}. Hovering and reading send nothing.
// Nothing is rebuilt while a run goes on: texts are written where they changed, pixels are painted on the same canvases;
// what is scrolled out of sight waits until it is looked at, or the run rests.

const FILM = Symbol.for("cnn-lab-film");
const OUTBOX = 20; // messages of one kind that wait for the page
const AGAIN = 400; // ms after which what the page has not heard is sent once more

function trainingMount(parentElement) {
  const stop = new AbortController();
  const { signal } = stop;
  const slot = (globalThis[FILM] ??= {});
  let [trigger, look, message, packed, frame, run, due, count] = [() => {}, null, null, null, 0, null, 0, Date.now()];

  // A trigger can reach the page twice, or be overtaken by the component's next one, of whatever name, before the page
  // has run: so every message has a number, and goes again until the page says that it was heard.
  const outbox = {};
  let again = 0;
  const send = (name, value) => {
    (outbox[name] ??= []).push({ value, number: (count += 1) });
    if (outbox[name].length > OUTBOX) outbox[name].shift();
    trigger(name, [...outbox[name]]);
  };
  const heard = (numbers) => {
    for (const name of Object.keys(outbox)) outbox[name] = outbox[name].filter(({ number }) => number > (numbers[name] ?? 0));
    if (Object.values(outbox).some((list) => list.length)) again ||= setTimeout(sendAgain, AGAIN);
  };
  const sendAgain = () => {
    again = 0;
    for (const [name, list] of Object.entries(outbox)) if (list.length) trigger(name, [...list]);
  };

  const sendLook = (changes) => send("look", changes);
  const seeker = trainingSeeker({
    send: (step, settled) => send("seek", { step, settled }),
    preview: () => { player.draw(); showMoment(); },
  });
  const player = trainingPlayer(seeker, (name, value) => {
    if (value.name !== "pace") {
      seeker.forget(); // it leads on from here: a seek that comes after it would lead back
      outbox.seek = [];
    }
    send(name, value);
  });
  const both = {
    look(epoch) { for (const chart of charts) chart.point(epoch); },
    go(epoch) {
      const { ticks, per_epoch: each, step } = message.player;
      const wanted = epoch * each, stops = ticks.filter((tick) => tick < step);
      if (!stops.length || step - wanted < Math.abs(wanted - stops.at(-1))) return seeker.go(null);
      seeker.go(stops.reduce((best, tick) => (Math.abs(tick - wanted) < Math.abs(best - wanted) ? tick : best)));
    },
  };
  const charts = [trainingChart("loss", "Loss", both), trainingChart("accuracy", "Accuracy", both)];
  const network = trainingNetwork(sendLook);
  const confusion = trainingConfusion((name, value) => send(name, value));
  const below = trainingBelow(sendLook);
  const views = [player, ...charts, network, confusion, below];
  const root = element("div", { class: "lab film" }, element("div", { class: "stage" }, ...views.map((view) => view.node)));
  parentElement.append(root);
  keepKeysInside(root, signal);
  for (const view of views) view.listen(signal);

  /** The charts' line at the moment where one stands. */
  function showMoment() {
    if (message) for (const chart of charts) chart.at(momentOfCharts());
  }

  function momentOfCharts() {
    const at = seeker.at();
    return at === null ? null : at / message.player.per_epoch;
  }

  function draw() {
    frame = 0;
    if (!packed || !look) return;
    const carried = unpack(packed);
    heard(carried.heard);
    const fresh = unpack(carried.message);
    if (fresh.run !== run) {
      run = fresh.run;
      seeker.forget();
    }
    message = fresh;
    seeker.answer(message.player);
    player.update(message.player, look, message.run);
    const curves = readCurves(message), goesOn = RUNNING.includes(message.player.status);
    const drawn = (view) => !goesOn || !outOfSight.has(view.node);
    for (const chart of charts) if (drawn(chart)) chart.update(curves, look, message.player, momentOfCharts());
    for (const view of [network, confusion, below]) if (drawn(view)) view.update(message, look);
    root.dataset.drawn = Number(root.dataset.drawn ?? 0) + 1;
  }

  const outOfSight = new Set();

  /** Draw in the next frame, and only the newest message: a hidden tab draws nothing. */
  function later() {
    frame ||= requestAnimationFrame(draw);
  }

  const take = (data) => {
    packed = data;
    later();
  };
  slot.take = take;
  if (slot.latest) take(slot.latest);

  let width = 0;
  const watcher = new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    clearTimeout(due);
    due = setTimeout(() => { confusion.repaint(); later(); }, 60);
  });
  watcher.observe(root);
  const sight = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) outOfSight.add(target);
      else if (outOfSight.delete(target)) later();
    }
  });
  for (const view of views) sight.observe(view.node);

  function update({ setTriggerValue }) {
    trigger = setTriggerValue;
    look = trainingLook(parentElement, root);
    confusion.repaint();
    later();
  }

  function end() {
    stop.abort();
    watcher.disconnect();
    sight.disconnect();
    clearTimeout(due);
    clearTimeout(again);
    cancelAnimationFrame(frame);
    seeker.forget();
    if (slot.take === take) slot.take = null; // another film may stand there by now
    root.remove();
    films.delete(parentElement);
  }
  return { update, end };
}

const films = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  if (!films.has(parentElement)) films.set(parentElement, trainingMount(parentElement));
  const film = films.get(parentElement);
  film.update(component);
  return () => film.end();
}
