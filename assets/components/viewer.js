// A picture whose single pixels can be picked, zoomed and read. Two of them in one group show each other's windows:
// what an output pixel sees in the input, and which outputs use an input pixel. Only picking and zooming talk to the
// server; what is seen between a request and its answer is drawn here.

const PATIENCE = 1500; // ms after which a request that was not answered is sent again, or given up

const groups = new Map(); // name -> the viewers on the page: instances share this module

class Viewer extends Pane {
  constructor(parent) {
    super();
    const button = (name, content, level) => element("button", {
      type: "button", "aria-label": name, title: name, onclick: () => this.zoomTo(level()),
    }, content);
    this.out = button("Zoom out", MINUS, () => this.level() - 1);
    this.enlarged = element("span", { class: "level" });
    this.in = button("Zoom in", "+", () => this.level() + 1);
    this.fit = button("Whole picture", element("span", { class: "corners" }), () => 0);
    this.tools = element("div", { class: "tools", role: "group" }, this.out, this.enlarged, this.in, this.fit);
    this.bar = element("canvas");
    this.notch = element("i");
    this.low = element("span");
    this.high = element("span");
    const scale = element("span", { class: "bar" }, this.bar, this.notch);
    this.legend = element("div", { class: "legend" }, this.low, scale, this.high);
    this.spoken = element("div", { class: "offscreen", role: "status" });
    this.root = element("div", { class: "lab viewer" }, this.box,
      element("div", { class: "foot quiet" }, this.caption, this.legend, this.tools),
      element("div", { class: "offscreen", id: "help" }, HELP), this.spoken);
    parent.append(this.root);
    this.gestures = new Gestures(this);
  }

