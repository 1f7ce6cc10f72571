// A whole network for one picture: every layer in the order in which data flows, and what any number came from.
//
// data: what `pages.ui.network_data` packs, but for `at` and `path`, which the feed brings (network_feed.js), and with
// `key`, by which the feed finds the view.
// trigger `pick`: { layer, index }, index [channel, row, column] or [unit]; { layer: null } clears the trace.
// Pointing and moving send nothing: they move outlines on a canvas of their own, and one line of words.

const NETWORK_PASSES = ["activation", "batch_norm", "flatten"]; // one number in, one number out
const NETWORK_THUMB = 54; // CSS pixels of the small picture
const NETWORK_MARGIN = 40; // CSS pixels kept free beside what is brought into view
const networkHint = () => (touches() ? "Tap a cell to trace it." : "Point at a cell to read it; click it, or press Enter, to trace it.");

class NetworkView {
  constructor(parent) {
    this.parent = parent;
    this.trail = element("nav", { class: "trail", "aria-label": "Way of the trace" });
    this.trail.addEventListener("scroll", () => this.trail.classList.toggle("more", this.trail.scrollLeft > 2), { passive: true });
    this.readout = element("div", { class: "readout quiet" });
    this.thumb = element("canvas", { class: "thumb", "aria-hidden": "true" });
    this.clearing = element("button", { type: "button", class: "clear", "aria-label": "Clear the trace", title: "Clear the trace", onclick: () => this.clear() }, "\u2715");
    this.nudges = element("div", { class: "nudges", role: "group", "aria-label": "Move the traced cell" },
      ...[["Left", "\u2190"], ["Up", "\u2191"], ["Down", "\u2193"], ["Right", "\u2192"]].map(([way, sign]) =>
        element("button", { type: "button", "aria-label": way, onclick: () => this.nudge(`Arrow${way}`) }, sign)));
    this.bar = element("div", { class: "top" },
      element("div", { class: "said" }, this.trail, this.readout), this.nudges, this.clearing, this.thumb);
    this.list = element("div", { class: "layers" });
    this.spoken = element("div", { class: "offscreen", role: "status" });
    const help = element("div", { class: "offscreen", id: "help" },
      "Arrow keys move over the cells and from map to map, Page Up and Page Down by whole maps. Enter traces a cell, Escape clears.");
    this.root = element("div", { class: "lab network" }, this.bar, this.list, help, this.spoken);
    parent.append(this.root);
    this.rows = [];
    this.byName = new Map();
    this.hover = null; // { row, place }
    this.at = null; // { layer, place }
  }

  connect() {
    this.live = new AbortController();
    const { signal } = this.live;
    keepKeysInside(this.root, signal);
    this.width = 0;
    this.observer = new ResizeObserver(() => {
      if (this.root.clientWidth === this.width || !this.root.clientWidth) return;
      this.fit();
      for (const row of this.rows) row.draw(this.look);
      this.link();
      this.trail.scrollLeft = this.trail.scrollWidth;
    });
    this.observer.observe(this.root);
  }

  /** A phone, or a column beside the sidebar: the words stand above the maps, or in less room. */
  fit() {
    this.width = this.root.clientWidth;
    this.root.classList.toggle("narrow", this.width < 600);
    this.root.classList.toggle("middle", this.width >= 600 && this.width < 980);
  }

  disconnect() {
    this.live?.abort();
    this.live = null;
    this.seen = undefined;
    cancelAnimationFrame(this.following);
    this.observer?.disconnect();
    this.list.replaceChildren();
    this.rows = [];
    const { views } = networkMarks();
    if (views.get(this.data?.key) === this) views.delete(this.data.key);
  }

  update({ data: packed, parentElement, setTriggerValue }) {
    if (!this.live) this.connect();
    this.send = setTriggerValue;
    this.readLook(parentElement);
    this.data = unpack(packed);
    networkMarks().views.set(this.data.key, this);
    const values = new Float32Array(this.data.values.slice().buffer);
    const shown = this.data.layers.filter((layer) => !layer.hidden);
    while (this.rows.length < shown.length) this.rows.push(new NetworkLayer(this, this.live.signal));
    if (this.rows.length > shown.length) this.rows.length = shown.length;
    if (this.list.children.length !== this.rows.length) this.list.replaceChildren(...this.rows.map((row) => row.node));
    this.byName = new Map(this.data.layers.map((layer) => [layer.name, { layer, row: null }]));
    shown.forEach((layer, i) => {
      this.rows[i].update(layer, values, this.data.classes);
      this.byName.get(layer.name).row = this.rows[i];
    });
    this.fit();
    for (const row of this.rows) row.draw(this.look);
    this.hover = null;
    const latest = networkMarks().latest.get(this.data.key);
    if (latest) this.take(latest);
    else this.show(null, []); // until the feed says
    this.root.dataset.drawn = Number(this.root.dataset.drawn ?? 0) + 1;
  }

