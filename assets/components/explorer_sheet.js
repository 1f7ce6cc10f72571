// One grid of the explorer: its cells are made once; afterwards only texts, colours and classes change.

/** Where a cell stands: {where: "input" | "kernel" | "output", plane, row, column}. */
const cellPlaces = new WeakMap();

/** Room for the labels before each row. */
const headWidth = (labels) => (labels?.some(Boolean) ? Math.min(Math.max(...labels.map((text) => text.length)) * 8 + 12, 90) : 0);

/** At most three characters: 0.64 is .64. Nothing where they cannot say it. */
function shortNumber(value) {
  for (const digits of [3, 2, 1]) {
    const text = formatNumber(value, digits).replaceAll(",", "").replace(/^(\u2212?)0\./, "$1.");
    if (text.length <= 3) return text;
  }
  return "";
}

/**
 * A grid with its caption. `spec`: where, plane, name (for screen readers), rows, columns, row_labels, column_labels,
 * place(row, column) -> its name, sort(row, column) -> classes, editable.
 */
function explorerSheet(spec) {
  const cells = [];
  const grid = element("div", {
    class: "grid", role: "grid", "aria-label": spec.name, "aria-readonly": String(!spec.editable),
    "aria-rowcount": spec.rows, "aria-colcount": spec.columns,
  });
  const hasRowLabels = spec.row_labels?.some(Boolean);
  if (spec.column_labels?.some(Boolean)) {
    const heads = element("div", { class: "heads", "aria-hidden": "true" });
    if (hasRowLabels) heads.append(element("span", { class: "row-head" }));
    for (let c = 0; c < spec.columns; c += 1) heads.append(element("span", { class: "head" }, spec.column_labels[c] ?? ""));
    grid.append(heads);
  }
  for (let r = 0; r < spec.rows; r += 1) {
    const line = element("div", { class: "row", role: "row", "aria-rowindex": r + 1 });
    if (hasRowLabels) line.append(element("span", { class: "row-head", "aria-hidden": "true" }, spec.row_labels[r] ?? ""));
    cells.push([]);
    for (let c = 0; c < spec.columns; c += 1) {
      const cell = element("div", { class: `cell ${spec.sort(r, c)}`, role: "gridcell", tabindex: -1, "aria-colindex": c + 1 });
      cellPlaces.set(cell, { where: spec.where, plane: spec.plane, row: r, column: c });
      cells[r].push(cell);
      line.append(cell);
    }
    grid.append(line);
  }
  cells[0][0].tabIndex = 0;
  const frame = element("div", { class: "frame", "aria-hidden": "true" });
  const stage = element("div", { class: "stage" }, grid, frame);
  const caption = element("figcaption", { class: "quiet" });
  stage.style.setProperty("--row-head", `${headWidth(spec.row_labels)}px`);
  const root = element("figure", { class: `sheet ${spec.where}` }, stage, caption);
  let size = 0, values = null, decimals = null;
  const origin = [headWidth(spec.row_labels), spec.column_labels?.some(Boolean) ? 18 : 0]; // where the first cell lies
  const look = { rows: spec.rows, columns: spec.columns, size: 0, digit: 0, origin, theme: null };
  const marks = explorerMarks(stage, look);
  // What was written last: most cells stay as they are, and what is not touched need not be laid out again.
  const cellNames = cells.map((line, r) => line.map((_, c) => spec.place(r, c)));
  const written = cells.map((line) => line.map(() => ({ label: "", fill: "", ink: "", text: "" })));

  /** Write `values` (row by row) and their names; called when the data change. */
  function fill(newValues, newDecimals, exact) {
    values = newValues;
    decimals = newDecimals;
    cells.forEach((line, r) => line.forEach((cell, c) => {
      const label = `${cellNames[r][c]}: ${exact(values[r][c])}`;
      if (label !== written[r][c].label) cell.setAttribute("aria-label", label);
      written[r][c].label = label;
    }));
    write();
  }

  /**
   * Fit the numbers to the cells. Below 24 pixels there is room for three characters, and they stand there only where
   * they say every number of the grid to a hundredth of the largest; else the colours speak, and the readout.
   */
  function write() {
    if (!size || !values) return;
    const font = Math.min(Math.max(size * 0.3, 8.5), 13), small = size < NUMBER_CELL;
    const room = size < SHORT_CELL ? 0 : small ? 3 : Math.floor((size - 3) / (0.602 * font));
    Object.assign(look, { size, digit: font });
    root.style.setProperty("--cell", `${size}px`);
    root.style.setProperty("--digit", `${font}px`);
    stage.style.width = `${origin[0] + spec.columns * size}px`;
    stage.style.height = `${origin[1] + spec.rows * size}px`;
    const texts = cells.map((line, r) => line.map((cell, c) => {
      const made = cell.classList.contains("pad"); // what the border rule made up needs no fixed places
      if (!room || values[r][c] === null) return "";
      return small ? shortNumber(values[r][c]) : fitNumber(values[r][c], room, made ? null : decimals);
    }));
    const told = !small || areShort([values]);
    cells.forEach((line, r) => line.forEach((cell, c) => {
      const text = told ? texts[r][c] : "";
      if (cell.textContent !== text) cell.textContent = text; // an edit writes there too, until it is answered
      written[r][c].text = text;
    }));
  }

  function resize(newSize) {
    if (newSize === size) return;
    size = newSize;
    write();
  }

  /** Whether a lit cell has room for a note, and for how many characters. */
  const hasNotes = () => size >= NUMBER_CELL;
  const noteRoom = () => Math.floor((size - 3) / (0.602 * Math.min(10.5, size * 0.33)));

  /** Where a cell lies on the stage: [left, top], and how large it is. */
  const boxOf = (row, column) => ({ left: origin[0] + column * size, top: origin[1] + row * size, size });

  /** Colour every cell; called when the data or the theme change. */
  function paint(colour, theme) {
    look.theme = theme;
    cells.forEach((line, r) => line.forEach((cell, c) => {
      const rgb = typeof values[r][c] === "number" ? colour(values[r][c]) : null;
      const fill = rgb ? cssColour(rgb) : "";
      if (fill === written[r][c].fill) return;
      written[r][c].fill = fill;
      cell.style.setProperty("--fill", fill); // an empty value takes the property away
      written[r][c].ink = rgb ? inkOn(rgb) : "";
      cell.style.setProperty("--ink", written[r][c].ink);
    }));
  }

  /** Light these cells and no others: a list of {row, column, kind, note, faint}. */
  function light(list) {
    marks.draw(list.map((mark) => {
      const { row, column } = mark, { classList } = cells[row][column], { text, fill, ink } = written[row][column];
      const pad = classList.contains("pad");
      return { ...mark, text: classList.contains("pending") ? "" : text, fill: pad ? "" : fill, ink: pad ? "" : ink, pad };
    }));
  }

  /** Put the frame round rows `first[0]`..`last[0]` and columns `first[1]`..`last[1]`, or take it away. */
  let framed = "";
  function surround(first, last) {
    const now = first ? `${first} ${last} ${size}` : "";
    if (now === framed) return;
    framed = now;
    frame.classList.toggle("on", Boolean(first));
    if (!first) return;
    const { left, top } = boxOf(...first);
    frame.style.transform = `translate(${left}px, ${top}px)`;
    frame.style.width = `${(last[1] - first[1] + 1) * size}px`;
    frame.style.height = `${(last[0] - first[0] + 1) * size}px`;
  }

  return { spec, root, stage, caption, cells, fill, resize, hasNotes, noteRoom, boxOf, paint, light, surround };
}
