// The track: the run from its start to its planned end. Dragging back along it moves every view to that moment, while
// training goes on. Distances grow with the square root of the step: most happens at the start, so it has the most room.
//
// At most one `seek` is on its way; until its answer comes, only what the browser knows moves along. Once a person stays
// at a moment, that is said, too: then the rest of the page follows.

const SEEK_REST = 250; // ms after which a person stays where they are
const SEEK_PATIENCE = 2500; // ms after which a request that was not answered is given up

/** `host`: {send(step or null, settled), preview()}. Live is null. */
function trainingSeeker(host) {
  let wanted, flying, timer = 0, rest = 0, told = true, known = null, shown = null;
  const seeker = { held: false };

  function pump() {
    if (flying !== undefined) return;
    if (wanted === undefined) return;
    clearTimeout(rest);
    if (wanted === known) {
      if (seeker.held) return;
      wanted = undefined;
      rest = setTimeout(settle, SEEK_REST);
      return;
    }
    flying = wanted;
    told = false;
    host.send(flying, false);
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (wanted === flying) wanted = undefined;
      flying = undefined;
      pump();
      host.preview();
    }, SEEK_PATIENCE);
  }

  function settle() {
    if (told || flying !== undefined || wanted !== undefined) return;
    told = true;
    host.send(known, true);
  }

  /** Where the person stands: a step, or null for live. */
  seeker.at = () => (wanted !== undefined ? wanted : known === null ? null : shown);
  seeker.go = (step) => {
    wanted = step;
    pump();
    host.preview();
  };
  seeker.release = () => {
    seeker.held = false;
    pump();
  };
  seeker.answer = (player) => {
    known = player.asked;
    shown = player.shown;
    if (flying !== undefined && flying === known) {
      clearTimeout(timer);
      flying = undefined;
    }
    pump();
  };
  seeker.forget = () => {
    clearTimeout(timer);
    clearTimeout(rest);
    wanted = flying = undefined;
    told = true;
  };
  return seeker;
}

const TRACK_LINE = 11; // px from the top to the middle of the line
const TRACK_HIGH = 34;
const TRACK_INSET = 8; // px: the handle's half width

/** Round numbers of epochs for the labels under the line. */
function trackLabels(epochs) {
  const found = [];
  for (let ten = 1; ten <= epochs; ten *= 10) for (const digit of [1, 2, 5]) if (digit * ten < epochs) found.push(digit * ten);
  return found;
}

