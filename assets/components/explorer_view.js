// What the explorer shows: the equation of grids, how large its cells are, what lights up, and the written sum.

const LARGEST_CELL = 44, NUMBER_CELL = 24, SIGN_WIDTH = 44, CAPTION = 30, GAP = 14, TALLEST = 500;

/** A caption makes its grid's column at most so wide; a longer one wraps. */
const captionWidth = (width) => (width < 500 ? 108 : 150);

/**
 * How the equation is arranged in `width` pixels, and how large its cells are: {mode, cell, kernelCell, outCell}.
 * "line": channels under one another, the output beside them; "list": the output below them; "under": the input above,
 * kernel and output below; "row": channels side by side, the output below; "aside": each kernel below its channel,
 * the output at the end of the row; "columns": the same, the output below; "wrap": everything below one another.
 * The largest cells that fit a window's height win (in one line they may be smaller), else the lowest arrangement.
 */
function explorerSizes(model, width) {
  const { inRows, inColumns, outRows, outColumns, kernel, oneToOne } = model;
  const channels = model.input.planes.length, several = channels > 1, outputs = oneToOne ? 1 : model.output.planes.length;
  const inHead = headWidth(model.input.row_labels), outHead = headWidth(model.output.row_labels);
  const [kernelRows, kernelColumns] = kernel.hidden ? [0, 0] : [kernel.rows, kernel.columns];
  const kernelSpace = (kernel.hidden ? 0 : headWidth(kernel.row_labels)) + (model.data.sign.length > 2 ? 96 : SIGN_WIDTH);
  const partial = several && kernel.planes && !oneToOne ? 26 : 0; // the line of a partial sum, below its kernel
  const answer = SIGN_WIDTH + (model.data.bias ? 84 : 0) + outHead;
  const tallest = oneToOne ? TALLEST + 120 : TALLEST;
  const captioned = (columns, cell) => (columns ? Math.max(columns * cell, captionWidth(width)) : 0);
  const inWidth = (cell) => inHead + captioned(inColumns, cell), kernelWidth = (cell) => kernelSpace + captioned(kernelColumns, cell);
  const outWidth = (cell) => answer + captioned(outColumns, cell), outHeight = (cell) => outputs * (outRows * cell + CAPTION);
  const blockWidth = (cell) => Math.max(inWidth(cell), kernel.hidden ? 0 : kernelWidth(cell)); // a channel above its kernel
  const blockHeight = (cell) => (inRows + kernelRows) * cell + 2 * CAPTION + partial;
  const pair = (cell) => inWidth(cell) + kernelWidth(cell); // a channel beside its kernel
  const list = (cell) => channels * (inRows * cell + CAPTION + GAP);
  const beside = several && !oneToOne;
  const arrangements = {
    line: (cell, out) => [pair(cell) + outWidth(out), Math.max(list(cell), outHeight(out))],
    aside: beside && ((cell, out) => [channels * (blockWidth(cell) + 36) + outWidth(out), blockHeight(cell)]),
    row: beside && ((cell, out) => [Math.max(channels * (pair(cell) + 36), outWidth(out)), inRows * cell + CAPTION + outHeight(out)]),
    columns: beside && ((cell, out) => [Math.max(channels * (blockWidth(cell) + 16), outWidth(out)), blockHeight(cell) + outHeight(out)]),
    under: !several && ((cell, out) => [
      Math.max(inWidth(cell), kernelWidth(cell) + outWidth(out)),
      inRows * cell + CAPTION + Math.max(kernelRows * cell + CAPTION, outHeight(out)),
    ]),
    list: !oneToOne && ((cell, out) => [Math.max(pair(cell), outWidth(out)), list(cell) + outHeight(out)]),
  };
  const fitting = [];
  for (const [mode, measure] of Object.entries(arrangements)) {
    for (let cell = LARGEST_CELL; measure && cell >= NUMBER_CELL; cell -= 1) {
      const smaller = outColumns > 20 && outRows > 1 ? Math.min(cell, Math.max(Math.floor((width * 0.45) / outColumns), 10)) : cell;
      const found = [cell, smaller].map((outCell) => [outCell, ...measure(cell, outCell)])
        .find(([, across, down]) => across + 4 <= width && (down <= tallest || cell === NUMBER_CELL));
      if (!found) continue;
      fitting.push({ mode, cell, kernelCell: cell, outCell: found[0], down: found[2] });
      break;
    }
  }
  const low = fitting.filter((sizes) => sizes.down <= tallest);
  const worth = (sizes) => sizes.cell * (sizes.mode === "line" ? 1.4 : 1); // an equation is read from left to right
  if (low.length) return low.reduce((best, sizes) => (worth(sizes) > worth(best) ? sizes : best));
  if (fitting.length) return fitting.reduce((best, sizes) => (sizes.down < best.down ? sizes : best));

  const fit = (columns, head, most) => Math.max(Math.min(most, Math.floor((width - head - 4) / columns)), 6);
  const most = Math.max(NUMBER_CELL, Math.min(LARGEST_CELL, Math.floor(TALLEST / inRows / channels)));
  const cell = fit(inColumns, inHead, most);
  const kernelCell = fit(kernelColumns || 1, kernelSpace, Math.max(cell, NUMBER_CELL));
  return { mode: "wrap", cell, kernelCell, outCell: fit(outColumns, outHead, Math.max(cell, NUMBER_CELL)) };
}

