// One number of a network taken apart: window × weights = products, channel by channel, bias, activation, value.
//
// data: what `pages.ui.cell_data` packs; its head describes it. Of a pixel, where the way ends, what `pages.ui.cell_pixel`
// packs: pixel × weights = what it adds to each cell that reads it.
// trigger `go`: { channel, row, column } or { unit }, a cell of the layer before. Pointing sends nothing.

const CELL_PARTS = ["inputs", "weights", "products"];
const CELL_TOLD = 270; // CSS pixels that the words take, at least, beside the equation
const CELL_STEP = 24; // of a step's line
const CELL_UNDER = 24; // of a caption and its space
const CELL_HEIGHT = 330; // of the view where it is wide, as in cell.css: what stands above it does not move
const CELL_DIGITS = 4; // of a number outside the grids, as in the steps' lines and in the view of the network

/** A number with so many decimals, also where the last are zeros; whole numbers whole. */
const fixed = (value, decimals) => (isNumber(value) && !Number.isInteger(value) ? value.toFixed(decimals).replace("-", MINUS) : numeral(value).replaceAll(",", ""));

/**
 * As `fitNumbers`, but all the numbers have the same decimals: three digits of the largest, or two. A small number then
 * takes no room from the large ones, which are what the sum is made of.
 */
function fitAlike(values, cell, family) {
  if (cell < READABLE) return null;
  const most = Math.max(...values.filter(isNumber).map(Math.abs), 0);
  const place = Math.floor(Math.log10(most || 1));
  const room = cell - (cell < 32 ? 4 : 6), largest = Math.min(LARGEST_FIGURES, cell * 0.42); // as in fitNumbers
  for (const digits of [3, 2]) {
    const decimals = Math.max(digits - 1 - place, 0);
    if (decimals > 6 || place > 6) break; // those need an exponent
    for (const [short, least] of [[(text) => text, SMALLEST_FIGURES + 1.5], [terse, SMALLEST_FIGURES]]) {
      const write = (value) => short(fixed(value, decimals));
      const widest = Math.max(...values.map((value) => textWidth(write(value), family)), 0.1);
      const font = Math.min(largest, Math.floor((2 * room) / widest) / 2);
      if (font >= least) return { font, write };
    }
  }
  return fitNumbers(values, cell, family);
}

class CellView {
  constructor(parent) {
    this.parent = parent;
    this.live = new AbortController();
    const { signal } = this.live;
    this.title = element("h3");
    this.value = element("span", { class: "value" });
    this.exact = element("span", { class: "exact quiet" });
    this.head = element("div", { class: "head" }, this.title, element("div", { class: "result" }, this.value, this.exact));
    this.list = cellList({
      signal,
      choose: (place) => this.choose(place),
      enter: (place) => { if (this.flat) this.go({ unit: place }); },
    });
    this.listTitle = element("h4");
    this.side = element("div", { class: "side" }, this.listTitle, this.list.node);
    this.grids = CELL_PARTS.map((part) => heatGrid({
      signal,
      hover: (place) => this.read(part, place), focus: (place) => this.read(part, place),
      pick: (place) => { if (this.leads(part)) this.goOn(place); },
      press: (event, place) => {
        if (!this.leads(part) || (event.key !== "Enter" && event.key !== " ")) return;
        event.preventDefault();
        this.goOn(place);
      },
    }));
    this.captions = CELL_PARTS.map(() => element("div", { class: "caption quiet" }));
    this.signs = [TIMES, "="].map((text) => element("div", { class: "sign", "aria-hidden": "true" }, text));
    this.blocks = this.grids.map((grid, i) => element("div", { class: `block ${CELL_PARTS[i]}` }, grid.node, this.captions[i]));
    this.equation = element("div", { class: "equation" },
      this.blocks[0], element("div", { class: "pair" }, this.signs[0], this.blocks[1]), element("div", { class: "pair" }, this.signs[1], this.blocks[2]));
    this.strip = new NetworkLayer({
      point: (_, place) => this.pointUnit(place && place[0]),
      pick: (_, place) => this.go({ unit: place[0] }),
      clear: () => {},
    }, signal);
    this.strip.box.setAttribute("aria-roledescription", "list of products");
    this.strip.box.removeAttribute("aria-describedby");
    this.stripTitle = element("h4");
    this.stripBox = element("div", { class: "strip" }, this.stripTitle, this.strip.node);
    this.readout = element("div", { class: "readout quiet", "aria-live": "polite" });
    this.steps = element("ol", { class: "steps" });
    this.main = element("div", { class: "main" }, this.equation, this.stripBox, element("div", { class: "told" }, this.readout, this.steps));
    this.root = element("div", { class: "lab cellview", role: "group" }, this.head, element("div", { class: "body" }, this.side, this.main));
    parent.append(this.root);
    keepKeysInside(this.root, signal);
    this.root.addEventListener("keydown", ({ key }) => { if (key === "Escape") this.leave(); }, { signal });
    this.ruler = watchWidth(this.root, () => { if (this.data) this.draw(); });
    addEventListener("resize", () => { if (this.data) this.draw(); }, { signal }); // the dock grants a share of the height
  }