function trainingTrack(seeker) {
  const canvas = element("canvas", { "aria-hidden": "true" });
  const handle = element("i", { class: "handle", "aria-hidden": "true" });
  const node = element("div", {
    class: "timeline", tabindex: "0", role: "slider", "aria-label": "Moment of the run", "aria-valuemin": "0",
  }, canvas, handle);
  let player = null, theme = null, width = 0;

  const total = () => Math.max(player.total, player.step, 1);
  const placeOf = (step) => TRACK_INSET + (width - 2 * TRACK_INSET) * Math.sqrt(Math.min(step / total(), 1));
  const epochOf = (step) => step / player.per_epoch;

  node.words = () => {
    const at = seeker.at();
    const step = at ?? player.step;
    const words = `step ${formatNumber(step)} of ${formatNumber(player.total)}, epoch ${epochOf(step).toFixed(1)}`;
    return at === null ? `Live, ${words}` : words;
  };

  /** The handle and what is read aloud: cheap, for every move of a finger. */
  node.place = () => {
    if (!player || !width) return;
    const at = seeker.at();
    handle.style.transform = `translateX(${placeOf(at ?? player.step) - TRACK_INSET}px)`;
    handle.classList.toggle("past", at !== null);
    mark(node, "aria-valuemax", player.total);
    mark(node, "aria-valuenow", at ?? player.step);
    mark(node, "aria-valuetext", node.words());
    paint();
  };

  function paint() {
    const context = fitCanvas(canvas, width, TRACK_HIGH);
    const at = placeOf(seeker.at() ?? player.step), head = placeOf(player.step), end = width - TRACK_INSET;
    const line = (from, to, colour, thick) => {
      context.strokeStyle = cssColour(colour);
      context.lineWidth = thick;
      context.beginPath();
      context.moveTo(from, TRACK_LINE);
      context.lineTo(Math.max(to, from), TRACK_LINE);
      context.stroke();
    };
    context.lineCap = "round";
    line(TRACK_INSET, end, mix(theme.background, theme.text, 0.16), 6);
    line(TRACK_INSET, head, mix(theme.background, theme.primary, 0.42), 6);
    line(TRACK_INSET, at, theme.primary, 6);
    // A notch for each checkpoint, where two have room beside each other.
    context.lineCap = "butt";
    context.fillStyle = cssColour(theme.background);
    let last = -9;
    for (const step of player.ticks) {
      const x = Math.round(placeOf(step));
      if (x - last < 4 || x > head) continue;
      context.fillRect(x - 0.5, TRACK_LINE - 3, 1, 6);
      last = x;
    }
    context.font = `${SMALL_PRINT}px ${theme.family}`;
    context.fillStyle = cssColour(theme.quiet);
    context.textBaseline = "alphabetic";
    const write = (text, x, align) => {
      context.textAlign = align;
      context.fillText(text, x, TRACK_HIGH - 3);
      return context.measureText(text).width;
    };
    const epochs = total() / player.per_epoch;
    const from = TRACK_INSET + write("Start", 0, "left");
    const to = width - write(`Epoch ${formatNumber(epochs, 3)}`, width, "right");
    let taken = from;
    for (const epoch of trackLabels(epochs)) {
      const x = placeOf(epoch * player.per_epoch), half = context.measureText(String(epoch)).width / 2;
      if (x - half < taken + 8 || x + half > to - 8) continue;
      write(String(epoch), x, "center");
      taken = x + half;
    }
    if (player.best !== null && player.best <= player.step) { // the best: a small diamond over the line
      const x = placeOf(player.best);
      context.fillStyle = cssColour(theme.text);
      context.beginPath();
      for (const [dx, dy] of [[0, -11], [4, -7], [0, -3], [-4, -7]]) context.lineTo(x + dx, TRACK_LINE + dy);
      context.fill();
    }
  }

  /** What `place` draws next. */
  node.update = (next, look) => {
    player = next;
    theme = look;
    width = Math.floor(node.clientWidth);
  };

  // Moving -------------------------------------------------------------------------------------------------------------
  function nearest(event) {
    const x = event.clientX - node.getBoundingClientRect().left, head = placeOf(player.step);
    let best = null, gap = Math.abs(head - x);
    if (x >= head - 3) return null;
    for (const step of player.ticks) {
      const away = Math.abs(placeOf(step) - x);
      if (away < gap) [best, gap] = [step, away];
    }
    return best;
  }

  /** The checkpoint `by` places on from where one stands; live lies behind the last. */
  function onward(by) {
    const stops = player.ticks.filter((step) => step < player.step);
    const at = seeker.at();
    const here = at === null ? stops.length : Math.max(stops.findLastIndex((step) => step <= at), 0);
    const next = Math.max(here + by, 0);
    return next >= stops.length ? null : stops[next];
  }

  node.listen = (signal) => {
    const on = (type, action) => node.addEventListener(type, action, { signal });
    on("pointerdown", (event) => {
      if (!player || event.button > 0) return;
      node.setPointerCapture(event.pointerId);
      seeker.held = true;
      seeker.go(nearest(event));
    });
    on("pointermove", (event) => {
      if (!seeker.held) return;
      const step = nearest(event);
      if (step !== seeker.at()) seeker.go(step);
    });
    for (const type of ["pointerup", "pointercancel", "lostpointercapture"]) on(type, () => seeker.release());
    on("keydown", (event) => {
      if (!player || event.altKey || event.ctrlKey || event.metaKey) return;
      const moves = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
      if (event.key in moves) seeker.go(onward(moves[event.key]));
      else if (event.key === "Home") seeker.go(player.ticks[0] ?? null);
      else if (event.key === "End") seeker.go(null);
      else return;
      event.preventDefault();
    });
  };
  return node;
}
