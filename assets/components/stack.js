// A stack of layers and the receptive field of one of its units: a table to change, a picture to point at.

class Stack {
  constructor(parent) {
    this.looked = null; // the layer that the person looks at in the table
    this.cursor = null; // {unit, by: "pointer" | "keys"}: the unit that is pointed at
    this.table = new StackTable({
      send: (text) => this.send("stack", { text, id: Date.now() }),
      look: (layer) => { if (layer !== this.looked) { this.looked = layer; this.draw(); } },
    });
    this.field = new StackField();
    this.sentence = element("p", { class: "sentence" });
    this.spoken = element("div", { class: "offscreen", role: "status" });
    this.help = element("p", { class: "quiet help" }, "Point at the picture to move the unit; click to keep it, or use the arrow keys and Enter. Point at a layer to see how far it sees.");
    this.field.root.firstChild.after(this.sentence); // between the picture and what is seen of it
    this.table.root.append(this.help);
    this.root = element("div", { class: "lab stack" }, element("div", { class: "columns" }, this.table.root, this.field.root), this.spoken);
    parent.append(this.root);
  }

  connect() {
    this.live = new AbortController();
    const { signal } = this.live;
    const { box } = this.field;
    const on = (type, action) => box.addEventListener(type, action, { signal });
    const unitAt = (event) => {
      const edge = box.getBoundingClientRect();
      return this.model.unitAt(this.field.placeAt(event.clientX - edge.left, event.clientY - edge.top));
    };
    on("pointermove", (event) => { if (event.pointerType === "mouse") this.point({ unit: unitAt(event), by: "pointer" }); });
    on("pointerleave", () => { if (this.cursor?.by === "pointer") this.point(null); });
    on("click", (event) => this.pick(unitAt(event)));
    on("blur", () => { if (this.cursor?.by === "keys") this.point(null); });
    on("keydown", (event) => this.key(event));
    on("dragstart", (event) => event.preventDefault());
    keepKeysInside(this.root, signal);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(box);
  }

  disconnect() {
    this.live?.abort();
    this.live = null;
    this.observer?.disconnect();
    for (const timer of [this.table.back, this.table.soon]) clearTimeout(timer);
  }

  update({ data: packed, parentElement, setTriggerValue }) {
    const data = unpack(packed);
    if (!this.live) this.connect();
    this.send = setTriggerValue;
    this.theme = readTheme(parentElement);
    this.model = new StackModel(data);
    this.unit = data.unit;
    this.pending = null;
    this.cursor = null;
    if (this.looked !== null && this.looked > this.model.last) this.looked = null;
    this.table.update(data.layers);
    this.field.update(data, this.model, this.theme);
    this.field.box.style.setProperty("--aspect", this.field.sight()[1] / this.field.sight()[0]);
    this.field.box.setAttribute("aria-label", `${data.title}: choose a unit of the last layer, ${data.layers.at(-1).shape.join(" by ")} units`);
    this.draw();
  }

  here() { return this.cursor?.unit ?? this.pending ?? this.unit; }

  point(cursor) {
    if (String(cursor?.unit) === String(this.cursor?.unit) && cursor?.by === this.cursor?.by) return;
    this.cursor = cursor;
    this.draw();
    if (cursor?.by === "keys") this.speak();
  }

  pick(unit) {
    this.pending = unit;
    this.send("unit", { row: unit[0], column: unit[1] });
    this.draw();
  }

  key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const [row, column] = this.here();
    const [rows, columns] = this.model.layers[this.model.last].shape;
    const far = event.shiftKey ? 10 : 1;
    const places = {
      ArrowUp: [row - far, column], ArrowDown: [row + far, column], ArrowLeft: [row, column - far], ArrowRight: [row, column + far],
      Home: [row, 0], End: [row, columns - 1], PageUp: [0, column], PageDown: [rows - 1, column],
    };
    const to = places[event.key];
    if (to) this.point({ unit: [clamp(to[0], 0, rows - 1), clamp(to[1], 0, columns - 1)], by: "keys" });
    else if (event.key === "Enter" || event.key === " ") this.pick(this.here());
    else if (event.key === "Escape") this.point(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  draw() {
    if (!this.model) return;
    const layer = this.looked ?? this.model.last;
    const unit = this.here();
    this.field.draw(unit, layer);
    this.table.mark(layer);
    const at = this.model.chain(unit)[layer];
    const who = `Layer ${layer + 1}, unit row ${formatNumber(at[0])}, column ${formatNumber(at[1])}.`;
    const text = `${who} ${this.model.sentence(layer, at)}`;
    if (this.sentence.textContent !== text) this.sentence.textContent = text;
  }

  speak() { this.spoken.textContent = this.sentence.textContent; }
}

const stackOf = instances((parent) => new Stack(parent));

export default function (component) {
  const stack = stackOf(component.parentElement);
  stack.update(component);
  return () => stack.disconnect();
}
