// One layer: its words, its maps on one canvas, and what is outlined on a second one above it.

/** A colour table for the scale of a layer; the picture is grey. */
const networkTable = (look, scale) => look.tables[scale];

/** Numbers as levels of their scale, as `pixels.js` has them. */
function networkLevels(values, scale, bound) {
  const levels = new Uint8Array(values.length);
  const by = bound > 0 ? (scale === "signed" ? 127 : 255) / bound : 0;
  const zero = scale === "signed" ? ZERO_LEVEL : 0;
  for (let i = 0; i < values.length; i += 1) {
    const level = Math.round(zero + values[i] * by);
    levels[i] = level > 0 ? (level < 255 ? level : 255) : 0; // NaN becomes 0
    if (Number.isNaN(values[i])) levels[i] = zero;
  }
  return levels;
}

const NETWORK_EDGE = 3; // CSS pixels round the maps, for rings at their edge

class NetworkLayer {
  /** `owner` hears `point(layer, place, byKeys)`, `pick(layer, place)`, `clear()`. */
  constructor(owner, signal) {
    this.owner = owner;
    this.sheet = new Sheet();
    this.title = element("h3");
    this.label = element("span", { class: "quiet" });
    this.shape = element("span", { class: "shape" });
    this.purpose = element("div", { class: "purpose" });
    this.size = element("div", { class: "formula quiet" });
    this.parameters = element("div", { class: "formula quiet" });
    this.low = element("span");
    this.high = element("span");
    this.bar = element("canvas", { "aria-hidden": "true" });
    const legend = element("div", { class: "legend quiet" }, this.low, element("span", { class: "bar" }, this.bar), this.high);
    const words = element("div", { class: "words" },
      element("div", { class: "name" }, this.title, this.label), this.purpose, this.shape, this.size, this.parameters, legend);
    this.picture = element("canvas", { "aria-hidden": "true" });
    this.above = element("canvas", { "aria-hidden": "true", class: "above" });
    this.box = element("div", {
      class: "box", tabindex: "0", role: "application", "aria-roledescription": "maps of a layer", "aria-describedby": "help",
    }, this.picture, this.above);
    this.maps = element("div", { class: "maps" }, this.box);
    this.node = element("section", { class: "layer" }, words, this.maps);
    this.cursor = null; // where the keyboard stands, kept when the focus goes
    this.marks = { hover: null, at: null, from: [], field: null }; // places and boxes, see `mark`
    this.listen(signal);
  }

  listen(signal) {
    const on = (type, action) => this.box.addEventListener(type, action, { signal });
    on("pointermove", (event) => { if (event.pointerType === "mouse") this.owner.point(this, this.under(event)); });
    on("pointerleave", (event) => { if (event.pointerType === "mouse") this.owner.point(this, null); });
    on("click", (event) => {
      const place = this.under(event, 6);
      if (!place) return;
      this.cursor = place;
      this.owner.point(this, place);
      this.owner.pick(this, place);
    });
    on("focus", () => { if (this.box.matches(":focus-visible")) this.owner.point(this, this.here(), true); });
    on("blur", () => this.owner.point(this, null));
    on("keydown", (event) => this.key(event));
  }

  here() {
    return this.cursor ?? [0, 0, 0];
  }

  key(event) {
    if (event.altKey || event.metaKey || !this.at) return;
    const next = networkMove(this.at, this.here(), event);
    if (next) {
      this.cursor = next;
      this.owner.point(this, next, true);
    } else if (event.key === "Enter" || event.key === " ") this.owner.pick(this, this.here());
    else if (event.key === "Escape") this.owner.clear();
    else return;
    event.preventDefault();
  }

  under(event, slack = 0) {
    if (!this.at) return null;
    const { left, top } = this.picture.getBoundingClientRect();
    return networkHit(this.at, event.clientX - left, event.clientY - top, slack);
  }

  /** Take over what the layer is now; drawn by `draw`. */
  update(layer, values, classes) {
    this.layer = layer;
    this.node.dataset.layer = layer.name;
    this.classes = classes;
    const count = layer.shape.reduce((product, n) => product * n, 1);
    this.values = values.subarray(layer.start, layer.start + count);
    this.levels = networkLevels(this.values, layer.scale, layer.bound);
    const [planes, rows, cols] = layer.shape;
    if (this.cursor && (this.cursor[0] >= planes || this.cursor[1] >= (rows ?? 1) || this.cursor[2] >= (cols ?? 1))) this.cursor = null;
    this.title.textContent = layer.name === "input" ? layer.label : layer.name;
    this.label.textContent = layer.name === "input" ? "" : layer.label;
    this.shape.textContent = layer.shape.length === 3
      ? `${planes} ${planes === 1 ? "map" : "maps"} of ${rows} ${TIMES} ${cols}` : `${planes.toLocaleString("en-US")} numbers`;
    if (layer.name === "input") this.shape.textContent = `${planes} ${planes === 1 ? "channel" : "channels"} of ${rows} ${TIMES} ${cols}`;
    this.purpose.textContent = layer.purpose ?? "";
    this.purpose.hidden = !layer.purpose;
    this.size.textContent = layer.size;
    this.parameters.textContent = layer.parameters;
    this.parameters.hidden = !layer.parameters;
    const signed = layer.scale === "signed";
    this.low.textContent = signed ? formatNumber(-layer.bound) : "0";
    this.high.textContent = `${signed && layer.bound > 0 ? "+" : ""}${formatNumber(layer.bound)}`;
    this.box.setAttribute("aria-label", `${layer.name}, ${layer.label}, ${this.shape.textContent}`);
  }

