// One grid of the explorer: its cells are made once; afterwards only texts, colours and classes change.

/** Where a cell stands: {where: "input" | "kernel" | "output", plane, row, column}. */
const cellPlaces = new WeakMap();

/** Room for the labels before each row. */
const headWidth = (labels) => (labels?.some(Boolean) ? Math.min(Math.max(...labels.map((text) => text.length)) * 8 + 12, 90) : 0);

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
  let size = 0, values = null, decimals = null, origin = null;
  // What was written last: most cells stay as they are, and what is not touched need not be laid out again.
  const cellNames = cells.map((line, r) => line.map((_, c) => spec.place(r, c)));
  const written = cells.map((line) => line.map(() => ({ label: "", fill: "" })));

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

  /** Fit the numbers to the cells. Below 24 pixels there is no room for them. */
  function write() {
    if (!size || !values) return;
    const font = Math.min(Math.max(size * 0.3, 8.5), 13);
    const room = size < 24 ? 0 : Math.floor((size - 3) / (0.602 * font));
    root.style.setProperty("--cell", `${size}px`);
    root.style.setProperty("--digit", `${font}px`);
    root.classList.toggle("small", room === 0);
    cells.forEach((line, r) => line.forEach((cell, c) => {
      const made = cell.classList.contains("pad"); // what the border rule made up needs no fixed places
      const text = room && values[r][c] !== null ? fitNumber(values[r][c], room, made ? null : decimals) : "";
      if (cell.textContent !== text) cell.textContent = text;
    }));
  }

  function resize(newSize) {
    if (newSize === size) return;
    size = newSize;
    origin = null;
    write();
  }

  /** Characters that fit on a cell that is lit. */
  const noteRoom = () => Math.floor((size - 3) / (0.602 * Math.min(10.5, size * 0.33)));

  /** Learn where the first cell lies, so that moving the frame reads nothing from the page. */
  function measure() {
    origin ??= [cells[0][0].offsetLeft, cells[0][0].offsetTop];
  }

  /** Colour every cell; called when the data or the theme change. */
  function paint(colour) {
    cells.forEach((line, r) => line.forEach((cell, c) => {
      const rgb = typeof values[r][c] === "number" ? colour(values[r][c]) : null;
      const fill = rgb ? cssColour(rgb) : "";
      if (fill === written[r][c].fill) return;
      written[r][c].fill = fill;
      cell.style.setProperty("--fill", fill); // an empty value takes the property away
      cell.style.setProperty("--ink", rgb ? inkOn(rgb) : "");
    }));
  }

  /** Put the frame round rows `first[0]`..`last[0]` and columns `first[1]`..`last[1]`, or take it away. */
  function surround(first, last) {
    frame.classList.toggle("on", Boolean(first));
    if (!first) return;
    measure();
    frame.style.transform = `translate(${origin[0] + first[1] * size}px, ${origin[1] + first[0] * size}px)`;
    frame.style.width = `${(last[1] - first[1] + 1) * size}px`;
    frame.style.height = `${(last[0] - first[0] + 1) * size}px`;
  }

  return { spec, root, stage, caption, cells, fill, resize, noteRoom, measure, paint, surround };
}