  /** What is traced, and the way to it: handed over by the feed (network_feed.js), so that a pick sends no maps anew. */
  take({ at, path }) {
    this.show(at, path);
    const traced = this.at && networkPlaceKey(this.at.layer, this.at.place);
    const news = this.seen !== undefined && traced !== this.seen; // what a link brought leaves the page where it is
    this.seen = traced;
    if (news && traced) this.follow(traced === this.own);
  }

  show(at, path) {
    const known = at && this.byName.get(at.layer);
    this.at = known ? { layer: at.layer, place: [at.index[0], at.index[1] ?? 0, at.index[2] ?? 0] } : null;
    this.path = path;
    this.drawTrail();
    this.link();
  }

  readLook(parentElement) {
    const theme = readTheme(parentElement);
    this.look = {
      ...theme,
      family: getComputedStyle(this.root).fontFamily,
      quiet: mix(theme.background, theme.text, 0.68),
      line: mix(theme.background, theme.text, 0.16),
      from: theme.text,
      field: theme.primary,
      tables: Object.fromEntries(["signed", "amount", "grey"].map((scale) => [scale, colourTable(theme, scale)])),
    };
  }

  // What the rows say ----------------------------------------------------------------------------------------------------

  point(row, place, byKeys = false) {
    const before = this.hover;
    if (!place && before?.row !== row) return;
    if (place && before?.row === row && String(before.place) === String(place)) return;
    this.hover = place && { row, place };
    this.link();
    if (place && byKeys) {
      this.spoken.textContent = this.words(row, place);
      this.reveal(row, place);
    }
  }

  pick(row, place) {
    const layer = row.layer.name === "probabilities" ? "logits" : row.layer.name;
    const index = row.layer.shape.length === 3 ? place : [place[0]];
    this.at = { layer, place };
    this.own = networkPlaceKey(layer, place);
    this.link();
    this.spoken.textContent = `Traced: ${this.words(row, place)}`;
    this.send("pick", { layer, index });
  }

  clear() {
    if (!this.at) return;
    this.at = null;
    this.link();
    this.spoken.textContent = "Trace cleared";
    this.send("pick", { layer: null });
  }

  /** Back into the maps from the number taken apart, which goes away with the trace. */
  leave() {
    this.byName.get(this.at?.layer)?.row?.box.focus();
    this.clear();
  }

  /** For fingers: the traced cell moves by one. */
  nudge(key) {
    const row = this.at && this.byName.get(this.at.layer)?.row;
    if (!row?.at) return;
    const place = networkMove(row.at, this.at.place, { key });
    row.cursor = place;
    this.pick(row, place);
  }

  /**
   * Bring what is traced into view, once what the page docks at its lower edge stands there. What was picked in this
   * view stays where it is, unless the dock would cover it; what came another way shows with what it came from.
   */
  follow(own) {
    cancelAnimationFrame(this.following);
    const began = performance.now();
    let [before, still] = [null, 0];
    const wait = () => {
      const { top, height } = networkDock() ?? { top: innerHeight, height: 0 };
      still = top === before && height > 60 ? still + 1 : 0;
      before = top;
      if (still < 5 && performance.now() - began < 1500) {
        this.following = requestAnimationFrame(wait);
        return;
      }
      const row = this.at && this.byName.get(this.at.layer)?.row;
      if (row) this.reveal(row, this.at.place, { sources: !own, smooth: !reducedMotion() });
    };
    wait();
  }

