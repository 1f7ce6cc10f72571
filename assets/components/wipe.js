// Two pictures over each other with a divider between them: the first to its left, the second to its right.
// Both are stretched to one box; nothing is sent to the server.

const SIDES = ["before", "after"];
const ASPECT = [0.4, 6]; // width to height: very long strips are stretched, so that they can be seen

class Wipe {
  constructor(parent) {
    this.sheets = SIDES.map(() => new Sheet());
    this.sheets.forEach((sheet, i) => sheet.canvas.setAttribute("class", SIDES[i]));
    this.names = SIDES.map((side) => element("span", { class: `name ${side}`, "aria-hidden": "true" }));
    this.divider = element("div", {
      class: "divider", role: "slider", tabindex: "0", "aria-valuemin": "0", "aria-valuemax": "100",
      "aria-orientation": "horizontal",
    }, element("span", { class: "grip" }));
    const [before, after] = this.sheets.map((sheet) => sheet.canvas);
    this.box = element("div", { class: "box", draggable: "false" }, after, before, ...this.names, this.divider);
    this.root = element("div", { class: "lab wipe" }, this.box);
    parent.append(this.root);
  }

  connect() {
    this.live = new AbortController();
    const { signal } = this.live;
    const on = (node, type, action) => node.addEventListener(type, action, { signal });
    on(this.box, "pointerdown", (event) => {
      if (event.button !== 0) return;
      this.box.setPointerCapture(event.pointerId);
      this.finger = event.pointerId;
      if (event.pointerType === "mouse") this.follow(event); // a finger may be about to scroll the page
    });
    on(this.box, "pointermove", (event) => { if (event.pointerId === this.finger) this.follow(event); });
    on(this.box, "pointerup", (event) => {
      if (event.pointerId === this.finger) this.follow(event);
      this.finger = null;
    });
    on(this.box, "pointercancel", () => { this.finger = null; });
    on(this.box, "dragstart", (event) => event.preventDefault());
    on(this.divider, "keydown", (event) => this.key(event));
    keepKeysInside(this.root, signal);
    this.observer = new ResizeObserver(() => this.sharpen());
    this.observer.observe(this.box);
  }

  disconnect() {
    this.live?.abort();
    this.live = null;
    this.observer?.disconnect();
  }

  update({ data: packed, parentElement }) {
    const data = unpack(packed);
    if (!this.live) this.connect();
    const theme = readTheme(parentElement);
    const sizes = SIDES.map((side) => [data[`${side}_rows`], data[`${side}_cols`]]);
    SIDES.forEach((side, i) => {
      const table = colourTable(theme, data[`${side}_scale`]);
      this.sheets[i].paint(data[`${side}_pixels`], ...sizes[i], data[`${side}_channels`], table);
    });
    this.labels = data.labels;
    this.names.forEach((node, i) => { node.textContent = data.labels[i]; });
    this.divider.setAttribute("aria-label", `Divider between ${data.labels.join(" and ")}`);
    const aspect = (data.cols ?? sizes[0][1]) / (data.rows ?? sizes[0][0]);
    this.box.style.setProperty("--aspect", Math.min(Math.max(aspect, ASPECT[0]), ASPECT[1]));
    this.box.style.setProperty("--frame", data.frame ?? 420);
    if (this.given !== data.at) { // the person's own position stays until another one is given
      this.given = data.at;
      this.move(data.at ?? 0.5);
    } else this.move(this.at);
    this.sharpen();
  }

  /** Squares where samples are larger than the screen's pixels, smooth where they are smaller. */
  sharpen() {
    const ratio = window.devicePixelRatio || 1;
    for (const { canvas } of this.sheets) {
      canvas.classList.toggle("squares", showsSquares((canvas.clientWidth * ratio) / canvas.width));
    }
  }

  follow(event) {
    const edge = this.box.getBoundingClientRect();
    this.move((event.clientX - edge.left) / edge.width);
  }

  key(event) {
    const share = Math.round(this.at * 100);
    const far = event.shiftKey ? 10 : 1;
    const places = {
      ArrowLeft: share - far, ArrowDown: share - far, ArrowRight: share + far, ArrowUp: share + far,
      PageDown: share - 10, PageUp: share + 10, Home: 0, End: 100,
    };
    if (places[event.key] === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    this.move(places[event.key] / 100);
    event.preventDefault();
    event.stopPropagation();
  }

  move(at) {
    this.at = Math.min(Math.max(at, 0), 1);
    const share = Math.round(this.at * 100);
    this.box.style.setProperty("--at", `${this.at * 100}%`);
    const [before, after] = this.labels.map((label) => label.toLowerCase());
    this.divider.setAttribute("aria-valuenow", share);
    this.divider.setAttribute("aria-valuetext", `${share} % ${before}, ${100 - share} % ${after}`);
  }
}

const wipeOf = instances((parent) => new Wipe(parent));

export default function (component) {
  const wipe = wipeOf(component.parentElement);
  wipe.update(component);
  return () => wipe.disconnect();
}
