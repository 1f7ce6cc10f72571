// Loss and accuracy of the run, and of runs beside it. Point at a curve, or use the arrow keys, to read it; Enter or a click
// goes to that moment.

const CHART_PAD = { left: 40, right: 10, top: 6, bottom: 20 };
const DASHES = [[7, 3], [2, 3], [9, 3, 2, 3], [4, 2, 1, 2]];
const ROUND_EPOCHS = [0.25, 0.5, 1, 2, 3, 5, 8, 12, 16, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500, 750, 1000];

/** The message's curves as columns of numbers. */
function readCurves(data) {
  return data.curves.map((curve, place) => {
    const all = floats(data[`curve${place}`]), n = curve.points, m = curve.validations;
    const wide = place === 0 ? 7 : 3;
    const column = (at) => all.subarray(at * n, (at + 1) * n);
    const check = (at) => all.subarray(wide * n + at * m, wide * n + (at + 1) * m);
    const of = (smooth, low, high, at) => ({ smooth: column(smooth), low: place ? null : column(low), high: place ? null : column(high), checked: check(at) });
    return {
      ...curve, letter: String.fromCharCode(65 + place), epochs: column(0), checks: check(0),
      loss: of(1, 2, 3, 1), accuracy: place ? of(2, 0, 0, 2) : of(4, 5, 6, 2),
    };
  });
}

const SAME = 1e-6; // share of an epoch's number: they come as float32

/** The place in ascending `numbers` of the last one up to `value`; -1 where there is none: what comes later was not known yet. */
function placeUpTo(numbers, value) {
  const most = value * (1 + SAME);
  let low = -1, high = numbers.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= most) low = middle;
    else high = middle;
  }
  return low;
}

const epochWords = (epoch) => (Math.abs(epoch - Math.round(epoch)) < 1e-4 ? String(Math.round(epoch)) : epoch.toFixed(epoch < 10 ? 2 : 1));

