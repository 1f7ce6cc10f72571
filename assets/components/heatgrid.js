// A grid of numbers drawn as coloured cells: one tab stop, arrow keys, figures fitted to the cells.
// The kernel and the trace are built from it.

const READABLE = 24; // px; a smaller cell carries no number, only its colour
const LARGEST_FIGURES = 14; // px
const SMALLEST_FIGURES = 10;

const glyphWidths = new Map();
document.fonts?.ready.then(() => glyphWidths.clear());

/** Width of `text` in em, glyph by glyph: figures are tabular, so the sum is exact enough to fit a cell. */
function textWidth(text, family) {
  const context = (textWidth.context ??= document.createElement("canvas").getContext("2d"));
  let width = 0;
  for (const glyph of text) {
    const known = `${glyph} ${family}`;
    if (!glyphWidths.has(known)) {
      context.font = `100px ${family}`;
      glyphWidths.set(known, context.measureText(glyph).width / 100);
    }
    width += glyphWidths.get(known);
  }
  return width;
}

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** `formatNumber` that also takes what is no finite number. */
const numeral = (value, digits = 3) => (typeof value !== "number" || isNumber(value) ? formatNumber(value, digits) : String(value));

/** A number at full precision, for the line that spells one cell out. */
const exactly = (value) => numeral(value, 7);

/** The last resort of a narrow cell: 12k, 3M, 4e−5. */
function shortNumeral(value) {
  if (!isNumber(value)) return numeral(value);
  const size = Math.abs(value);
  if (size >= 1e9 || (size > 0 && size < 1e-3)) return value.toExponential(0).replace("e+", "e").replaceAll("-", MINUS);
  if (size >= 1e6) return `${numeral(value / 1e6, 2)}M`;
  if (size >= 1e3) return `${numeral(value / 1e3, 2)}k`;
  return numeral(value, 1);
}

const terse = (text) => text.replaceAll(",", "").replace(/^(\u2212?)0\./, "$1.");

/** Ways to write a number, from the roomiest to the narrowest. */
const NUMERALS = [
  (value) => numeral(value),
  (value) => numeral(value).replaceAll(",", ""),
  (value) => numeral(value, 2).replaceAll(",", ""),
  (value) => terse(numeral(value, 2)),
  (value) => terse(shortNumeral(value)),
];

/**
 * How numbers are written in cells `cell` px wide: `{ font, write }`, or null where they cannot be read.
 * All the numbers share one size and one precision; digits go before legibility does.
 */
function fitNumbers(values, cell, family) {
  if (cell < READABLE) return null;
  const room = cell - (cell < 32 ? 4 : 6); // without air, neighbours read as one number
  const largest = Math.min(LARGEST_FIGURES, cell * 0.42);
  let font = 0;
  for (const write of NUMERALS) {
    const widest = values.reduce((most, value) => Math.max(most, textWidth(write(value), family)), 0.1);
    font = Math.min(largest, Math.floor((2 * room) / widest) / 2);
    if (font >= SMALLEST_FIGURES) return { font, write };
  }
  return { font: Math.max(font, 8), write: NUMERALS.at(-1) };
}

/** Cells that carry numbers have an even size, so that two grids of one size line up with their captions. */
const wholeCell = (size) => (size >= READABLE ? Math.floor(size / 2) * 2 : Math.max(Math.floor(size), 5));

/** What names itself with a word ("NaN", "∞") has no place on a colour scale. */
const signedCell = (theme, value, bound) => (isNumber(value) ? signedColour(theme, value, bound) : theme.second);
const greyCell = (theme, value, low, high) => (isNumber(value) ? greyColour(value, low, high) : theme.second);

/** "−430 to 418", of a list of numbers. */
function spread(values) {
  const known = values.filter(isNumber);
  return known.length ? `${numeral(Math.min(...known))} to ${numeral(Math.max(...known))}` : "";
}

/** Rings round the cells of a grid, in a layer above them: a move of the pointer changes no cell, so nothing is painted anew. */
function ringLayer() {
  const node = element("div", { class: "rings", "aria-hidden": "true" });
  const rings = []; // kept for the next list: what is not needed is only not seen
  let seen = 0;

  /** Draw these rings and no others: a list of {row, column, kind}, a class in the style sheet. */
  function draw(list, cell) {
    list.forEach(({ row, column, kind }, index) => {
      if (!rings[index]) node.append((rings[index] = element("div")));
      const [name, place] = [`ring ${kind}`, `translate(${column * cell}px, ${row * cell}px)`];
      if (rings[index].className !== name) rings[index].className = name;
      if (rings[index].style.transform !== place) rings[index].style.transform = place;
    });
    for (let index = list.length; index < seen; index += 1) rings[index].className = "";
    seen = list.length;
  }
  return { node, draw };
}

/**
 * One grid. `hover(place)` and `focus(place)` are told `{ row, column }` or null; `press(event, place)` gets the keys
 * that do not move, `pick(place)` the clicks. Nothing is rebuilt while the shape stays, so focus survives new numbers.
 */