  update({ data: packed, parentElement, setTriggerValue }) {
    this.send = setTriggerValue;
    const data = unpack(packed);
    const held = this.root.contains(this.root.getRootNode().activeElement);
    const numbers = (bytes) => new Float64Array(bytes.slice().buffer);
    const [inputs, weights] = [numbers(data.inputs), numbers(data.weights)];
    Object.assign(this, { inputs, weights, products: inputs.map((value, i) => value * weights[i]) });
    const same = this.data && this.data.layer === data.layer && String(this.data.index) === String(data.index);
    this.data = data;
    this.flat = data.window.length === 1;
    this.rows = this.flat ? 1 : data.window[0];
    this.cols = this.flat ? data.window[0] : data.window[1];
    const theme = readTheme(parentElement);
    this.theme = theme;
    this.look = {
      ...theme, family: getComputedStyle(this.root).fontFamily, quiet: mix(theme.background, theme.text, 0.68),
      line: mix(theme.background, theme.text, 0.16), from: theme.text, field: theme.primary,
      tables: Object.fromEntries(["signed", "amount", "grey"].map((scale) => [scale, colourTable(theme, scale)])),
    };
    this.pixel = data.kind === "pixel";
    this.contributions = this.flat ? [...this.products] : data.sums;
    this.sums = data.kind === "conv" || data.kind === "dense" || this.pixel;
    if (!same) this.channel = largestFirst(data.sums)[0] ?? 0;
    this.side.hidden = !this.flat && (data.channels.length < 2 || !this.rows);
    this.root.classList.toggle("alone", this.side.hidden);
    this.title.textContent = data.title;
    this.root.setAttribute("aria-label", `${data.title}, taken apart`);
    const shown = numeral(data.value, CELL_DIGITS);
    this.value.textContent = shown;
    this.exact.textContent = exactly(data.value) === shown ? "" : `exactly ${exactly(data.value)}`;
    this.steps.replaceChildren(...data.steps.map(({ layer, text }, i) =>
      element("li", {}, element("span", { class: "quiet" }, layer === data.steps[i - 1]?.layer ? "" : layer), text)));
    this.drawList();
    this.draw();
    if (held) this.keepFocus();
  }

  /** What was focused may be gone with the cell before: then the first that can be, so that the keys lead on. */
  keepFocus() {
    const focused = this.root.getRootNode().activeElement;
    if (this.root.contains(focused) && focused.getClientRects().length) return;
    [...this.root.querySelectorAll("[tabindex='0']")].find((node) => node.getClientRects().length)?.focus({ preventScroll: true });
  }

  /** Escape clears the trace, here as in the maps: the view of the network on the same page does it. */
  leave() {
    for (const view of networkMarks().views.values()) if (view.root.isConnected) view.leave();
  }

  close() {
    this.live.abort();
    this.ruler.stop();
    this.root.remove();
  }

  // The list of contributions --------------------------------------------------------------------------------------------

  name(place) {
    const { data } = this;
    if (!this.flat) return `${data.before === "input" ? "channel" : "map"} ${data.channels[place]}`;
    if (!data.maps) return `unit ${place}`;
    const [, rows, cols] = data.maps;
    const inner = place % (rows * cols);
    return `map ${Math.floor(place / (rows * cols))}, row ${Math.floor(inner / cols)}, col. ${inner % cols}`;
  }

  colours() {
    const { data, theme } = this;
    return {
      inputs: (value) => (data.scale === "grey" ? greyCell(theme, value, 0, 1)
        : data.scale === "amount" ? (isNumber(value) ? amountColour(theme, value, data.bound) : theme.second) : signedCell(theme, value, data.bound)),
      weights: (value) => signedCell(theme, value, data.weight_bound),
      products: (value) => signedCell(theme, value, data.product_bound),
    };
  }