  /** Scroll as little as needed for a cell to stand below the bar and above the dock; with its sources, if they fit, too. */
  reveal(row, place, { sources = false, smooth = false } = {}) {
    if (!row.at) return;
    const edges = (of, plane, rows, cols) => {
      const box = networkBox(of.at, plane, ...rows, ...cols), { top } = of.picture.getBoundingClientRect();
      return [top + box.top, top + box.top + box.height];
    };
    const least = this.bar.getBoundingClientRect().bottom + 8;
    const most = Math.min(networkDock()?.top ?? innerHeight, innerHeight) - 12;
    let [from, to] = edges(row, place[0], [place[1], place[1]], [place[2], place[2]]);
    const came = sources ? this.from(row.layer.name, place) : null;
    const below = came && this.byName.get(came.name).row;
    if (below?.at) {
      const { planes, rows, cols } = came.sources;
      const [top] = edges(below, planes[1], rows, cols); // of many maps, those in the last line lie nearest
      if (to - top < most - least) from = Math.min(from, top);
    }
    const margin = Math.max(Math.min(NETWORK_MARGIN, (most - least - (to - from)) / 2), 0);
    const by = from < least ? from - least - margin : to > most ? to - most + margin : 0;
    if (by) this.scroller()?.scrollBy({ top: by, behavior: smooth ? "smooth" : "auto" });
  }

  scroller() {
    let node = this.root.getRootNode().host ?? this.root;
    while (node && !(node.scrollHeight > node.clientHeight && /auto|scroll/.test(getComputedStyle(node).overflowY))) node = node.parentElement;
    return node;
  }

  // Outlines -------------------------------------------------------------------------------------------------------------

  /** What a place is computed from, in a layer that is shown: `{ name, sources }`, or null. */
  from(name, place) {
    const { layer } = this.byName.get(name);
    if (!layer.before) return null;
    let before = this.byName.get(layer.before);
    let sources = networkSources(layer, before.layer, place);
    while (before && !before.row) { // through hidden layers that change no places
      const { reads } = before.layer, below = this.byName.get(before.layer.before);
      if (!below) return null;
      if (reads.kind === "cell") {
        const [count, rows, cols] = below.layer.shape;
        if (sources.planes[0] !== sources.planes[1]) sources = { planes: [0, count - 1], rows: [0, rows - 1], cols: [0, cols - 1] };
        else sources = networkSources(before.layer, below.layer, [sources.planes[0], 0, 0]);
      } else if (reads.kind !== "same" && !(reads.kind === "window" && !reads.all && String(reads.size) === "1,1")) return null;
      before = below;
    }
    return { name: before.layer.name, sources };
  }

  /** The cells of the first layer that read a pixel, as `networkSources` has them, or null. */
  readers([plane, row, column]) {
    const first = this.data.layers.find(({ before }) => before === "input");
    const to = first && this.byName.get(first.name).row;
    if (!to || first.reads.kind !== "window") return null;
    const { stride, begin, size, all } = first.reads;
    const span = (axis, at) => [
      Math.max(Math.ceil((at + begin[axis] - size[axis] + 1) / stride[axis]), 0),
      Math.min(Math.floor((at + begin[axis]) / stride[axis]), first.shape[axis + 1] - 1),
    ];
    return { row: to, sources: { planes: all ? [0, first.shape[0] - 1] : [plane, plane], rows: span(0, row), cols: span(1, column) } };
  }

  link() {
    const marks = new Map(this.rows.map((row) => [row, { hover: null, at: null, from: [], field: [] }]));
    const add = (name, place, soft) => {
      const known = this.byName.get(name);
      if (!known) return;
      const { layer, row } = known;
      if (row) marks.get(row)[soft ? "hover" : "at"] = place;
      if (!layer.before) {
        const read = this.readers(place);
        if (read) marks.get(read.row).from.push([read.sources, soft]);
        return;
      }
      const picture = this.byName.get("input").row;
      let [at, stands, reached] = [name, place, ""];
      while (reached !== "input") { // what only passes a number on is followed to where the number was made
        const from = this.from(at, stands);
        if (!from) break;
        reached = from.name;
        marks.get(this.byName.get(reached).row).from.push([from.sources, soft]);
        if (!NETWORK_PASSES.includes(this.byName.get(at).layer.kind)) break;
        [at, stands] = [reached, [from.sources.planes[0], from.sources.rows[0], from.sources.cols[0]]];
      }
      const field = networkField(layer, this.byName.get(layer.before)?.layer, place);
      if (field && reached !== "input") marks.get(picture).field.push([field, soft]);
    };
    if (this.at) add(this.at.layer, this.at.place, false);
    if (this.hover && !(this.at && this.at.layer === this.hover.row.layer.name && String(this.at.place) === String(this.hover.place))) {
      add(this.hover.row.layer.name, this.hover.place, true);
    }
    for (const [row, each] of marks) row.mark(each);
    this.bar.classList.toggle("traced", Boolean(this.at));
    this.drawThumb(marks);
    this.say();
  }