function heatGrid({ signal, hover, focus, press = () => {}, pick = () => {} }) {
  const node = element("div", { class: "heatgrid", role: "grid" });
  let cells = [];
  const looks = new WeakMap(); // what a cell was coloured last: most stay as they are
  const rings = ringLayer();
  let lit = []; // what has a ring
  let side = 0; // of a cell, in px
  const at = { row: 0, column: 0 };

  const cellAt = (place) => cells[place.row]?.[place.column];
  const placeOf = (event) => {
    const cell = event.target.closest?.("[role=gridcell]");
    return cell ? { row: Number(cell.dataset.row), column: Number(cell.dataset.column) } : null;
  };
  const hasFocus = () => node.contains(node.getRootNode().activeElement);

  /** Make `place` the one cell that Tab reaches. */
  function settle(place) {
    cellAt(at)?.setAttribute("tabindex", "-1");
    Object.assign(at, place);
    cellAt(at)?.setAttribute("tabindex", "0");
  }

  function goTo(place) {
    settle(place);
    cellAt(at)?.focus();
  }

  function shape(rows, columns) {
    if (cells.length === rows && cells[0]?.length === columns) return;
    const focused = hasFocus();
    cells = Array.from({ length: rows }, (_, row) => Array.from({ length: columns }, (_, column) =>
      element("div", { class: "cell", role: "gridcell", tabindex: "-1", "data-row": row, "data-column": column })));
    node.replaceChildren(...cells.map((line) => element("div", { class: "line", role: "row" }, ...line)), rings.node);
    lit = [];
    settle({ row: Math.min(at.row, rows - 1), column: Math.min(at.column, columns - 1) });
    if (focused) goTo(at);
  }

  /** `paint(row, column)` gives `{ colour, text, label, outside (padding), lone, pending }`; `font` is in px. */
  function draw({ rows, columns, cell, font, label, paint }) {
    shape(rows, columns);
    node.setAttribute("aria-label", label);
    node.style.setProperty("--cell", `${cell}px`);
    node.style.setProperty("--figures", `${font}px`);
    node.classList.toggle("heat", cell < READABLE);
    side = cell;
    light(lit);
    cells.forEach((line, row) => line.forEach((box, column) => {
      const { colour, text = "", label: name, outside = false, lone = false, pending = false, size = null } = paint(row, column);
      const look = `${outside || colour}/${size}`;
      if (looks.get(box) !== look) {
        looks.set(box, look);
        box.style.backgroundColor = outside ? "" : cssColour(colour); // padding has its own look
        box.style.color = outside ? "" : inkOn(colour);
        box.style.fontSize = size ? `${size}px` : "";
      }
      box.classList.toggle("outside", outside);
      box.classList.toggle("lone", lone);
      box.classList.toggle("pending", pending);
      if (box.textContent !== text) box.textContent = text;
      if (box.ariaLabel !== name) box.setAttribute("aria-label", name);
    }));
  }

  /** Put rings round these cells and no others: a list of {row, column, kind}. */
  function light(list) {
    lit = list;
    rings.draw(list, side);
  }

  /** Put a ring round one cell, or none. */
  const mark = (place) => light(place && cellAt(place) ? [{ ...place, kind: "linked" }] : []);

  function moved(event) {
    const last = { row: cells.length - 1, column: cells[0].length - 1 };
    const all = event.ctrlKey || event.metaKey;
    switch (event.key) {
      case "ArrowUp": return { ...at, row: Math.max(at.row - 1, 0) };
      case "ArrowDown": return { ...at, row: Math.min(at.row + 1, last.row) };
      case "ArrowLeft": return { ...at, column: Math.max(at.column - 1, 0) };
      case "ArrowRight": return { ...at, column: Math.min(at.column + 1, last.column) };
      case "Home": return { row: all ? 0 : at.row, column: 0 };
      case "End": return { row: all ? last.row : at.row, column: last.column };
      default: return null;
    }
  }

  // A finger has no hover: a tap focuses the cell, and that says the same.
  node.addEventListener("pointerover", (event) => { if (event.pointerType !== "touch") hover(placeOf(event)); }, { signal });
  node.addEventListener("pointerleave", () => hover(null), { signal });
  node.addEventListener("focusin", (event) => { const place = placeOf(event); if (place) { settle(place); focus(place); } }, { signal });
  node.addEventListener("focusout", () => focus(null), { signal });
  node.addEventListener("click", (event) => { const place = placeOf(event); if (place) { goTo(place); pick(place); } }, { signal });
  node.addEventListener("keydown", (event) => {
    const place = placeOf(event);
    if (!place) return;
    const next = event.altKey ? null : moved(event);
    if (!next) return press(event, place);
    event.preventDefault();
    goTo(next);
  }, { signal });

  return { node, draw, light, mark, goTo, hasFocus, cellAt, get shape() { return [cells.length, cells[0]?.length ?? 0]; } };
}

/** Call `changed(width)` when the width of `parent` changes. The ruler has no height, so drawing never feeds back. */
function watchWidth(parent, changed) {
  const ruler = element("div", { class: "ruler", "aria-hidden": "true" });
  parent.prepend(ruler);
  let width = 0;
  const measure = () => {
    const now = Math.floor(ruler.getBoundingClientRect().width);
    if (now === width || now === 0) return; // 0: in a closed tab
    width = now;
    changed();
  };
  const observer = new ResizeObserver(measure);
  observer.observe(ruler);
  return {
    get width() { return width || Math.floor(ruler.getBoundingClientRect().width); },
    stop: () => observer.disconnect(),
  };
}
