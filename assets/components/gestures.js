// Mouse, touch and keyboard on a picture. They move the crosshair, pick, drag and zoom; `viewer` does what they say.
// On the whole picture a drag moves the crosshair; on a part of it, it moves the part.

const HELP =
  "Arrow keys move by one pixel, with Shift by ten. Enter picks the pixel. Plus, minus and zero zoom. Escape leaves.";
const STILL = { mouse: 4, touch: 9 }; // CSS pixels: less than this is a click, not a drag
const HELD = 120; // ms after which a finger shows its crosshair: until then it may be about to scroll the page
const NEAR = { mouse: 2, touch: 14 }; // so far beside the picture a press still counts

class Gestures {
  constructor(viewer) {
    this.viewer = viewer;
    this.fingers = new Map(); // pointer id -> [x, y]
    this.gesture = null; // {kind: "press" | "pan" | "pinch" | "over", ...}
    this.at = null; // where the mouse stands
  }

  listen(signal) {
    const { box } = this.viewer;
    const on = (type, action, options) => box.addEventListener(type, action.bind(this), { signal, ...options });
    on("pointerdown", this.press);
    on("pointermove", this.move);
    on("pointerup", this.release);
    on("pointercancel", this.cancel);
    on("pointerleave", this.leave);
    on("wheel", this.wheel, { passive: false });
    on("keydown", this.key);
    on("focus", this.focus);
    on("blur", this.blur);
    box.addEventListener("dragstart", (event) => event.preventDefault(), { signal });
    keepKeysInside(this.viewer.root, signal);
    signal.addEventListener("abort", () => [this.timer, this.held].forEach(clearTimeout));
  }

  place(event) {
    const edge = this.viewer.box.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  }

  hover(event) {
    const { viewer } = this;
    const by = event.pointerType === "mouse" ? "mouse" : "touch";
    this.at = this.place(event);
    const pixel = viewer.pixelAt(...this.at, this.fingers.size ? Infinity : NEAR[by]);
    if (pixel || viewer.cursor) viewer.point(pixel && { ...pixel, by });
  }

  /** The picture moved under a mouse that stands still. */
  refresh() {
    const { viewer } = this;
    if (viewer.cursor?.by !== "mouse" || !this.at) return;
    const pixel = viewer.pixelAt(...this.at, this.fingers.size ? Infinity : NEAR.mouse);
    viewer.cursor = pixel && { ...pixel, by: "mouse" };
  }

  leave() {
    if (!this.fingers.size && this.viewer.cursor?.by !== "keys") this.viewer.point(null);
  }

  focus() {
    const { viewer } = this;
    if (viewer.box.matches(":focus-visible") && !viewer.cursor) viewer.point({ ...viewer.start(), by: "keys" });
  }

  blur() {
    if (this.viewer.cursor?.by === "keys") this.viewer.point(null);
  }