  draw(look) {
    this.look = look;
    const width = this.maps.clientWidth - 2 * NETWORK_EDGE;
    if (width <= 0 || !this.layer) return;
    const { layer } = this;
    this.at = networkLayout(layer, width, this.classes);
    const { at } = this;
    Object.assign(this.picture.style, { width: `${at.width}px`, height: `${at.height}px` });
    Object.assign(this.above.style, {
      inset: `-${NETWORK_EDGE}px`, width: `${at.width + 2 * NETWORK_EDGE}px`, height: `${at.height + 2 * NETWORK_EDGE}px`,
    });
    Object.assign(this.box.style, { width: `${at.width}px`, height: `${at.height}px` });
    const context = fitCanvas(this.picture, at.width, at.height);
    context.imageSmoothingEnabled = false;
    if (layer.shape.length === 3) this.drawMaps(context);
    else if (at.gapX) this.drawCells(context);
    else this.drawStrip(context);
    paintBar(this.bar, look, layer.scale, layer.scale === "signed" ? -1 : 0, 1);
    this.drawAbove();
  }

  drawMaps(context) {
    const { at, look } = this;
    this.sheet.paint(this.levels, at.count * at.rows, at.cols, 1, networkTable(look, this.layer.scale));
    context.strokeStyle = cssColour(look.line);
    context.lineWidth = 1;
    for (let plane = 0; plane < at.count; plane += 1) {
      const { left, top, width, height } = networkBox(at, plane, 0, at.rows - 1, 0, at.cols - 1);
      context.drawImage(this.sheet.canvas, 0, plane * at.rows, at.cols, at.rows, left, top, width, height);
      context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
    }
  }

  drawCells(context) {
    const { at, look, layer } = this;
    const table = networkTable(look, layer.scale);
    const named = at.head > 0, share = layer.name === "probabilities";
    context.font = `${named ? 600 : 400} ${named ? 13 : 11}px ${look.family}`;
    const room = at.across - 4;
    const fits = (write) => Array.from(this.values, write).every((text) => context.measureText(text).width <= room);
    const write = share ? percent : [(value) => formatNumber(value, 2), (value) => terse(formatNumber(value, 2))].find((way, i) => i || fits(way));
    const swatch = new Uint32Array(1), rgb = new Uint8Array(swatch.buffer);
    context.textAlign = "center";
    context.textBaseline = "middle";
    const best = this.values.indexOf(Math.max(...this.values));
    for (let plane = 0; plane < at.count; plane += 1) {
      const { left, top, width, height } = networkBox(at, plane, 0, 0, 0, 0);
      swatch[0] = table[this.levels[plane]];
      const colour = [rgb[0], rgb[1], rgb[2]];
      context.fillStyle = cssColour(colour);
      context.fillRect(left, top, width, height);
      context.strokeStyle = cssColour(look.line);
      if (width > 8) context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
      if (at.numbers) {
        context.font = `${named && plane === best ? 600 : 400} ${named ? 13 : 11}px ${look.family}`;
        context.fillStyle = inkOn(colour);
        context.fillText(write(this.values[plane]), left + width / 2, top + height / 2 + 0.5, width - 2);
      }
      if (named) {
        context.font = `${plane === best ? 700 : 400} 13px ${look.family}`;
        context.fillStyle = cssColour(plane === best ? look.text : look.quiet);
        context.fillText(networkShort(context, this.classes[plane] ?? String(plane), width), left + width / 2, top - 8);
      }
    }
  }

  drawStrip(context) {
    const { at } = this;
    const lines = Math.ceil(at.count / at.perLine);
    const levels = new Uint8Array(lines * at.perLine).fill(this.layer.scale === "signed" ? ZERO_LEVEL : 0);
    levels.set(this.levels);
    this.sheet.paint(levels, lines, at.perLine, 1, networkTable(this.look, this.layer.scale));
    context.drawImage(this.sheet.canvas, 0, 0, at.width, at.height);
    context.strokeStyle = cssColour(this.look.line);
    context.strokeRect(0.5, 0.5, at.width - 1, at.height - 1);
  }

