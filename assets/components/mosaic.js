// Many maps as one gallery: point at one to read its range, click it, or press Enter on it, to enlarge it elsewhere.
//
// data: label, count, across (maps in a row of the sheet), rows, cols (of one map), pixels (levels of the sheet), scale,
// picked (its number), names (or []), lows, highs (of each map), legend ({low, high} where all share a scale, or null),
// frame (CSS pixels of height). trigger `pick`: { map }.

const MOSAIC_GAP = 3; // CSS pixels between maps
const MOSAIC_LEAST = 14; // CSS pixels across: on a phone the gallery grows instead of shrinking below

/** In how many columns `count` maps of `aspect` stand, as large as they fit into `width` x `height`. */
function mosaicColumns(count, aspect, width, height) {
  for (let columns = 1; columns < count; columns += 1) {
    const across = (width - MOSAIC_GAP * (columns - 1)) / columns;
    if (across <= MOSAIC_LEAST) return columns;
    if (Math.ceil(count / columns) * (across / aspect + MOSAIC_GAP) <= height) return columns;
  }
  return count;
}

class Mosaic {
  constructor(parent) {
    this.sheet = new Sheet();
    this.canvas = element("canvas", { "aria-hidden": "true" });
    this.mark = element("i", { class: "mark", "aria-hidden": "true" });
    this.ring = element("i", { class: "ring", "aria-hidden": "true", hidden: true });
    this.box = element("div", {
      class: "box", tabindex: "0", role: "application", "aria-roledescription": "gallery of maps", "aria-describedby": "help",
    }, this.canvas, this.mark, this.ring);
    this.caption = element("div", { class: "caption quiet" });
    this.bar = element("canvas");
    this.low = element("span");
    this.high = element("span");
    this.legend = element("div", { class: "legend quiet" }, this.low, element("span", { class: "bar" }, this.bar), this.high);
    this.spoken = element("div", { class: "offscreen", role: "status" });
    const help = element("div", { class: "offscreen", id: "help" }, "Arrow keys move from map to map, Enter enlarges one.");
    this.root = element("div", { class: "lab mosaic" }, this.box, element("div", { class: "foot" }, this.caption, this.legend), help, this.spoken);
    parent.append(this.root);
    this.at = null; // the map under the pointer or the keyboard
    this.size = { columns: 1, across: 0, down: 0 };
  }