  drawList() {
    const { data } = this;
    if (this.side.hidden) return this.list.clear(); // or else the pointer, leaving it, would choose what is no longer there
    const count = this.contributions.length;
    this.listTitle.textContent = this.pixel ? `What it adds to all the cells of each of ${count.toLocaleString("en-US")} maps, the largest first`
      : `What each of ${count.toLocaleString("en-US")} ${this.flat ? "numbers" : "maps"} adds, the largest first`;
    const colours = this.colours(), size = this.rows * this.cols, line = cssColour(this.look.line);
    this.list.draw({
      names: (place) => this.name(place),
      values: this.contributions,
      label: this.listTitle.textContent,
      theme: this.theme,
      minis: (place) => (this.flat ? null : miniMaps(CELL_PARTS.slice(this.pixel ? 1 : 0).map((part) => ({
        values: this[part].subarray(place * size, (place + 1) * size), colour: colours[part],
      })), this.rows, this.cols, line)),
    });
  }

  choose(place) {
    if (place === undefined) return;
    if (this.flat) return this.pointUnit(place);
    if (place === this.channel) return;
    this.channel = place;
    this.drawGrids();
  }

  // The window of one channel --------------------------------------------------------------------------------------------

  draw() {
    this.root.classList.toggle("narrow", this.ruler.width < 700);
    this.root.classList.toggle("equal", !this.flat && this.sums);
    this.equation.hidden = this.flat || !this.rows;
    this.stripBox.hidden = !this.flat;
    if (this.flat) this.drawStrip();
    else if (this.rows) this.drawGrids();
    if (!this.flat) this.point(null);
  }

  /** The height that the page grants: a dock at the window's lower edge has only so much. */
  granted() {
    const dock = (this.parent.host ?? this.parent).closest?.(".st-key-trace-dock");
    if (!dock) return Infinity;
    const { maxHeight, paddingTop, paddingBottom } = getComputedStyle(dock);
    return (parseFloat(maxHeight) || Infinity) - parseFloat(paddingTop) - parseFloat(paddingBottom) - 1;
  }

  /**
   * How large a cell may be: the words stand below the equation or beside it, whichever leaves the larger cells without
   * anything to be scrolled for; on a phone the products and the words stand side by side below the rest.
   */
  cellSize(width) {
    const { rows, cols } = this, narrow = this.root.classList.contains("narrow");
    const sign = narrow ? 18 : 34; // as in cell.css
    const across = this.pixel ? 2 * cols + 1 : this.sums ? 3 * cols : cols; // cells side by side
    const signs = this.sums ? 2 * sign : 0;
    const most = this.sums ? 44 : 52;
    const high = Math.min(this.granted(), narrow ? Infinity : CELL_HEIGHT) - this.head.offsetHeight - 8; // for the equation, and for the words if they are below
    if (narrow) {
      const [lines, beside] = this.sums && !this.pixel ? [2, 2 * cols] : [1, across];
      return Math.max(Math.min((width - 2 * sign) / beside, (high / lines - CELL_UNDER) / rows, most), READABLE * (rows <= 5));
    }
    const told = 40 + CELL_STEP * this.data.steps.length;
    const below = Math.min((width - signs) / across, (high - CELL_UNDER - told) / rows);
    const beside = Math.min((width - signs - 44 - CELL_TOLD) / across, (high - CELL_UNDER) / rows);
    return Math.min(Math.max(below, beside), most);
  }

  /** Whether cells of a grid lead on: those that a number was made of, those that a pixel is read by. */
  leads(part) {
    return part === (this.pixel ? "products" : "inputs");
  }

  drawStrip() {
    const { data } = this;
    this.stripTitle.textContent = "The products in their order";
    this.strip.update({
      name: "products", label: "input × weight", shape: [this.cols], start: 0, scale: "signed", bound: data.product_bound,
      size: "", parameters: "", off: [], before: null,
    }, this.products, []);
    this.strip.draw(this.look);
  }