/** `host`: {look(epoch or null), go(epoch)}: both charts look at the same moment. */
function trainingChart(kind, title, host) {
  const isLoss = kind === "loss";
  const zoom = element("button", { type: "button", class: "chip", "aria-pressed": "false", onclick: () => { zoomed = !zoomed; mark(zoom, "aria-pressed", zoomed); redraw(); } }, isLoss ? "Log scale" : "From 90\u202f%");
  const card = trainingCard(`chart ${kind}`, title, zoom);
  const [train, validation] = [element("span"), element("b")];
  const place = element("span");
  card.note.append(place, element("i", { class: "swatch train", "aria-hidden": "true" }), train, element("i", { class: "swatch validation", "aria-hidden": "true" }), validation);
  const [canvas, over] = [element("canvas", { "aria-hidden": "true" }), element("canvas", { "aria-hidden": "true" })];
  const box = element("div", { class: "plot", tabindex: "0", role: "slider", "aria-label": `${title}: read the curves`, "aria-valuemin": "0" }, canvas, over);
  card.node.append(box);
  let curves = [], theme = null, zoomed = false, end = 1, size = [0, 0], range = [0, 1], current = null, pointed = null;

  const value = (number) => (isLoss ? formatNumber(number, 3) : percent(number));
  const plotWidth = () => size[0] - CHART_PAD.left - CHART_PAD.right;
  const xOf = (epoch) => CHART_PAD.left + (plotWidth() * epoch) / end;
  const scaled = (number) => (isLoss && zoomed ? Math.log10(Math.max(number, 1e-9)) : number);
  const yOf = (number) => {
    const share = (scaled(number) - range[0]) / (range[1] - range[0] || 1);
    return size[1] - CHART_PAD.bottom - (size[1] - CHART_PAD.top - CHART_PAD.bottom) * within(share, -9, 1.05); // the rest is clipped
  };

  function setRange() {
    if (!isLoss) { range = zoomed ? [0.9, 1] : [0, 1]; return [0, 1, 2, 3, 4].map((i) => range[0] + ((range[1] - range[0]) * i) / 4); }
    let [low, high] = [Infinity, 0];
    for (const curve of curves) for (const list of [curve.loss.smooth, curve.loss.checked]) for (const number of list) {
      if (number > high) high = number;
      if (number < low) low = number;
    }
    if (!(high > 0)) [low, high] = [0.01, 2.4];
    if (zoomed) {
      range = [Math.floor(Math.log10(Math.max(low, 1e-6))), Math.ceil(Math.log10(high))];
      if (range[0] === range[1]) range[0] -= 1;
      return Array.from({ length: range[1] - range[0] + 1 }, (_, i) => 10 ** (range[0] + i));
    }
    const step = [0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 500, 2500].find((each) => each * 4.4 >= high) ?? high / 4;
    const lines = Math.ceil(high / step - 0.05);
    range = [0, step * Math.max(lines, 1)];
    return Array.from({ length: Math.max(lines, 1) + 1 }, (_, i) => step * i);
  }

  function trace(context, xs, ys) {
    context.beginPath();
    for (let i = 0; i < xs.length; i += 1) context.lineTo(xOf(xs[i]), yOf(ys[i]));
    context.stroke();
  }

  function draw() {
    if (!theme) return;
    size = [Math.floor(box.clientWidth), Math.floor(box.clientHeight)];
    if (!size[0]) return;
    const context = fitCanvas(canvas, ...size), lines = setRange();
    context.font = `${SMALL_PRINT}px ${theme.family}`;
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const line of lines) {
      const y = Math.round(yOf(line)) + 0.5;
      context.strokeStyle = cssColour(theme.line);
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(CHART_PAD.left, y);
      context.lineTo(size[0] - CHART_PAD.right, y);
      context.stroke();
      context.fillStyle = cssColour(theme.quiet);
      context.fillText(isLoss ? formatNumber(line, 3) : percent(line, zoomed ? 1 : 0), CHART_PAD.left - 6, y);
    }
    context.textBaseline = "alphabetic";
    const base = size[1] - 4;
    context.textAlign = "left";
    context.fillText("0", CHART_PAD.left, base);
    context.textAlign = "right";
    const label = `epoch ${formatNumber(end)}`;
    context.fillText(label, size[0] - CHART_PAD.right, base);
    context.save();
    context.beginPath();
    context.rect(CHART_PAD.left - 3, 0, plotWidth() + 6, size[1] - CHART_PAD.bottom + 2);
    context.clip();
    context.lineJoin = "round";
    for (let index = curves.length - 1; index >= 0; index -= 1) drawCurve(context, curves[index], index);
    context.restore();
    if (curves.length > 1) letters(context);
    legend(context, base, CHART_PAD.left + 16, size[0] - CHART_PAD.right - context.measureText(label).width - 12);
    drawOver();
  }

  const colourOf = (at) => (at ? theme.others[(at - 1) % theme.others.length] : theme.primary);
  const dashOf = (at) => (at ? DASHES[(at - 1) % DASHES.length] : []);

  function drawCurve(context, curve, at) {
    const own = curve[kind], colour = colourOf(at);
    if (own.low) { // every batch: a faint band from the lowest to the highest
      context.fillStyle = context.strokeStyle = cssColour(mix(theme.background, theme.text, 0.14));
      context.lineWidth = 1;
      context.beginPath();
      for (let i = 0; i < curve.epochs.length; i += 1) context.lineTo(xOf(curve.epochs[i]), yOf(own.high[i]));
      for (let i = curve.epochs.length - 1; i >= 0; i -= 1) context.lineTo(xOf(curve.epochs[i]), yOf(own.low[i]));
      context.fill();
      context.stroke();
    }
    context.setLineDash(dashOf(at));
    context.strokeStyle = cssColour(at ? mix(theme.background, colour, 0.55) : mix(theme.background, theme.text, 0.6));
    context.lineWidth = at ? 1 : 1.5;
    trace(context, curve.epochs, own.smooth);
    if (curve.epochs.length === 1) { // a run that ended after its first batch has no line
      context.fillStyle = context.strokeStyle;
      dot(context, xOf(curve.epochs[0]), yOf(own.smooth[0]), 2.5);
    }
    context.strokeStyle = cssColour(colour);
    context.lineWidth = 2;
    trace(context, curve.checks, own.checked);
    context.setLineDash([]);
    context.fillStyle = cssColour(colour);
    const last = curve.checks.length - 1;
    if (at === 0 && last >= 0 && plotWidth() / (last + 1) > 7) for (let i = 0; i <= last; i += 1) dot(context, xOf(curve.checks[i]), yOf(own.checked[i]), 2.25);
  }

  /** Each run's letter at the end of its curve, beside those of the others. */
  function letters(context) {
    context.font = `600 ${SMALL_PRINT}px ${theme.family}`;
    context.textAlign = "center";
    context.lineWidth = 3;
    context.lineJoin = "round";
    context.strokeStyle = cssColour(theme.background);
    curves.forEach((curve, at) => {
      const last = curve.checks.length - 1;
      if (last < 0) return;
      const x = Math.min(xOf(curve.checks[last]), size[0] - CHART_PAD.right - 5) - 14 * at;
      const y = yOf(curve[kind].checked[last]);
      if (y > size[1] - CHART_PAD.bottom) return;
      context.fillStyle = cssColour(colourOf(at));
      context.strokeText(curve.letter, x, Math.max(y - 5, 10));
      context.fillText(curve.letter, x, Math.max(y - 5, 10));
    });
    context.font = `${SMALL_PRINT}px ${theme.family}`;
  }

  function dot(context, x, y, radius) {
    context.beginPath();
    context.arc(x, y, radius, 0, 7);
    context.fill();
  }

  /** Which letter and line is which run, where there are several. */
  function legend(context, base, from, to) {
    if (curves.length < 2) return;
    const room = (to - from) / curves.length;
    curves.forEach((curve, at) => {
      const x = from + at * room;
      context.strokeStyle = cssColour(colourOf(at));
      context.setLineDash(dashOf(at));
      context.lineWidth = 2;
      context.beginPath();
      context.moveTo(x, base - 4);
      context.lineTo(x + 18, base - 4);
      context.stroke();
      context.setLineDash([]);
      context.textAlign = "left";
      context.fillStyle = cssColour(theme.text);
      let text = `${curve.letter} ${curve.label}`;
      while (text.length > 1 && context.measureText(text).width > room - 28) text = `${text.slice(0, -2).trimEnd()}\u2026`;
      context.fillText(text, x + 22, base);
    });
  }

  /** The moment that is shown, and the one that is pointed at, over the curves. */
  function drawOver() {
    const context = fitCanvas(over, ...size);
    const line = (epoch, colour, dash) => {
      const x = Math.round(xOf(epoch)) + 0.5;
      context.setLineDash(dash);
      context.strokeStyle = cssColour(colour);
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(x, CHART_PAD.top - 4);
      context.lineTo(x, size[1] - CHART_PAD.bottom);
      context.stroke();
      context.setLineDash([]);
    };
    if (current !== null) line(current, theme.primary, []);
    if (pointed !== null) line(pointed, theme.quiet, [3, 3]);
    const at = pointed ?? current;
    if (curves.length && at !== null) {
      curves.forEach((curve, index) => {
        const check = placeUpTo(curve.checks, at), point = placeUpTo(curve.epochs, at);
        const put = (x, y, colour) => {
          if (y > size[1] - CHART_PAD.bottom + 2) return;
          context.fillStyle = cssColour(theme.background);
          dot(context, x, y, 4.5);
          context.fillStyle = cssColour(colour);
          dot(context, x, y, 3);
        };
        if (point >= 0 && index === 0) put(xOf(curve.epochs[point]), yOf(curve[kind].smooth[point]), mix(theme.background, theme.text, 0.6));
        if (check >= 0) put(xOf(curve.checks[check]), yOf(curve[kind].checked[check]), colourOf(index));
      });
    }
    tell(at);
  }

  /** What validation gave last, up to the epoch `at`, null for the newest; and when, where the moment does not say so. */
  function readCheck(curve, at) {
    const index = at === null ? curve.checks.length - 1 : placeUpTo(curve.checks, at);
    if (index < 0) return "validation \u2013";
    const measured = curve.checks[index], read = `validation ${value(curve[kind].checked[index])}`;
    return at === null || at - measured > SAME * at ? `${read} (epoch ${epochWords(measured)})` : read;
  }

  function tell(at) {
    const curve = curves[0];
    if (!curve) return;
    const point = at === null ? curve.epochs.length - 1 : placeUpTo(curve.epochs, at);
    say(place, at === null ? "" : `epoch ${at.toFixed(at < 10 ? 2 : 1)}`);
    say(train, `train ${point < 0 ? "\u2013" : value(curve[kind].smooth[point])}`);
    say(validation, readCheck(curve, at));
    const others = curves.slice(1).map((each) => `, ${each.label} ${readCheck(each, at)}`);
    mark(box, "aria-valuemax", end);
    mark(box, "aria-valuenow", at ?? curve.epochs.at(-1) ?? 0);
    mark(box, "aria-valuetext", `${at === null ? "Newest" : place.textContent}, ${train.textContent}, ${validation.textContent}${others.join("")}`);
  }

  const redraw = () => draw();

  function under(event) {
    const x = event.clientX - box.getBoundingClientRect().left;
    return within(((x - CHART_PAD.left) / plotWidth()) * end, 0, curves[0]?.epochs.at(-1) ?? 0);
  }

  function listen(signal) {
    const on = (type, action) => box.addEventListener(type, action, { signal });
    on("pointermove", (event) => { if (event.pointerType === "mouse" && size[0]) host.look(under(event)); });
    on("pointerleave", () => host.look(null));
    on("click", (event) => { if (size[0]) host.go(under(event)); });
    on("blur", () => host.look(null));
    on("keydown", (event) => {
      const epochs = curves[0]?.epochs;
      if (!epochs?.length || event.altKey || event.ctrlKey || event.metaKey) return;
      const moves = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
      const here = pointed ?? current;
      const index = here === null ? epochs.length - 1 : placeUpTo(epochs, here);
      if (event.key in moves) host.look(epochs[within(index + moves[event.key], 0, epochs.length - 1)]);
      else if (event.key === "Home") host.look(epochs[0]);
      else if (event.key === "End") host.look(epochs.at(-1));
      else if (event.key === "Enter" || event.key === " ") host.go(here ?? epochs.at(-1));
      else if (event.key === "Escape") host.look(null);
      else return;
      event.preventDefault();
    });
  }

  return {
    node: card.node,
    draw,
    listen,
    update(next, look, player, at) { // `at` as in `at()`
      curves = next;
      current = at;
      theme = look;
      const newest = Math.max(player.step / player.per_epoch, ...curves.slice(1).map((curve) => curve.epochs.at(-1) ?? 0));
      const most = Math.max(player.total / player.per_epoch, newest);
      end = Math.min(ROUND_EPOCHS.find((each) => each >= newest && each > 0) ?? most, most);
      draw();
    },
    at(epoch) { // the moment that is shown: null for live
      current = epoch;
      if (theme && size[0]) drawOver();
    },
    point(epoch) {
      pointed = epoch;
      if (theme && size[0]) drawOver();
    },
  };
}