/** The elements of one explorer. `model` is refilled in place when the numbers change and the shapes do not. */
function explorerView(model) {
  const channels = model.input.planes.length;
  const size = (rows, columns) => `${rows} by ${columns}`;
  const named = (title, names, plane) => (names?.[plane] ? `${title}, ${names[plane]}` : title);
  const sheets = {
    input: model.input.planes.map((_, plane) => explorerSheet({
      where: "input", plane, editable: model.data.editable.input, rows: model.inRows, columns: model.inColumns,
      name: `${named(model.input.title, model.input.names, plane)}, ${size(model.inRows, model.inColumns)}`,
      row_labels: model.input.row_labels, column_labels: model.input.column_labels,
      place: (r, c) => model.inputPlace(plane, r, c),
      sort: (r, c) => `${model.kind(r, c)}${model.neverRead(r, c) ? " unread" : ""}${model.cuts(r, c)}`,
    })),
    kernel: model.kernel.hidden ? [] : (model.kernel.planes ?? (model.oneToOne ? model.input.planes : [null])).map((_, plane) => explorerSheet({
      where: "kernel", plane, editable: model.data.editable.kernel && model.kernel.planes, rows: model.kernel.rows, columns: model.kernel.columns,
      name: `${named(model.kernel.title, model.input.names, model.kernel.planes ? plane : -1)}, ${size(model.kernel.rows, model.kernel.columns)}`,
      row_labels: model.kernel.row_labels, column_labels: model.kernel.column_labels,
      place: (r, c) => `row ${r}, column ${c}`, sort: () => (model.kernel.planes ? "weight" : "weight empty"),
    })),
    output: model.output.planes.map((_, plane) => explorerSheet({
      where: "output", plane, rows: model.outRows, columns: model.outColumns,
      name: `${named(model.output.title, model.output.names, plane)}, ${size(model.outRows, model.outColumns)}`,
      row_labels: model.output.row_labels, column_labels: model.output.column_labels,
      place: (r, c) => model.outputPlace(plane, r, c), sort: () => "made",
    })),
  };
  const all = [...sheets.input, ...sheets.kernel, ...sheets.output];

  // The equation -----------------------------------------------------------------------------------------------------
  const sign = (text, name, extra = "") => element("span", { class: `sign ${text.length > 2 ? "word" : ""} ${extra}`, role: "img", "aria-label": name }, text);
  const partials = [];
  const channelBlocks = sheets.input.map((sheet, i) => {
    const pair = model.sources.flat().find(([from]) => from === i);
    const window = model.kernel.hidden ? null : sheets.kernel[pair?.[1] ?? i];
    const block = element("div", { class: "channel" }, sheet.root);
    if (window) block.append(element("div", { class: "with" }, sign(model.data.sign, model.data.operation), window.root));
    if (channels > 1 && model.kernel.planes && !model.oneToOne) {
      const partial = element("span", { class: "partial number", "aria-hidden": "true" });
      partials.push(partial);
      window.root.append(partial); // below the caption of its kernel
    }
    if (model.oneToOne) {
      const end = element("div", { class: "with" }, sign("=", "equals"), sheets.output[i].root);
      if (model.kernel.hidden) end.prepend(sign(model.data.sign, model.data.operation));
      block.append(end);
    }
    return block;
  });
  const channelList = element("div", { class: "channels" }, ...channelBlocks);
  const equation = element("div", { class: "equation" }, channelList);
  if (!model.oneToOne) {
    const answer = element("div", { class: "answer" });
    if (model.kernel.hidden) answer.append(sign(model.data.sign, model.data.operation));
    if (model.data.bias) {
      const [bias] = model.data.bias, negative = typeof bias === "number" && bias < 0;
      const text = `${negative ? MINUS : "+"} ${model.weightText(negative ? -bias : bias)}`;
      answer.append(element("span", { class: "sign bias number" }, text, element("small", { class: "quiet" }, "bias")));
    }
    answer.append(sign("=", "equals"), element("div", { class: "outputs" }, ...sheets.output.map((sheet) => sheet.root)));
    equation.append(answer);
  }

  // The readout ------------------------------------------------------------------------------------------------------
  const place = element("div", { class: "place quiet" });
  const lines = element("div", { class: "lines" });
  const sizer = element("div", { class: "lines sizer", "aria-hidden": "true" });
  const readout = element("div", { class: "readout", "aria-hidden": "true" }, place, element("div", { class: "sums" }, sizer, lines));
  const pool = []; // one entry a line: its elements, reused at every move

  function lineAt(i) {
    if (!pool[i]) {
      const parts = {
        label: element("span", { class: "label quiet" }), open: element("span"), result: element("span", { class: "equals" }), terms: [],
      };
      parts.root = element("div", { class: "line number" }, parts.label, " ", parts.open, parts.result);
      pool[i] = parts;
      lines.append(parts.root);
    }
    pool[i].root.hidden = false;
    return pool[i];
  }

  function writeLine(i, line, last) {
    const parts = lineAt(i);
    parts.label.textContent = line.label;
    parts.open.textContent = line.open;
    while (parts.terms.length < line.terms.length) {
      const number = element("span"), tail = document.createTextNode("");
      const root = element("span", { class: "term" }, number, tail);
      parts.terms.push({ root, number, tail });
      parts.result.before(root, " "); // the space lets a long sum wrap
    }
    parts.terms.forEach(({ root, number, tail }, t) => {
      const written = line.terms[t];
      root.hidden = !written;
      if (!written) return;
      const term = written.term;
      number.textContent = written.text;
      tail.data = written.tail;
      root.className = term?.winner ? "term winner" : term && isNothing(term) ? "term nothing" : "term";
    });
    parts.result.textContent = line.result ? `= ${line.result}` : "";
    parts.result.classList.toggle("total", last);
    parts.root.classList.toggle("sentence", !line.result);
  }

  const hideLines = (from) => pool.slice(from).forEach((parts) => { parts.root.hidden = true; });

  // What lights up ---------------------------------------------------------------------------------------------------
  let lit = [];
  const isNothing = (term) => model.reduce === "sum" && term.weight === 0;
  function light(cell, names, note, faint = false) {
    cell.classList.add(...names);
    if (faint) cell.classList.add("faint");
    if (note !== undefined) cell.dataset.note = note;
    lit.push(cell);
  }
  function darken() {
    for (const cell of lit) {
      cell.classList.remove("in", "here", "out", "best", "tap", "faint");
      delete cell.dataset.note;
    }
    lit = [];
    all.forEach((sheet) => sheet.surround(null));
    partials.forEach((node) => { node.textContent = ""; });
  }
  const note = (term, divisor, sheet) => {
    if (model.reduce === "sum") {
      const room = sheet.noteRoom(), weight = fitNumber(term.weight, room, model.kernel.decimals);
      return weight.length < room ? TIMES + weight : weight;
    }
    if (!term.counts) return "\u2013";
    if (model.reduce === "max") return term.winner ? "max" : undefined;
    return `\u00f7${divisor}`;
  };

  /** Show how output cell (plane, r, c) is made; returns the sentence for screen readers. */
  function showOutput(plane, r, c, pinned = false) {
    darken();
    light(sheets.output[plane].cells[r][c], ["here"]);
    const divisor = model.output.divisors?.[plane][r][c];
    model.termsOf(plane, r, c).forEach((terms) => {
      if (!terms.length) return;
      const sheet = sheets.input[terms[0].plane];
      for (const term of terms) {
        light(sheet.cells[term.row][term.column], [term.counts ? "in" : "out", ...(term.winner ? ["best"] : [])], note(term, divisor, sheet), isNothing(term));
      }
      const first = terms[0], last = terms[terms.length - 1];
      const rows = [first.row, last.row].sort((a, b) => a - b), columns = [first.column, last.column].sort((a, b) => a - b);
      sheet.surround([rows[0], columns[0]], [rows[1], columns[1]]);
    });
    const written = model.written(plane, r, c);
    place.textContent = `Output ${model.outputPlace(plane, r, c)}${pinned ? " \u00b7 pinned" : ""}`;
    written.forEach((line, i) => writeLine(i, line, i === written.length - 1));
    hideLines(written.length);
    partials.forEach((node, i) => { node.textContent = written[i] ? `= ${written[i].result}` : ""; });
    return `${model.outputPlace(plane, r, c)}: ${written.map((line) => model.plainLine(line)).join("; ")}`;
  }

  /** Show which outputs read input cell (plane, row, column). */
  function showInput(plane, row, column) {
    darken();
    light(sheets.input[plane].cells[row][column], ["here"]);
    const readers = model.readersOfCell(plane, row, column);
    for (const reader of readers) {
      const divisor = model.output.divisors?.[reader.plane][reader.r][reader.c];
      const sheet = sheets.output[reader.plane];
      light(sheet.cells[reader.r][reader.c], [reader.counts ? "in" : "out", ...(reader.winner ? ["best"] : [])], note(reader, divisor, sheet), isNothing(reader));
    }
    const value = model.input.planes[plane][row][column];
    const number = value === null ? "no cell" : model.inputText(value);
    const won = readers.filter((reader) => reader.winner).length;
    let text = `feeds ${readers.length} of the ${model.steps} outputs`;
    if (model.dropped(row, column)) text = "is left over by the stride, so it is never read: no window reaches it";
    else if (readers.length === 0) text = "is never read: no window reaches it";
    else if (model.reduce === "sum") text += ", multiplied by the weight written on each";
    else if (model.reduce === "max") text += won ? `, and is the maximum of ${won}` : ", and is the maximum of none";
    else if (!readers.some((reader) => reader.counts)) text = `lies in ${readers.length} windows and counts in none`;
    return sentence(`Input ${model.inputPlace(plane, row, column)}`, `${number} ${text}.`);
  }

  /** Show which input cells one weight multiplies. */
  function showWeight(plane, row, column) {
    darken();
    light(sheets.kernel[plane].cells[row][column], ["here"]);
    const under = model.cellsUnderWeight(plane, row, column);
    for (const cell of under) light(sheets.input[cell.plane].cells[cell.row][cell.column], ["tap"]);
    const title = `${model.kernel.title} ${named("", model.input.names, channels > 1 && model.kernel.planes ? plane : -1).replace(", ", "")}`.trim();
    const name = `${title}, row ${row}, column ${column}`;
    const what = model.kernel.planes ? `weight ${model.weightText(model.kernel.planes[plane][row][column])} multiplies` : "this place of the window reads";
    return sentence(name, `${what[0].toUpperCase()}${what.slice(1)} each of ${under.length} input cells once.`);
  }

  function sentence(where, text) {
    place.textContent = where;
    writeLine(0, { label: "", open: text, terms: [], result: "" }, false);
    hideLines(1);
    return `${where}: ${text}`;
  }

  // Filling, sizing, colouring ---------------------------------------------------------------------------------------
  /** "Input · 6 × 6 · padded to 8 × 8"; a line breaks only behind a dot. */
  function caption(sheet, ...parts) {
    sheet.caption.textContent = parts.filter(Boolean).map((part) => part.replaceAll(" ", "\u00a0")).join("\u00a0\u00b7 ");
  }

  function captions() {
    const by = (rows, columns) => `${rows} ${TIMES} ${columns}`;
    const range = (plane) => {
      const numbers = plane.flat().filter((value) => typeof value === "number");
      if (!numbers.length) return "";
      return [...new Set([Math.min(...numbers), Math.max(...numbers)].map((value) => formatNumber(value)))].join(" to ");
    };
    const sum = (plane) => {
      const weights = plane.flat();
      if (weights.some((weight) => typeof weight !== "number")) return "";
      return `sum ${formatNumber(Number(weights.reduce((total, weight) => total + weight, 0).toFixed(9)))}`;
    };
    const { input, kernel, output } = model;
    const [top, bottom, left, right] = input.pad, [overRows, overColumns] = input.over;
    const rows = model.inRows - top - bottom - overRows, columns = model.inColumns - left - right - overColumns;
    const padded = top + bottom + left + right ? `padded to ${by(rows + top + bottom, columns + left + right)}` : "";
    sheets.input.forEach((sheet, i) => caption(sheet, input.names?.[i] ?? input.title, by(rows, columns), padded, i ? "" : input.note));
    sheets.kernel.forEach((sheet, i) =>
      caption(sheet, kernel.title, by(kernel.rows, kernel.columns), kernel.note || (kernel.planes ? sum(kernel.planes[i]) : "")));
    sheets.output.forEach((sheet, i) =>
      caption(sheet, output.names?.[i] ?? output.title, by(model.outRows, model.outColumns), range(output.planes[i]), i ? "" : output.note));
  }

  function fill() {
    const { input, kernel, output } = model;
    const blank = Array.from({ length: kernel.rows }, () => Array(kernel.columns).fill(null));
    const say = (write, instead) => (value) => (value === null ? instead : write(value));
    sheets.input.forEach((sheet, i) => sheet.fill(input.planes[i], input.decimals, say(model.inputText, "no cell")));
    sheets.kernel.forEach((sheet, i) =>
      sheet.fill(kernel.planes?.[i] ?? blank, kernel.decimals, say(model.weightText, "part of the window")));
    sheets.output.forEach((sheet, i) => sheet.fill(output.planes[i], output.decimals, model.outputText));
    captions();
    sizer.replaceChildren(...model.longestLines().map(({ label, text }) =>
      element("div", { class: "line number" }, element("span", { class: "label" }, label), " ", text)));
  }

  function paint(theme) {
    const scaled = (scale, value) => {
      if (scale.kind === "pixels") return greyColour(value, scale.low, scale.high);
      if (scale.kind === "amount") return amountColour(theme, value, scale.bound);
      return signedColour(theme, value, scale.bound);
    };
    sheets.input.forEach((sheet) => sheet.paint((value) => scaled(model.input.scale, value)));
    sheets.kernel.forEach((sheet) => sheet.paint((value) => scaled(model.kernel.scale, value)));
    sheets.output.forEach((sheet) => sheet.paint((value) => scaled(model.output.scale, value)));
  }

  function resize(width) {
    const sizes = explorerSizes(model, width);
    equation.dataset.mode = sizes.mode;
    equation.style.setProperty("--caption", `${captionWidth(width)}px`);
    sheets.input.forEach((sheet) => sheet.resize(sizes.cell));
    sheets.kernel.forEach((sheet) => sheet.resize(sizes.kernelCell));
    sheets.output.forEach((sheet) => sheet.resize(sizes.outCell));
    all.forEach((sheet) => sheet.measure());
    return sizes;
  }

  return { sheets, all, equation, readout, lines, showOutput, showInput, showWeight, darken, fill, paint, resize };
}