  drawGrids() {
    const { data, rows, cols } = this;
    const width = this.main.clientWidth;
    if (!width) return;
    const three = this.sums; // a pool has no weights to show
    const place = this.channel, size = rows * cols;
    const cell = wholeCell(this.cellSize(width));
    const narrow = this.root.classList.contains("narrow");
    const colours = this.colours();
    const inside = (row, column) => data.inside[place * size + row * cols + column] === 1;
    const fits = CELL_PARTS.map((part) => fitAlike([...this[part].subarray(place * size, (place + 1) * size)], cell, this.look.family));
    const font = Math.min(...fits.map((fit) => fit?.font ?? SMALLEST_FIGURES));
    CELL_PARTS.forEach((part, i) => {
      this.blocks[i].hidden = i > 0 && !three;
      if (i > 0) this.signs[i - 1].hidden = !three;
      if (this.blocks[i].hidden) return;
      const values = this[part].subarray(place * size, (place + 1) * size);
      const alone = this.pixel && i === 0; // the pixel itself
      this.grids[i].draw({
        rows: alone ? 1 : rows, columns: alone ? 1 : cols, cell, font, label: part === "inputs" ? `${data.before}, ${this.name(place)}` : part,
        paint: (row, column) => {
          const value = values[row * cols + column], real = inside(row, column);
          const where = alone ? "the pixel" : (this.leads(part) && real) || this.pixel ? `row ${data.rows[row]}, column ${data.columns[column]}`
            : `row ${row}, column ${column} of the window`;
          return {
            colour: colours[part](value), text: fits[i] ? fits[i].write(value) : "", outside: part === "inputs" && !real,
            label: `${where}: ${exactly(value)}${real ? "" : ", padding"}`,
          };
        },
      });
      this.grids[i].node.classList.toggle("leads", this.leads(part));
      this.captions[i].textContent = this.caption(part, place, narrow);
    });
    const { winner } = data;
    for (const box of this.grids[0].node.querySelectorAll(".winner")) box.classList.remove("winner");
    if (winner) this.grids[0].cellAt({ row: winner[0], column: winner[1] })?.classList.add("winner");
    this.point(null);
  }

  caption(part, place, narrow) {
    const { data } = this;
    if (this.pixel) return { inputs: "pixel", weights: "weights", products: `adds to ${data.before}, ${this.name(place)}` }[part];
    if (part === "inputs") return `${data.before}, ${this.name(place)}`;
    return part === "products" ? `${narrow ? "" : "products, "}sum ${numeral(data.sums[place], CELL_DIGITS)}` : part;
  }

  read(part, place) {
    this.point(this.pixel && part === "inputs" ? null : place); // the pixel itself says nothing of one cell
  }

  point(place) {
    const { data } = this;
    this.grids.forEach((grid, i) => grid.mark(this.pixel && i === 0 && place ? { row: 0, column: 0 } : place));
    this.readout.classList.toggle("quiet", !place);
    if (!place) {
      this.readout.textContent = this.hint();
      return;
    }
    const at = this.channel * this.rows * this.cols + place.row * this.cols + place.column;
    const real = data.inside[at] === 1, cell = `row ${data.rows[place.row]}, column ${data.columns[place.column]}`;
    const where = !real ? "Padding" : this.root.classList.contains("narrow") ? cell.replace("r", "R") : `${data.before}, ${this.name(this.channel)}, ${cell}`;
    this.readout.textContent = this.sums
      ? `${where}: ${exactly(this.inputs[at])} ${TIMES} ${exactly(this.weights[at])} = ${exactly(this.products[at])}`
      : `${where}: ${exactly(this.inputs[at])}`;
  }

  pointUnit(place) {
    this.readout.classList.toggle("quiet", place === null);
    if (place === null) {
      this.readout.textContent = this.hint();
      this.strip.mark({ hover: null, at: null, from: [], field: [] });
      return;
    }
    const [input, weight, product] = CELL_PARTS.map((part) => exactly(this[part][place]));
    this.readout.textContent = `${this.data.before}, ${this.name(place)}: ${input} ${TIMES} ${weight} = ${product}`;
    this.strip.mark({ hover: [place, 0, 0], at: null, from: [], field: [] });
  }

  hint() {
    if (!this.rows) return "";
    if (touches()) return this.flat ? "Tap a number to go on to it." : this.pixel ? `Tap what it adds, to go to that cell of ${this.data.before}.` : "Tap an input to go on to it.";
    if (this.flat) return "Click a number, or press Enter on it, to go on to it.";
    if (this.pixel) return `Click what it adds, or press Enter on it, to go to that cell of ${this.data.before}.`;
    return `Click a cell of ${this.data.before === "input" ? "the picture" : this.data.before}, or press Enter on it, to go on to it.`;
  }

  goOn({ row, column }) {
    const { data } = this;
    if (data.inside[this.channel * this.rows * this.cols + row * this.cols + column] !== 1) return;
    this.go({ channel: data.channels[this.channel], row: data.rows[row], column: data.columns[column] });
  }

  go(where) {
    this.send("go", where);
  }
}

const cellViews = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  if (!cellViews.has(parentElement)) cellViews.set(parentElement, new CellView(parentElement));
  const view = cellViews.get(parentElement);
  view.update(component);
  return () => {
    cellViews.delete(parentElement);
    view.close();
  };
}