  connect() {
    this.live = new AbortController();
    const { signal } = this.live;
    const on = (type, action) => this.box.addEventListener(type, action, { signal });
    on("pointermove", (event) => { if (event.pointerType === "mouse") this.point(this.under(event)); });
    on("pointerleave", () => this.point(null));
    on("blur", () => this.point(null));
    on("click", (event) => { const at = this.under(event); if (at !== null) this.pick(at); });
    on("keydown", (event) => this.key(event));
    keepKeysInside(this.root, signal);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.root);
  }

  disconnect() {
    this.live?.abort();
    this.live = null;
    this.observer?.disconnect();
  }

  update({ data: packed, parentElement, setTriggerValue }) {
    const data = unpack(packed);
    if (!this.live) this.connect();
    this.send = setTriggerValue;
    this.data = data;
    this.theme = readTheme(parentElement);
    const down = Math.ceil(data.count / data.across);
    this.sheet.paint(data.pixels, down * data.rows, data.across * data.cols, 1, colourTable(this.theme, data.scale));
    if (this.at !== null && this.at >= data.count) this.at = null;
    this.picked = data.picked;
    this.box.setAttribute("aria-label", data.label);
    this.legend.hidden = !data.legend;
    if (data.legend) {
      this.low.textContent = formatNumber(data.legend.low, 3);
      this.high.textContent = formatNumber(data.legend.high, 3);
      paintBar(this.bar, this.theme, data.scale, data.legend.low, data.legend.high);
    }
    this.width = 0;
    this.draw();
    this.say();
  }

  draw() {
    const { data } = this, width = this.root.clientWidth;
    if (!width || width === this.width) return;
    this.width = width;
    const columns = mosaicColumns(data.count, data.cols / data.rows, width, data.frame);
    const most = Math.min((width - MOSAIC_GAP * (columns - 1)) / columns, (data.frame * data.cols) / data.rows);
    const across = Math.max(Math.floor(most), 1), down = Math.max(Math.round((across * data.rows) / data.cols), 1);
    const lines = Math.ceil(data.count / columns);
    this.size = { columns, across, down };
    const [full, high] = [columns * (across + MOSAIC_GAP) - MOSAIC_GAP, lines * (down + MOSAIC_GAP) - MOSAIC_GAP];
    Object.assign(this.canvas.style, { width: `${full}px`, height: `${high}px` });
    this.box.style.width = `${full}px`;
    this.box.style.height = `${Math.max(high, width >= 560 ? data.frame : high)}px`; // what stands below does not move
    const context = fitCanvas(this.canvas, full, high);
    context.imageSmoothingQuality = "high";
    const ratio = window.devicePixelRatio || 1;
    context.imageSmoothingEnabled = (across * ratio) / data.cols < 2;
    for (let map = 0; map < data.count; map += 1) {
      const [x, y] = this.corner(map);
      const left = (map % data.across) * data.cols, top = Math.floor(map / data.across) * data.rows;
      context.drawImage(this.sheet.canvas, left, top, data.cols, data.rows, x, y, across, down);
      context.strokeStyle = cssColour(mix(this.theme.background, this.theme.text, 0.16));
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, across - 1, down - 1);
    }
    this.place();
  }

  corner(map) {
    const { columns, across, down } = this.size;
    return [(map % columns) * (across + MOSAIC_GAP), Math.floor(map / columns) * (down + MOSAIC_GAP)];
  }

  place() {
    const put = (node, map) => {
      node.hidden = map === null;
      if (map === null) return;
      const [x, y] = this.corner(map);
      Object.assign(node.style, {
        left: `${x - 2}px`, top: `${y - 2}px`, width: `${this.size.across + 4}px`, height: `${this.size.down + 4}px`,
      });
    };
    put(this.mark, this.picked);
    put(this.ring, this.at);
  }

  under(event) {
    const { columns, across, down } = this.size;
    const { left, top } = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - left) / (across + MOSAIC_GAP));
    const line = Math.floor((event.clientY - top) / (down + MOSAIC_GAP));
    const map = line * columns + column;
    return column >= 0 && column < columns && line >= 0 && map < this.data.count ? map : null;
  }

  words(map) {
    const { names, lows, highs } = this.data;
    return `Map ${map}${names[map] ? `: ${names[map]}` : ""} \u00b7 ${formatNumber(lows[map])} to ${formatNumber(highs[map])}`;
  }

  say() {
    this.caption.textContent = this.words(this.at ?? this.picked);
  }

  point(map) {
    if (map === this.at) return;
    this.at = map;
    this.place();
    this.say();
  }

  pick(map) {
    if (map === this.picked) return;
    this.picked = map;
    this.place();
    this.say();
    this.send("pick", { map });
  }

  key(event) {
    const { columns } = this.size, here = this.at ?? this.picked;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    if (event.key in steps) {
      const next = here + steps[event.key];
      if (next >= 0 && next < this.data.count) this.point(next);
    } else if (event.key === "Home") this.point(0);
    else if (event.key === "End") this.point(this.data.count - 1);
    else if (event.key === "Enter" || event.key === " ") this.pick(here);
    else return;
    event.preventDefault();
    this.spoken.textContent = `${this.words(this.at ?? this.picked)}${(this.at ?? this.picked) === this.picked ? ", enlarged" : ""}`;
  }
}

const mosaicOf = instances((parent) => new Mosaic(parent));

export default function (component) {
  const mosaic = mosaicOf(component.parentElement);
  mosaic.update(component);
  return () => mosaic.disconnect();
}