  press(event) {
    if (event.button !== 0) return;
    const { viewer, fingers } = this;
    const [x, y] = this.place(event);
    const kind = event.pointerType === "mouse" ? "mouse" : "touch";
    if (!fingers.size && !viewer.pixelAt(x, y, NEAR[kind])) return;
    viewer.box.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [x, y]);
    if (fingers.size === 2) {
      const [middleX, middleY, distance] = this.spread();
      this.gesture = { kind: "pinch", level: viewer.level(), distance, anchor: viewer.pointAt(middleX, middleY) };
      this.hide();
    } else if (fingers.size === 1) {
      this.gesture = { kind: "press", x, y, frame: viewer.frame(), still: STILL[kind] };
      if (kind === "mouse") this.hover(event);
      else this.held = setTimeout(() => this.hover(event), HELD);
    }
  }

  /** The middle of two fingers and their distance. */
  spread() {
    const [[x0, y0], [x1, y1]] = [...this.fingers.values()];
    return [(x0 + x1) / 2, (y0 + y1) / 2, Math.hypot(x0 - x1, y0 - y1) || 1];
  }

  move(event) {
    const { viewer, fingers, gesture } = this;
    if (!fingers.has(event.pointerId)) {
      if (!fingers.size) this.hover(event);
      return;
    }
    const [x, y] = this.place(event);
    fingers.set(event.pointerId, [x, y]);
    const far = gesture && Math.hypot(x - gesture.x, y - gesture.y) >= gesture.still;
    if (gesture?.kind === "pinch") {
      const [middleX, middleY, distance] = this.spread();
      viewer.stretch(middleX, middleY, gesture.level + Math.log2(distance / gesture.distance), gesture.anchor);
    } else if (gesture?.kind === "pan" || (gesture?.kind === "press" && viewer.zoomed() && far)) {
      if (gesture.kind === "press") this.hide();
      gesture.kind = "pan";
      viewer.root.classList.add("panning");
      const { region, across, down } = gesture.frame;
      viewer.shift(region, (gesture.y - y) / down, (gesture.x - x) / across);
    } else if (gesture?.kind === "press" && !viewer.zoomed() && (far || viewer.cursor)) this.hover(event);
  }

  hide() {
    clearTimeout(this.held);
    this.viewer.point(null);
  }

  release(event) {
    const { viewer, gesture } = this;
    if (!this.lift(event)) return;
    const mouse = event.pointerType === "mouse";
    if (gesture?.kind === "press") viewer.pick(viewer.pixelAt(...this.place(event), Infinity));
    else if (gesture?.kind === "pan") viewer.settlePan(gesture.frame.region);
    else if (gesture?.kind === "pinch") viewer.settleZoom();
    if (mouse) this.hover(event);
    else this.hide();
  }

  /** The browser took the touch for scrolling. */
  cancel(event) {
    if (!this.lift(event)) return;
    this.viewer.forget();
    this.hide();
  }

  lift(event) {
    const known = this.fingers.delete(event.pointerId);
    // After a pinch, the finger that stays neither drags nor picks.
    this.gesture = this.fingers.size ? { kind: "over" } : null;
    this.viewer.root.classList.remove("panning");
    return known;
  }

  wheel(event) {
    const { viewer } = this;
    if (!event.ctrlKey) return; // the page scrolls
    event.preventDefault(); // the browser would zoom the page
    const turn = Math.min(Math.max(event.deltaY / 50, -1), 1);
    const [x, y] = this.place(event);
    viewer.stretch(x, y, viewer.level() - turn, viewer.pointAt(x, y));
    clearTimeout(this.timer);
    this.timer = setTimeout(() => viewer.settleZoom(), 150);
  }

  key(event) {
    const { viewer } = this;
    const { rows, cols } = viewer.data;
    const command = event.ctrlKey || event.metaKey;
    if (event.altKey || (command && !["Home", "End"].includes(event.key))) return;
    const { row, col } = viewer.here();
    const far = event.shiftKey ? 10 : 1;
    const page = Math.max(Math.round(viewer.region().height / 2), 1);
    const places = {
      ArrowUp: [row - far, col], ArrowDown: [row + far, col], ArrowLeft: [row, col - far], ArrowRight: [row, col + far],
      PageUp: [row - page, col], PageDown: [row + page, col],
      Home: [command ? 0 : row, 0], End: [command ? rows - 1 : row, cols - 1],
    };
    if (places[event.key]) viewer.walk(...places[event.key]);
    else if (event.key === "Enter" || event.key === " ") viewer.walk(row, col, true);
    else if (event.key === "+" || event.key === "=") viewer.zoomTo(viewer.level() + 1);
    else if (event.key === "-" || event.key === "_") viewer.zoomTo(viewer.level() - 1);
    else if (event.key === "0") viewer.zoomTo(0);
    else if (event.key === "Escape") { viewer.point(null); viewer.box.blur(); }
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}
