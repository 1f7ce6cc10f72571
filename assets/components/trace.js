// One output number taken apart: patch × kernel = products, their sum, the bias, the result.
//
// data: row, col, branches [{ name, channels [{ name, patch, outside, weights, products, sum }], bias, total }],
// combine (null | "magnitude"), relu, result, exact, patch_low, patch_high, weight_bound, product_bound, flipped.
// Nothing is sent back: pointing at a cell and moving through the cells stay in the browser.

const PARTS = ["patch", "kernel", "products"];
const HEIGHT = 200; // px of one grid, so that title, equation and this fit one screen

/** Channel rows from above to below, over all the branches. */
const linesOf = (data) => data.branches.flatMap((branch) => branch.channels.map((channel, i) => ({
  ...channel, branch, last: i === branch.channels.length - 1,
  title: [branch.name, channel.name].filter(Boolean).join(" "),
})));

/** Largest even cell for `rows` cells in a height; tall kernels may be taller rather than lose their numbers. */
function tallest(rows, columns, height) {
  const size = height / rows;
  return size < READABLE && rows > columns && height === HEIGHT ? Math.max(size, Math.min(READABLE, 360 / rows)) : size;
}

/** Where everything goes in `width` px: the first arrangement whose numbers can be read well, else the roomiest. */
function arrange(width, rows, columns, lines) {
  const largest = Math.min(44, tallest(rows, columns, lines > 3 ? 100 : lines > 2 ? 144 : lines > 1 ? 180 : HEIGHT));
  const plan = (layout, sign, room, limit = largest) => ({ layout, sign, cell: wholeCell(Math.min(limit, room / columns)) });
  if (lines > 1) {
    const cap = Math.min(largest, lines > 2 ? 32 : 40);
    const sign = width >= 700 ? 36 : width >= 560 ? 26 : 12;
    const rest = width - 3 * sign - (width >= 560 ? 84 + 20 : 46 + 14);
    const beside = { ...plan("row", sign, (rest - 230) / 3, cap), beside: true };
    const below = { ...plan("row", sign, rest / 3, cap), beside: false };
    return width >= 560 && (beside.cell >= READABLE || below.cell < READABLE) ? beside : below;
  }
  const wide = width >= 700;
  const sign = width >= 880 ? 48 : wide ? 40 : 26;
  const row = plan("row", sign, (width - 3 * sign - 150) / 3);
  const pairs = plan("pairs", 22, (width - 44) / 2);
  const stack = plan("stack", wide ? 40 : 22, width - (wide ? 40 : 22));
  const strip = columns >= 4 * rows || (rows <= 2 && columns >= 8);
  const plans = strip ? [row, stack, pairs] : [row, pairs, stack];
  for (const enough of strip ? [28, READABLE, 10] : [READABLE, 10]) {
    const found = plans.find(({ cell }) => cell >= enough);
    if (found) return found;
  }
  return plans.reduce((best, one) => (one.cell > best.cell ? one : best));
}

/** A number on the way to the result: with digits enough that the steps add up on the screen. */
const step = (value, digits = 6) => numeral(value, digits);

/** "3 + 4 − 5". */
const signedSum = (values) => values.map((value, i) => {
  if (i === 0) return step(value);
  return isNumber(value) && value < 0 ? ` ${MINUS} ${step(-value)}` : ` + ${step(value)}`;
}).join("");
const inBrackets = (value) => (isNumber(value) && value < 0 ? `(${step(value)})` : step(value));

/** The name of a branch's number, g with the direction below it. */
const gradient = (name) => element("span", {}, "g", element("sub", {}, name));

/** The steps between the products and the result, one a line, each with its own numbers. */
function stepsOf(data) {
  const steps = [];
  for (const { name, channels, bias, total } of data.branches) {
    const several = channels.length > 1;
    const sums = channels.map(({ sum }) => sum);
    if (data.combine === "magnitude") {
      if (several || bias !== 0) steps.push([gradient(name), " = ", `${signedSum([...sums, bias])} = ${step(total)}`]);
    } else if (several) {
      steps.push(["sum of the channels + bias"], [signedSum([...sums, bias])]);
    } else {
      steps.push([`sum ${step(sums[0])} + bias ${step(bias)}`]);
    }
  }
  if (data.combine === "magnitude") {
    const squares = (of) => ["√(", ...data.branches.flatMap((branch, i) => [i ? " + " : "", of(branch), "²"]), ")"];
    steps.push(squares(({ name }) => gradient(name)), squares(({ total }) => inBrackets(total)));
  }
  if (data.relu) steps.push([`max(0, ${step(data.combine ? data.result : data.branches[0].total)})`]);
  return steps;
}

