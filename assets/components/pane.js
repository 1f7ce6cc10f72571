// A picture in a box: where its pixels stand on the screen, and how it is drawn with all that lies over it.
// What it shows comes from `data` (the server's), `asked` (the region that is aimed at) and `cursor`.

const THIN = 16; // CSS pixels: a strip of 20,000 x 1 is still seen, and hit
const LENS = { samples: 9, most: 33, size: 108 };

const within = (value, low, high) => Math.min(Math.max(value, low), high);

/** "row 3", "rows −1 to 1". */
const spelled = (word, [from, to]) => (from === to
  ? `${word} ${formatNumber(from)}` : `${word}s ${formatNumber(from)} to ${formatNumber(to)}`);

/** Taps that lie apart are outlined apart where there is room between them to see it. */
const apart = (positions, size) => runsOf(positions, Math.max(1, (LEAST_MARK + 4) / size));

class Pane {
  constructor() {
    this.picture = element("canvas", { class: "picture", "aria-hidden": "true" });
    this.over = element("canvas", { class: "over", "aria-hidden": "true" });
    this.glass = element("canvas", { class: "glass" });
    this.reading = element("div", { class: "reading" });
    this.lens = element("div", { class: "lens", "aria-hidden": "true", hidden: true }, this.glass, this.reading);
    this.box = element("div", {
      class: "box", tabindex: "0", role: "application", draggable: "false",
      "aria-roledescription": "picture of pixels", "aria-describedby": "help",
    }, this.picture, this.over, this.lens);
    this.caption = element("div", { class: "caption" });
    this.whole = new Sheet(); // the last view of the whole picture: what a drag or a zoom uncovers
    this.part = new Sheet();
    this.size = { width: 0, height: 0 };
    this.cursor = null; // {row, col, by: "mouse" | "touch" | "keys"}
    this.asked = null; // the region that is aimed at: {level, top, left, height, width, sent}
    this.pending = null; // the pick that the server has not answered yet
  }

  region() { return this.asked ?? this.data; }

  level() { return this.asked?.level ?? this.data.zoom.level; }

  /** The marked pixel. A pane that the server gives none (it marks the partner's) marks none of its own, either. */
  picked() { return this.data.picked && (this.pending ?? this.data.picked); }

  zoomed() { return this.data.height < this.data.rows || this.data.width < this.data.cols; }

  frame() {
    const { top, left, height, width } = this.region();
    const room = this.size;
    const scale = Math.min(room.width / width, room.height / height);
    const ratio = window.devicePixelRatio || 1;
    const snap = (value) => Math.round(value * ratio) / ratio;
    const wide = snap(Math.max(width * scale, Math.min(THIN, room.width)));
    const high = snap(Math.max(height * scale, Math.min(THIN, room.height)));
    return {
      left: snap((room.width - wide) / 2), top: snap((room.height - high) / 2), width: wide, height: high,
      across: wide / width, down: high / height, region: { top, left, height, width },
    };
  }

  /** The pixel under a place in the box, or null; up to `slack` beside the picture the nearest one counts. */
  pixelAt(x, y, slack) {
    const frame = this.frame();
    const [dx, dy] = [x - frame.left, y - frame.top];
    if (dx < -slack || dy < -slack || dx > frame.width + slack || dy > frame.height + slack) return null;
    const { top, left, height, width } = frame.region;
    const row = within(Math.floor(top + (dy / frame.height) * height), Math.floor(top), Math.ceil(top + height) - 1);
    const col = within(Math.floor(left + (dx / frame.width) * width), Math.floor(left), Math.ceil(left + width) - 1);
    return { row, col };
  }

  sees({ row, col }) {
    const { top, left, height, width } = this.region();
    return row >= top && row < top + height && col >= left && col < left + width;
  }

  valueAt(row, col) {
    const { values, top, left } = this.data;
    const value = values?.[row - top]?.[col - left];
    return value === undefined || value === null ? "" : linesOf(value, 6).join(", ");
  }

  draw() {
    this.moved = false;
    this.size = { width: this.box.clientWidth, height: this.box.clientHeight };
    const { width, height } = this.size;
    if (!width || !height) return; // a hidden tab
    const frame = this.frame();
    const context = fitCanvas(this.picture, width, height);
    const round = Math.min(8, frame.width / 4, frame.height / 4);
    const shape = new Path2D();
    shape.roundRect(frame.left, frame.top, frame.width, frame.height, round);
    context.save();
    context.clip(shape);
    context.fillStyle = cssColour(this.theme.second); // what a drag uncovers
    context.fillRect(frame.left, frame.top, frame.width, frame.height);
    const { source } = this.whole;
    const same = (name) => source?.[name] === this.data[name];
    const known = this.data.token && ["token", "scale", "rows", "cols"].every(same);
    if (this.asked && this.zoomed() && known) this.lay(context, frame, this.whole);
    this.lay(context, frame, this.sheet);
    if (this.data.values) {
      separators(context, frame);
      printNumbers(context, frame, this.data, (i, j) => this.inkAt(i, j), this.family);
    }
    context.restore();
    if (this.data.scale !== "grey") {
      context.strokeStyle = cssColour(this.theme.border); // zero is the page's background: show where the picture ends
      context.lineWidth = 1;
      context.beginPath();
      context.roundRect(frame.left + 0.5, frame.top + 0.5, frame.width - 1, frame.height - 1, round);
      context.stroke();
    }
    this.gestures.refresh();
    this.mark();
  }