  /** The picture once more in the bar, small: what is outlined on it stays in view. */
  drawThumb(marks) {
    const row = this.byName.get("input")?.row;
    if (!row?.at) return;
    const [, rows, cols] = row.layer.shape, side = NETWORK_THUMB / Math.max(rows, cols);
    const [width, height] = [cols * side, rows * side];
    const context = fitCanvas(this.thumb, width, height);
    Object.assign(this.thumb.style, { width: `${width}px`, height: `${height}px` });
    context.imageSmoothingEnabled = false;
    context.drawImage(row.sheet.canvas, 0, 0, cols, rows, 0, 0, width, height);
    const { field, from, at, hover } = marks.get(row);
    const boxes = [...field, ...from, ...[[at, false], [hover, true]].filter(([place]) => place).map(([[, r, c], soft]) => [{ rows: [r, r], cols: [c, c] }, soft])];
    for (const [box, soft] of boxes) {
      const [r0, r1] = [Math.max(box.rows[0], 0), Math.min(box.rows[1], rows - 1)];
      const [c0, c1] = [Math.max(box.cols[0], 0), Math.min(box.cols[1], cols - 1)];
      if (r0 > r1 || c0 > c1) continue;
      const frame = [c0 * side + 1, r0 * side + 1, Math.max((c1 - c0 + 1) * side - 2, 1), Math.max((r1 - r0 + 1) * side - 2, 1)];
      context.lineWidth = 3;
      context.strokeStyle = "#000";
      context.strokeRect(...frame);
      context.lineWidth = 1.5;
      context.strokeStyle = soft ? "#fff" : cssColour(mix(this.look.primary, [255, 255, 255], 0.35));
      context.strokeRect(...frame);
    }
  }

  // Words ----------------------------------------------------------------------------------------------------------------

  words(row, place) {
    const { layer, classes } = row;
    const [plane, r, c] = place;
    if (layer.shape.length === 3) {
      return `${layer.name}, ${layer.name === "input" ? "channel" : "map"} ${plane}, row ${r}, column ${c}: ${this.value(row, place)}`;
    }
    const named = layer.name === "logits" || layer.name === "probabilities";
    return `${layer.name}, ${named ? `class \u201c${classes[plane]}\u201d` : `unit ${plane}`}: ${this.value(row, place)}`;
  }

  value({ layer, values }, [plane, r, c]) {
    const [, rows = 1, cols = 1] = layer.shape;
    return `${numeral(values[(plane * rows + r) * cols + c], 4)}${layer.off.includes(plane) ? ", switched off" : ""}`;
  }

  say() {
    const known = this.at && this.byName.get(this.at.layer)?.row;
    // The last stop of the way names what is traced: its number is enough here.
    const named = known && (!this.hover || (this.hover.row === known && String(this.hover.place) === String(this.at.place)));
    const text = named ? `= ${this.value(known, this.at.place)}` : this.hover ? this.words(this.hover.row, this.hover.place) : networkHint();
    if (this.readout.textContent !== text) this.readout.textContent = text;
    this.readout.classList.toggle("quiet", !named && !this.hover);
  }

  /** The way of picks: every stop but the last leads back to it. The last, where one stands, is named in full, and in view. */
  drawTrail() {
    const { path } = this;
    const key = JSON.stringify(path);
    if (key === this.trailed) return;
    this.trailed = key;
    const parts = path.flatMap(({ layer, index, text, short }, i) => {
      const last = i === path.length - 1;
      const stop = element("button", {
        type: "button", class: "stop", "aria-current": last ? "step" : null, "aria-label": last ? null : text, title: last ? null : text,
        onclick: () => this.send("pick", { layer, index }),
      }, last ? text : short);
      return i ? [element("span", { class: "quiet", "aria-hidden": "true" }, "\u203a"), stop] : [stop];
    });
    this.trail.replaceChildren(...(parts.length ? parts : [element("span", { class: "quiet" }, "Nothing is traced yet")]));
    this.trail.scrollLeft = this.trail.scrollWidth;
  }
}

const networkPlaceKey = (layer, place) => `${layer} ${place}`;

/** Where the page's dock stands, or null while there is none. */
const networkDock = () => document.querySelector(".st-key-trace-dock")?.getBoundingClientRect() ?? null;

const networkOf = instances((parent) => new NetworkView(parent));

export default function (component) {
  const view = networkOf(component.parentElement);
  view.update(component);
  return () => view.disconnect();
}