/** The written-out value where the large figures have been rounded, else nothing. */
function roundedAway(shown, exact) {
  const read = (text) => Number(text.replaceAll(",", "").replaceAll(MINUS, "-"));
  return exact && Number.isFinite(read(exact)) && read(shown) !== read(exact) ? exact.replaceAll("-", MINUS) : "";
}

const traceView = instances((parentElement) => {
  const stop = new AbortController();
  const { signal } = stop;
  const parts = element("div", { class: "parts" });
  const readout = element("div", { class: "readout quiet", "aria-live": "polite" });
  const captions = PARTS.map(() => element("div", { class: "caption quiet" }));
  const steps = element("div", { class: "steps quiet" });
  const value = element("div", { class: "value" });
  const exact = element("div", { class: "exact quiet" });
  const result = element("div", { class: "result" }, steps, value, exact);
  const bracket = element("div", { class: "bracket", "aria-hidden": "true" });
  const stage = element("div", { class: "trace", role: "group" }, parts, readout);
  const root = element("div", { class: "lab" }, stage);
  parentElement.append(root);
  keepKeysInside(root, signal);

  const view = { data: null, theme: null };
  const rows = []; // one a channel: { name, grids, signs, partial }
  let lines = [];
  let hovered = null; // { line, row, column }
  let focused = null;

  function addRow(line) {
    const tell = (place) => place && { line, ...place };
    const grids = PARTS.map(() => heatGrid({
      signal,
      hover: (place) => { hovered = tell(place); link(); },
      focus: (place) => { focused = tell(place); link(); },
    }));
    rows.push({
      grids,
      name: element("div", { class: "name quiet" }),
      signs: [TIMES, "=", "Σ"].map((text) => element("div", { class: "sign" }, text)),
      partial: element("div", { class: "partial" }),
    });
  }

  /** Outline the same cell in the three grids and spell its product out. */
  function link() {
    const exists = (one) => one && lines[one.line]?.patch[one.row]?.[one.column] !== undefined;
    const place = [hovered, focused].find(exists);
    rows.forEach(({ grids }, line) => grids.forEach((grid) => grid.mark(place && place.line === line ? { row: place.row, column: place.column } : null)));
    readout.classList.toggle("quiet", !place);
    if (!place) {
      const made = lines.some(({ outside }) => outside?.some((line) => line.some(Boolean)));
      readout.textContent = made
        ? "Hatched cells lie outside the picture: the border rule fills them."
        : "Point at a cell, or go through the cells with the arrow keys, to see its product.";
      return;
    }
    const { patch, weights, products, outside, title } = lines[place.line];
    const of = (grid) => exactly(grid[place.row][place.column]);
    const start = title ? `${title}, row` : "Row";
    const end = outside?.[place.row]?.[place.column] ? ` (${of(patch)} comes from the border rule)` : "";
    readout.textContent = `${start} ${place.row}, column ${place.column} of the window: ${of(patch)} ${TIMES} ${of(weights)} = ${of(products)}${end}`;
  }

  function paintRow(index, cell, write) {
    const { data, theme } = view;
    const { patch, weights, products, outside, title } = lines[index];
    const values = [patch, weights, products];
    const colours = [
      (number) => greyCell(theme, number, data.patch_low, data.patch_high),
      (number) => signedCell(theme, number, data.weight_bound),
      (number) => signedCell(theme, number, data.product_bound),
    ];
    values.forEach((grid, part) => {
      const fit = write[part];
      rows[index].grids[part].draw({
        rows: patch.length, columns: patch[0].length, cell, font: fit?.font ?? SMALLEST_FIGURES,
        label: title ? `${PARTS[part]}, ${title}` : PARTS[part],
        paint: (row, column) => {
          const number = grid[row][column];
          const made = part === 0 && Boolean(outside?.[row]?.[column]);
          return {
            colour: colours[part](number), text: fit ? fit.write(number) : "", outside: made,
            label: `row ${row}, column ${column}: ${exactly(number)}${made ? ", from the border rule" : ""}`,
          };
        },
      });
    });
  }

  /** Put every part in its place of the CSS grid. */
  function place({ layout, sign, beside, cell }, columns) {
    const at = (node, row, column, toRow = row + 1, toColumn = column + 1) => { node.style.gridArea = `${row} / ${column} / ${toRow} / ${toColumn}`; };
    const several = rows.length > 1;
    const [first] = rows;
    let template;
    if (layout === "row") {
      const names = !several ? "0px" : sign < 20 ? "14px" : "20px";
      template = `${names} auto ${sign}px auto ${sign}px auto ${sign}px auto ${several && beside ? `${Math.max(sign, 28)}px auto` : ""}`;
      rows.forEach((row, i) => {
        at(row.name, i + 1, 1);
        row.grids.forEach((grid, part) => at(grid.node, i + 1, 2 + 2 * part));
        row.signs.forEach((node, part) => at(node, i + 1, 3 + 2 * part));
        at(row.partial, i + 1, 8);
      });
      captions.forEach((node, part) => at(node, rows.length + 1, 2 + 2 * part));
      if (!several) at(result, 1, 8);
      else if (beside) { at(bracket, 1, 9, rows.length + 1); at(result, 1, 10, rows.length + 1); }
      else at(result, rows.length + 2, 1, rows.length + 3, 9);
    } else if (layout === "pairs") {
      template = `${sign}px auto ${sign}px auto`;
      first.grids.forEach((grid, part) => at(grid.node, part < 2 ? 1 : 3, part === 1 ? 4 : 2));
      captions.forEach((node, part) => at(node, part < 2 ? 2 : 4, part === 1 ? 4 : 2));
      [[1, 3], [3, 1], [3, 3]].forEach(([row, column], part) => at(first.signs[part], row, column));
      at(result, 3, 4);
    } else {
      template = `${sign}px auto ${sign}px auto`;
      first.grids.forEach((grid, part) => at(grid.node, 1 + 2 * part, 2));
      captions.forEach((node, part) => at(node, 2 + 2 * part, 2));
      at(first.signs[0], 3, 1);
      at(first.signs[1], 5, 1);
      const right = width.width - 2 * sign - columns * cell >= 150;
      at(first.signs[2], right ? 5 : 7, right ? 3 : 1);
      if (right) at(result, 4, 4, 7); // over the captions above and below the products, so that it takes no height
      else at(result, 7, 2);
    }
    parts.style.gridTemplateColumns = template;
    parts.classList.toggle("tight", sign < 20);
    bracket.hidden = !(several && beside);
    bracket.style.display = bracket.hidden ? "none" : "";
  }

  function paint() {
    const { data } = view;
    lines = linesOf(data);
    const [height, columns] = [lines[0].patch.length, lines[0].patch[0].length];
    const plan = arrange(width.width, height, columns, lines.length);
    if (rows.length !== lines.length) {
      while (rows.length < lines.length) addRow(rows.length);
      rows.length = lines.length;
      parts.replaceChildren(...rows.flatMap(({ name, grids, signs, partial }) =>
        [name, ...grids.flatMap((grid, part) => [grid.node, signs[part]]), partial]), ...captions, bracket, result);
    }
    const family = getComputedStyle(root).fontFamily;
    const all = ["patch", "weights", "products"].map((part) => lines.flatMap((line) => line[part].flat()));
    // Each grid has its own precision, all three the same size of figures.
    const fits = all.map((values) => fitNumbers(values, plan.cell, family));
    const font = Math.min(...fits.map((fit) => fit?.font ?? SMALLEST_FIGURES));
    rows.forEach((row, index) => {
      const line = lines[index];
      paintRow(index, plan.cell, fits.map((fit) => fit && { ...fit, font }));
      row.name.textContent = line.title;
      row.partial.replaceChildren();
      if (lines.length === 1) return;
      const single = data.combine === "magnitude" && line.branch.channels.length === 1 && line.branch.bias === 0;
      if (single) row.partial.append(element("span", { class: "quiet" }, gradient(line.branch.name)));
      row.partial.append(step(line.sum, plan.sign < 20 ? 4 : 6));
    });
    place(plan, columns);
    captions.forEach((node, part) => {
      const name = part === 1 && data.flipped ? "kernel, flipped" : PARTS[part];
      node.textContent = plan.cell < READABLE && columns * plan.cell >= 110 ? `${name} · ${spread(all[part])}` : name;
    });
    steps.replaceChildren(...stepsOf(data).map((line) => element("div", {}, ...line)));
    const shown = numeral(data.result);
    value.textContent = (lines.length > 1 || data.relu ? "= " : "") + shown;
    value.classList.toggle("long", shown.length > 7);
    const hidden = roundedAway(shown, data.exact);
    exact.textContent = hidden && `exactly ${hidden}`;
    stage.setAttribute("aria-label", `one output number taken apart, row ${data.row}, column ${data.col}`);
    readout.classList.toggle("narrow", width.width < 560);
    link();
  }

  const width = watchWidth(root, () => { if (view.data) paint(); });
  document.fonts?.ready.then(() => { if (view.data && !signal.aborted) paint(); });

  view.update = (data) => {
    Object.assign(view, { data, theme: readTheme(parentElement) });
    paint();
  };
  view.close = () => { stop.abort(); width.stop(); };
  return view;
});

export default function ({ data, parentElement }) {
  const view = traceView(parentElement);
  if (data?.branches?.[0]?.channels?.length) view.update(data);
  return view.close;
}