  // What is outlined ---------------------------------------------------------------------------------------------------

  /** `marks`: at (place), hover (place), from ([sources, soft]), field ([{ rows, cols }, soft]). Redrawn where it changed. */
  mark(marks) {
    const key = JSON.stringify(marks);
    if (key === this.marked) return;
    this.marked = key;
    this.marks = marks;
    if (this.at) this.drawAbove();
  }

  drawAbove() {
    const { at, marks, look, layer } = this;
    const context = fitCanvas(this.above, at.width + 2 * NETWORK_EDGE, at.height + 2 * NETWORK_EDGE, NETWORK_EDGE);
    for (const plane of layer.off) this.crossOut(context, plane);
    for (const [sources, soft] of marks.from ?? []) {
      if (sources.rows[0] > sources.rows[1] || sources.cols[0] > sources.cols[1]) continue;
      const entire = layer.shape.length === 1 && sources.planes[1] > sources.planes[0];
      if (entire) this.outline(context, { left: 0, top: at.head, width: at.width, height: at.height - at.head }, look.from, soft);
      else for (let plane = sources.planes[0]; plane <= sources.planes[1]; plane += 1) {
        this.outline(context, networkBox(at, plane, ...sources.rows, ...sources.cols), look.from, soft);
      }
    }
    for (const [field, soft] of marks.field ?? []) {
      const [rows, cols] = [[Math.max(field.rows[0], 0), Math.min(field.rows[1], at.rows - 1)], [Math.max(field.cols[0], 0), Math.min(field.cols[1], at.cols - 1)]];
      for (let plane = 0; plane < at.count; plane += 1) this.outline(context, networkBox(at, plane, ...rows, ...cols), look.field, soft, [5, 3]);
    }
    if (marks.at) this.ring(context, marks.at, look.primary, 2);
    if (marks.hover) this.ring(context, marks.hover, look.text, 1.5);
  }

  crossOut(context, plane) {
    const { at, look } = this;
    const { left, top, width, height } = networkBox(at, plane, 0, at.rows - 1, 0, at.cols - 1);
    context.fillStyle = `rgba(${look.background.join(",")}, 0.72)`;
    context.fillRect(left, top, width, height);
    for (const [colour, wide] of [[look.background, 4], [look.text, 1.5]]) {
      context.strokeStyle = cssColour(colour);
      context.lineWidth = wide;
      context.beginPath();
      context.moveTo(left + 2, top + 2);
      context.lineTo(left + width - 2, top + height - 2);
      context.moveTo(left + width - 2, top + 2);
      context.lineTo(left + 2, top + height - 2);
      context.stroke();
    }
  }

  /** A frame in two tones, so that it shows on every colour; a soft one is only pointed at. */
  outline(context, { left, top, width, height }, colour, soft, dash = []) {
    const out = 1;
    const frame = [left - out + 0.5, top - out + 0.5];
    const sides = [width + 2 * out - 1, height + 2 * out - 1];
    if (!soft) {
      context.setLineDash([]);
      context.strokeStyle = `rgba(${this.look.background.join(",")}, 0.85)`;
      context.lineWidth = 3.5;
      context.strokeRect(...frame, ...sides);
    }
    context.setLineDash(dash);
    context.strokeStyle = soft ? `rgba(${colour.join(",")}, 0.65)` : cssColour(colour);
    context.lineWidth = soft ? 1 : 1.75;
    context.strokeRect(...frame, ...sides);
    context.setLineDash([]);
  }

  ring(context, [plane, row, column], colour, wide) {
    const box = networkBox(this.at, plane, row, row, column, column);
    const room = Math.max((7 - box.width) / 2, 1); // tiny cells get a ring that can be seen
    const [x, y, w, h] = [box.left - room, box.top - room, box.width + 2 * room, box.height + 2 * room];
    context.strokeStyle = cssColour(this.look.background);
    context.lineWidth = wide + 2;
    context.strokeRect(x, y, w, h);
    context.strokeStyle = cssColour(colour);
    context.lineWidth = wide;
    context.strokeRect(x, y, w, h);
  }
}

/** A probability, as `pages.ui.inspect_html.percent` writes it. */
function percent(share) {
  if (share >= 0.9995 && share < 1) return "> 99.9 %";
  if (share > 0 && share < 0.0005) return "< 0.1 %";
  return `${(100 * share).toFixed(1)} %`;
}

/** Whether one points with a finger here, and so taps. */
const touches = () => matchMedia("(pointer: coarse)").matches;

/** A name that fits, with an ellipsis if need be. */
function networkShort(context, text, width) {
  if (context.measureText(text).width <= width) return text;
  let short = text;
  while (short.length > 1 && context.measureText(`${short}\u2026`).width > width) short = short.slice(0, -1);
  return `${short}\u2026`;
}
