// The layers as a table whose numbers can be changed in place. Every change sends the whole stack as text; the server
// reads it, and answers with new data or with a sentence.

const STACK_HEADS = [
  ["", "number"], ["Layer", "kind"], ["k", "Window"], ["s", "Stride"], ["d", "Dilation"], ["p", "Padding"],
  ["Output", "Rows and columns of the output"], ["Field", "Pixels of the picture that a unit's receptive field spans"],
  ["Jump", "Pixels from one unit's field to the next one's"], ["Start", "First pixel of the field of unit 0"], ["", ""],
];
const STACK_PARTS = ["kernel", "stride", "dilation", "padding"];
const STACK_LETTERS = { kernel: "", stride: "s", dilation: "d", padding: "p" };

class StackTable {
  /** `host`: {send(text), look(layer or null)}. */
  constructor(host) {
    this.host = host;
    this.rows = [];
    this.body = element("div", { class: "body", role: "rowgroup" });
    const heads = STACK_HEADS.map(([text, title]) => element("span", { role: "columnheader", title, "aria-label": text ? title : null }, text));
    this.adders = [["Add a convolution", "c3"], ["Add a pool", "p2"]].map(([label, word]) =>
      element("button", { type: "button", onclick: () => this.change((words) => [...words, word]) }, label));
    this.root = element("div", { class: "layers" },
      element("div", { class: "grid", role: "table", "aria-label": "Layers" }, element("div", { class: "line heads quiet", role: "row" }, ...heads), this.body),
      element("div", { class: "adders" }, ...this.adders));
    this.root.addEventListener("pointerover", (event) => this.looked(event));
    this.root.addEventListener("pointerleave", () => host.look(null));
    this.root.addEventListener("focusin", (event) => this.looked(event));
    this.root.addEventListener("focusout", () => host.look(null));
  }

  looked(event) {
    const at = this.rows.findIndex((row) => row.root.contains(event.target));
    this.host.look(at < 0 ? null : at);
  }

  makeRow(at) {
    const name = (what) => `${what} of layer ${at + 1}`;
    const row = { number: element("span", { class: "no quiet", role: "rowheader" }, at + 1), fields: {} };
    row.kind = element("select", { "aria-label": name("Kind"), onchange: () => this.change((words) => words) },
      element("option", { value: "c" }, "conv"), element("option", { value: "p" }, "pool"));
    for (const [part, title] of [["kernel", "Window"], ["stride", "Stride"], ["dilation", "Dilation"], ["padding", "Padding"]]) {
      row.fields[part] = element("input", {
        type: "text", inputmode: "text", autocomplete: "off", spellcheck: "false", maxlength: 15, "aria-label": name(title),
        oninput: () => { this.typing = row.fields[part]; }, // an answer to an earlier change leaves it alone
        onchange: () => this.change((words) => words),
        onkeydown: (event) => this.step(event, row.fields[part], part),
      });
    }
    row.told = ["output", "field", "jump", "start"].map((what) => element("span", { class: `told ${what}`, role: "cell", "data-name": what }));
    const button = (label, sign, move) => element("button", { type: "button", "aria-label": `${label} layer ${at + 1}`, title: label, onclick: () => this.change(move) }, sign);
    row.up = button("Move up", "\u2191", (words) => words.with(at - 1, words[at]).with(at, words[at - 1]));
    row.down = button("Move down", "\u2193", (words) => words.with(at + 1, words[at]).with(at, words[at + 1]));
    row.remove = button("Remove", "\u00d7", (words) => words.toSpliced(at, 1));
    const cell = (...children) => element("span", { class: "cell", role: "cell" }, ...children);
    row.root = element("div", { class: "line layer", role: "row" }, row.number, cell(row.kind),
      ...STACK_PARTS.map((part) => element("label", { class: "cell", role: "cell" }, element("i", { "aria-hidden": "true" }, STACK_LETTERS[part] || "k"), row.fields[part])),
      ...row.told, element("span", { class: "cell tools", role: "cell" }, row.up, row.down, row.remove));
    return row;
  }

  /** Arrow keys count a plain number up and down. */
  step(event, field, part) {
    const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!by || !/^\d+$/.test(field.value)) return;
    field.value = Math.max(Number(field.value) + by, part === "padding" ? 0 : 1);
    event.preventDefault();
    this.typing = field;
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.change((words) => words), 250);
  }

  /** The stack as text, one word a layer. */
  words() {
    return this.rows.map(({ kind, fields }) => kind.value + STACK_PARTS.map((part) => STACK_LETTERS[part] + fields[part].value.trim()).join(""));
  }

  change(edit) {
    clearTimeout(this.soon);
    this.typing = null;
    this.host.send(edit(this.words()).join(" "));
    clearTimeout(this.back);
    this.back = setTimeout(() => this.write(), 2000); // it was refused: what is drawn stands there again
  }

  update(layers) {
    clearTimeout(this.back);
    this.layers = layers;
    while (this.rows.length > layers.length) this.rows.pop().root.remove();
    while (this.rows.length < layers.length) {
      this.rows.push(this.makeRow(this.rows.length));
      this.body.append(this.rows.at(-1).root);
    }
    this.write();
  }

  write() {
    const both = (pair, join = ", ") => (pair[0] === pair[1] ? formatNumber(pair[0]) : pair.map((value) => formatNumber(value)).join(join));
    this.layers.forEach((layer, i) => {
      const row = this.rows[i];
      row.kind.value = layer.kind;
      for (const part of STACK_PARTS) {
        const field = row.fields[part];
        if (field !== this.typing && field.value !== layer.words[part]) field.value = layer.words[part];
      }
      const told = [layer.shape.map((value) => formatNumber(value)).join(` ${TIMES} `), both(layer.size, ` ${TIMES} `), both(layer.jump), both(layer.start)];
      row.told.forEach((node, t) => { node.textContent = told[t]; });
      row.up.disabled = i === 0;
      row.down.disabled = i === this.layers.length - 1;
      row.remove.disabled = this.layers.length === 1;
    });
  }

  mark(layer) {
    this.rows.forEach((row, i) => row.root.classList.toggle("looked", i === layer));
  }
}