  lay(context, frame, sheet) {
    const { top, left, step } = sheet.source;
    const { canvas } = sheet;
    const ratio = window.devicePixelRatio || 1;
    context.imageSmoothingEnabled = !showsSquares(step * Math.min(frame.across, frame.down) * ratio);
    context.imageSmoothingQuality = "high";
    const [width, height] = [canvas.width * step * frame.across, canvas.height * step * frame.down];
    context.drawImage(canvas, columnAt(frame, left), rowAt(frame, top), width, height);
  }

  inkAt(i, j) {
    const { pixels, step, channels, scale } = this.data;
    const at = (Math.floor(i / step) * this.sheet.canvas.width + Math.floor(j / step)) * channels;
    return inkOn(channels === 3 ? [...pixels.slice(at, at + 3)] : levelColour(this.theme, scale, pixels[at]));
  }

  /** What is outlined: windows and users of the partner's pixels, and the picked pixel. */
  outlines() {
    const list = [];
    for (const other of this.partners()) {
      const link = this.data.link ?? other.data.link;
      if (!link) continue;
      const { cursor } = other;
      const picked = other.picked();
      if (this.data.role === "input") {
        if (picked) list.push({ rows: seenBy(link, 0, picked[0]), cols: seenBy(link, 1, picked[1]) });
        if (cursor) list.push({ rows: seenBy(link, 0, cursor.row), cols: seenBy(link, 1, cursor.col), live: true });
      } else if (cursor) {
        const rows = usersOf(link, 0, cursor.row, other.data.rows, this.data.rows);
        const cols = usersOf(link, 1, cursor.col, other.data.cols, this.data.cols);
        if (rows.length && cols.length) list.push({ rows, cols, live: true });
      }
    }
    const picked = this.picked();
    if (picked) list.push({ rows: [picked[0]], cols: [picked[1]] });
    return list;
  }

  mark() {
    const { width, height } = this.size;
    if (!width || !height) return;
    const frame = this.frame();
    const context = fitCanvas(this.over, width + 2 * OVERHANG, height + 2 * OVERHANG, OVERHANG);
    const colours = [cssColour(this.theme.primary), cssColour(this.theme.background)];
    const list = this.outlines();
    const pointed = list.some((item) => item.live);
    for (const { rows, cols, live } of list) {
      context.globalAlpha = pointed && !live ? 0.5 : 1; // what is picked steps back behind what is pointed at
      outline(context, frame, this.data, apart(rows, frame.down), apart(cols, frame.across), colours);
    }
    context.globalAlpha = 1;
    const own = this.cursor && this.sees(this.cursor) ? this.cursor : null;
    if (own) crosshair(context, frame, own.row, own.col);
    this.magnify(frame, own, list.find((item) => item.live));
  }

  /** The magnifier: under the pointer or, in the partner, around what is outlined for it. Large pixels need none. */
  magnify(frame, own, linked) {
    const small = this.data.step * Math.min(frame.across, frame.down) < LARGE;
    const { rows, cols } = own ? { rows: [own.row], cols: [own.col] } : linked ?? {};
    const [high, wide] = [rows, cols].map((list) => list && [list[0], list.at(-1)]);
    const long = rows && Math.max((high[1] - high[0] + 1) * frame.down, (wide[1] - wide[0] + 1) * frame.across);
    const value = own && this.valueAt(own.row, own.col);
    const place = rows && [spelled("row", high), spelled("column", wide)].join(own ? ", " : "\n");
    const text = place && place + (value ? ` \u00b7 ${value}` : "");
    // A reading beside large pixels would cover their numbers: it takes the caption's place.
    const caption = rows && !small ? `${this.data.label} \u00b7 ${text.replace("\n", ", ")}` : this.data.caption ?? "";
    if (this.caption.textContent !== caption) this.caption.textContent = caption;
    this.lens.hidden = !rows || !small || (!own && long > 3 * LARGE);
    if (this.lens.hidden) return;
    const middle = [(high[0] + high[1] + 1) / 2, (wide[0] + wide[1] + 1) / 2];
    this.enlarge(rows, cols, middle, !own);
    this.reading.textContent = text;
    const [x, y] = [columnAt(frame, middle[1]), rowAt(frame, middle[0])];
    const [left, top] = beside(x, y, this.lens.offsetWidth, this.lens.offsetHeight, this.size, own?.by === "touch");
    this.lens.style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  enlarge(rows, cols, middle, linked) {
    const { sheet, theme } = this;
    const { top, left, step } = sheet.source;
    const extent = Math.max(rows.at(-1) - rows[0], cols.at(-1) - cols[0]) / step;
    const count = within(2 * Math.ceil(extent / 2) + 5, LENS.samples, LENS.most);
    const cell = LENS.size / count;
    const centre = [Math.floor((middle[0] - top) / step), Math.floor((middle[1] - left) / step)];
    const first = centre.map((at) => at - (count - 1) / 2);
    const context = fitCanvas(this.glass, LENS.size, LENS.size);
    context.fillStyle = cssColour(theme.second); // beyond the picture
    context.fillRect(0, 0, LENS.size, LENS.size);
    context.imageSmoothingEnabled = false;
    context.drawImage(sheet.canvas, first[1], first[0], count, count, 0, 0, LENS.size, LENS.size);
    const tones = linked ? [cssColour(theme.background), cssColour(theme.primary)] : [LIGHT, DARK];
    const onGlass = (positions, begin, start) => apart(positions, cell / step).map(([from, to]) =>
      [Math.floor((from - begin) / step), Math.floor((to - begin) / step) + 1].map((at) => (at - start) * cell));
    for (const [y0, y1] of onGlass(rows, top, first[0])) {
      for (const [x0, x1] of onGlass(cols, left, first[1])) {
        twoTone(context, x0, y0, x1 - x0, y1 - y0, tones, linked ? 2 : 1);
      }
    }
  }
}