  connect() {
    this.live = new AbortController();
    this.gestures.listen(this.live.signal);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.box);
  }

  disconnect() {
    this.live?.abort();
    this.live = null;
    this.observer?.disconnect();
    for (const timer of [this.askTimer, this.pickTimer]) clearTimeout(timer);
    this.leave();
  }

  join(group) {
    if (groups.get(group)?.has(this)) return;
    this.leave();
    this.group = group;
    if (!groups.has(group)) groups.set(group, new Set());
    groups.get(group).add(this);
  }

  leave() {
    const members = groups.get(this.group);
    members?.delete(this);
    if (members?.size === 0) groups.delete(this.group);
    members?.forEach((other) => other.later());
  }

  /** The others of the group, in the other role. */
  partners() {
    return [...(groups.get(this.group) ?? [])].filter((other) => other.data.role !== this.data.role);
  }

  // --- what the server sent ------------------------------------------------------------------------------------------

  update({ data: packed, parentElement, setTriggerValue }) {
    const data = unpack(packed);
    if (!this.live) this.connect();
    this.send = setTriggerValue;
    this.data = data;
    this.join(data.group);
    const theme = readTheme(parentElement);
    const look = JSON.stringify([theme, data.scale]);
    if (look !== this.look) {
      Object.assign(this, { look, theme, table: colourTable(theme, data.scale) });
      this.family = getComputedStyle(this.root).getPropertyValue("--st-code-font").trim() || "monospace";
      if (this.whole.source) this.colour(this.whole, this.whole.source);
    }
    this.sheet = this.zoomed() ? this.part : this.whole;
    this.colour(this.sheet, data);
    if (this.asked?.sent && this.asked.level === data.zoom.level) this.asked = null;
    if (this.pending && String(this.pending) === String(data.picked)) this.pending = null;
    this.describe();
    this.draw();
    this.speak();
    this.changed();
  }

  colour(sheet, source) {
    const { pixels, step, height, width, channels } = source;
    sheet.paint(pixels, Math.ceil(height / step), Math.ceil(width / step), channels, this.table);
    sheet.source = source;
  }

  describe() {
    const { data } = this;
    const { level, most } = data.zoom;
    const say = (node, text) => { if (node.textContent !== text) node.textContent = text; };
    const size = `${formatNumber(data.rows)} by ${formatNumber(data.cols)} pixels`;
    this.box.setAttribute("aria-label", `${data.label}, ${size}`);
    this.box.style.setProperty("--frame", data.frame);
    this.box.style.setProperty("--aspect", data.cols / data.rows);
    this.root.classList.toggle("zoomed", this.zoomed());
    const times = formatNumber(Math.max(data.rows / data.height, data.cols / data.width), 2);
    say(this.enlarged, this.zoomed() ? times + TIMES : "fit");
    this.tools.setAttribute("aria-label", `Zoom of ${data.label}`);
    this.tools.hidden = most <= 0;
    this.out.setAttribute("aria-disabled", level <= 0); // not `disabled`, which would drop the keyboard's focus
    this.fit.setAttribute("aria-disabled", level <= 0);
    this.in.setAttribute("aria-disabled", level >= most);
    this.legend.hidden = !data.legend;
    if (!data.legend) return;
    const { low, high, zero } = data.legend;
    say(this.low, formatNumber(low, 3));
    say(this.high, formatNumber(high, 3));
    paintBar(this.bar, this.theme, data.scale, low, high);
    this.notch.hidden = !(zero && low < 0 && high > 0);
    this.notch.style.left = `${(100 * -low) / (high - low || 1)}%`;
  }

  // --- pointing and picking ------------------------------------------------------------------------------------------

  /** Where the keyboard begins: at the picked pixel, or in the middle of what is seen. */
  start() {
    const [row, col] = this.picked() ?? [-1, -1];
    if (this.sees({ row, col })) return { row, col };
    const { top, left, height, width } = this.region();
    return { row: Math.floor(top + height / 2), col: Math.floor(left + width / 2) };
  }

  /** Where the keyboard stands. */
  here() { return this.cursor ?? (this.last && this.sees(this.last) ? this.last : this.start()); }

  point(cursor) {
    this.cursor = cursor;
    this.last = cursor ?? this.last;
    this.changed();
  }

  pick({ row, col }) {
    if (String(this.picked()) === String([row, col])) return;
    this.pending = [row, col];
    clearTimeout(this.pickTimer);
    this.pickTimer = setTimeout(() => { this.pending = null; this.changed(); }, PATIENCE);
    this.send("pick", { row, col });
    this.changed();
  }

  /** Put the keyboard's crosshair on a pixel, and pick it if asked; a zoomed view follows by half its size. */
  walk(toRow, toCol, picks = false) {
    const row = within(toRow, 0, this.data.rows - 1);
    const col = within(toCol, 0, this.data.cols - 1);
    if (!this.sees({ row, col })) {
      const { top, left, height, width } = this.region();
      const follow = (at, begin, size) => (at < begin || at >= begin + size ? Math.round(at - begin - size / 2) : 0);
      this.shift({ top, left, height, width }, follow(row, top, height), follow(col, left, width));
      this.request();
    }
    this.point({ row, col, by: "keys" });
    if (picks) this.pick({ row, col });
    this.speak();
  }

  /** Tell a screen reader where the keyboard's crosshair stands; the value may come only with the server's answer. */
  speak() {
    if (this.cursor?.by !== "keys") return;
    const { row, col } = this.cursor;
    const value = this.valueAt(row, col);
    const mark = String(this.picked()) === String([row, col]) ? ", picked" : "";
    const place = `${spelled("row", [row, row])}, ${spelled("column", [col, col])}`;
    const text = place + (value && `, value ${value}`) + mark;
    if (this.spoken.textContent !== text) this.spoken.textContent = text;
  }

  // --- zooming and panning -------------------------------------------------------------------------------------------

  /** Aim at `level` (not only whole ones) with `anchor`, a point in the picture, where it is seen now or at `spot`. */
  aim(level, anchor, spot = this.spotOf(anchor)) {
    const { rows, cols, zoom } = this.data;
    const seen = this.region();
    const next = within(level, 0, zoom.most);
    const ratio = next === 0 ? Infinity : 2 ** (this.level() - next);
    const height = Math.min(seen.height * ratio, rows);
    const width = Math.min(seen.width * ratio, cols);
    const top = within(anchor.row - spot.down * height, 0, rows - height);
    const left = within(anchor.col - spot.right * width, 0, cols - width);
    this.asked = { level: next, top, left, height, width };
  }

  /** Where a point of the picture is seen, as shares of the visible region. */
  spotOf({ row, col }) {
    const { top, left, height, width } = this.region();
    return { down: (row - top) / height, right: (col - left) / width };
  }

  /** Ask the server for what is aimed at: a level, and the pixel in the middle. */
  request() {
    const { asked, data } = this;
    asked.sent = true;
    const row = within(Math.floor(asked.top + asked.height / 2 + 1e-6), 0, data.rows - 1);
    const col = within(Math.floor(asked.left + asked.width / 2 + 1e-6), 0, data.cols - 1);
    const say = () => this.send("view", { level: asked.level, row, col });
    const wait = (then) => {
      clearTimeout(this.askTimer);
      this.askTimer = setTimeout(() => { if (this.asked === asked) then(); }, PATIENCE);
    };
    say();
    wait(() => { say(); wait(() => this.forget(true)); }); // another message may have overtaken it
    this.wanted = asked.level;
    this.later(true);
  }

  /** Go back to what the server sent last. */
  forget(sent = false) {
    if (this.asked && (sent || !this.asked.sent)) this.asked = null;
    this.later(true);
  }

  zoomTo(level) {
    const next = within(level, 0, this.data.zoom.most);
    // What was given up may still be answered: then what is seen now is no reason not to ask for it.
    if (next === this.level() && next === (this.wanted ?? next)) return;
    const { row, col } = this.cursor?.by === "keys" ? this.cursor : this.start();
    this.aim(next, { row: row + 0.5, col: col + 0.5 });
    this.request();
  }

  /** The point of the picture under a place in the box, in fractions of pixels. */
  pointAt(x, y) {
    const { left, top, across, down, region } = this.frame();
    const row = within(region.top + (y - top) / down, region.top, region.top + region.height);
    const col = within(region.left + (x - left) / across, region.left, region.left + region.width);
    return { row, col };
  }

  /** Follow a pinch or a wheel: `anchor` comes to stand at a place in the box. */
  stretch(x, y, level, anchor) {
    this.anchor = anchor;
    this.aim(level, anchor, this.spotOf(this.pointAt(x, y)));
    this.later(true);
  }

  settleZoom() {
    if (!this.asked || this.asked.sent) return;
    this.aim(Math.round(this.asked.level), this.anchor);
    if (this.asked.level === 0 && !this.zoomed()) this.forget();
    else this.request();
  }

  /** Move the seen region by `rows` and `cols`, within the picture. */
  shift({ top, left, height, width }, rows, cols) {
    const { data } = this;
    const down = within(top + rows, 0, Math.max(data.rows - height, 0));
    const right = within(left + cols, 0, Math.max(data.cols - width, 0));
    this.asked = { level: this.level(), top: down, left: right, height, width };
    this.later(true);
  }

  settlePan(from) {
    const [rows, cols] = [Math.round(this.asked.top - from.top), Math.round(this.asked.left - from.left)];
    this.shift(from, rows, cols);
    if (rows || cols) this.request();
    else this.forget();
  }

  // --- drawing -------------------------------------------------------------------------------------------------------

  /** What this pane or its partner shows over the picture has changed. */
  changed() {
    this.later();
    for (const other of this.partners()) other.later();
  }

  /** Draw in the next frame: the marks, and the picture too if it moved. */
  later(moved = false) {
    this.moved ||= moved;
    this.due ??= requestAnimationFrame(() => {
      this.due = null;
      if (!this.live) return;
      if (this.moved) this.draw();
      else this.mark();
    });
  }
}

const viewerOf = instances((parent) => new Viewer(parent));

export default function (component) {
  const viewer = viewerOf(component.parentElement);
  viewer.update(component);
  return () => viewer.disconnect();
}
