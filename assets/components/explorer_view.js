// What the explorer shows: the equation of grids, what lights up, and the written sum.

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
      const partial = element("span", { class: "partial number", "aria-hidden": "true" }, document.createTextNode(""));
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
  const level = model.kernel.row_labels && model.kernel.rows === model.inRows ? " level" : ""; // the same rows: they stand beside each other
  const equation = element("div", { class: `equation${level}` }, channelList);
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
  const place = element("div", { class: "place quiet" }, document.createTextNode(""));
  const lines = element("div", { class: "lines" });
  const sizer = element("div", { class: "lines sizer", "aria-hidden": "true" });
  // What is said lies over the room for the longest sum; where it follows the eye, it covers no more than it needs.
  const panel = element("div", { class: "panel" }, place, lines);
  const readout = element("div", { class: "readout", "aria-hidden": "true" }, element("div", { class: "room" }, sizer), panel);
  const pool = []; // one entry a line: its elements, reused at every move

  function lineAt(i) {
    if (!pool[i]) {
      const parts = {
        label: element("span", { class: "label quiet" }, document.createTextNode("")), terms: [],
        open: element("span", {}, document.createTextNode("")), result: element("span", { class: "equals" }, document.createTextNode("")),
      };
      parts.root = element("div", { class: "line number" }, parts.label, " ", parts.open, parts.result);
      pool[i] = parts;
      lines.append(parts.root);
    }
    hide(pool[i].root, false);
    return pool[i];
  }

  // Only what differs is written: of a sum much stays the same from place to place.
  const say = (node, text) => { if (node.data !== text) node.data = text; };
  const name = (node, className) => { if (node.className !== className) node.className = className; };
  const hide = (node, hidden) => { if (node.hidden !== hidden) node.hidden = hidden; };

  function writeLine(i, line, last) {
    const parts = lineAt(i);
    say(parts.label.firstChild, line.label);
    say(parts.open.firstChild, line.open);
    while (parts.terms.length < line.terms.length) {
      const number = document.createTextNode(""), tail = document.createTextNode("");
      const root = element("span", { class: "term" }, element("span", {}, number), tail);
      parts.terms.push({ root, number, tail });
      parts.result.before(root, " "); // the space lets a long sum wrap
    }
    parts.terms.forEach(({ root, number, tail }, t) => {
      const written = line.terms[t];
      hide(root, !written);
      if (!written) return;
      const term = written.term;
      say(number, written.text);
      say(tail, written.tail);
      name(root, term?.winner ? "term winner" : term && isNothing(term) ? "term nothing" : "term");
    });
    say(parts.result.firstChild, line.result ? `${line.equals} ${line.result}` : "");
    name(parts.result, last ? "equals total" : "equals");
    name(parts.root, line.result ? "line number" : "line number sentence");
  }

  const hideLines = (from) => pool.slice(from).forEach((parts) => hide(parts.root, true));

  // What lights up: drawn above the grids; the cells carry it as classes, too, which no style reads ---------------------
  let lit = new Map(), next = new Map();
  const isNothing = (term) => model.reduce === "sum" && term.weight === 0;
  function light(sheet, row, column, names, note, faint = false) {
    const cell = sheet.cells[row][column];
    if (!next.has(cell)) next.set(cell, { sheet, row, column, names, note, faint, kind: names[names.length - 1] });
  }
  /** Show what was lit since the last call, and nothing else. */
  function lightUp() {
    for (const [cell, { names, note }] of lit) {
      if (!next.has(cell) || next.get(cell).names.join() !== names.join()) cell.classList.remove(...names);
      if (note !== undefined && next.get(cell)?.note === undefined) cell.removeAttribute("data-note");
    }
    for (const [cell, { names, note }] of next) {
      if (!names.every((one) => cell.classList.contains(one))) cell.classList.add(...names);
      if (note !== undefined && cell.dataset.note !== note) cell.dataset.note = note;
    }
    const marks = new Map(all.map((sheet) => [sheet, []]));
    for (const mark of next.values()) marks.get(mark.sheet).push(mark);
    for (const [sheet, list] of marks) sheet.light(list);
    lit = next;
    next = new Map();
  }
  const surround = (frames) => all.forEach((sheet) => sheet.surround(...(frames.get(sheet) ?? [null])));
  function note(term, divisor, sheet) {
    if (!sheet.hasNotes()) return undefined;
    if (model.reduce === "sum") {
      const room = sheet.noteRoom(), weight = fitNumber(term.weight, room, model.kernel.decimals);
      return weight.length < room ? TIMES + weight : weight;
    }
    if (!term.counts) return "\u2013";
    if (model.reduce === "max") return term.winner ? "max" : undefined;
    return model.sameDivisors ? undefined : `\u00f7${divisor}`;
  }

  /** Show how output cell (plane, r, c) is made; returns a function that says it in a sentence, for screen readers. */
  function showOutput(plane, r, c, marked = "") {
    light(sheets.output[plane], r, c, ["here"]);
    const divisor = model.output.divisors?.[plane][r][c], groups = model.termsOf(plane, r, c), frames = new Map();
    for (const terms of groups) {
      if (!terms.length) continue;
      const sheet = sheets.input[terms[0].plane];
      for (const term of terms) {
        const names = [term.counts ? "in" : "out", ...(term.winner ? ["best"] : [])];
        light(sheet, term.row, term.column, names, note(term, divisor, sheet), isNothing(term));
      }
      const first = terms[0], last = terms[terms.length - 1];
      const rows = [first.row, last.row].sort((a, b) => a - b), columns = [first.column, last.column].sort((a, b) => a - b);
      frames.set(sheet, [[rows[0], columns[0]], [rows[1], columns[1]]]);
    }
    lightUp();
    surround(frames);
    const written = model.written(plane, r, c, groups);
    say(place.firstChild, `Output ${model.outputPlace(plane, r, c)}${marked && ` \u00b7 ${marked}`}`);
    written.forEach((line, i) => writeLine(i, line, i === written.length - 1));
    hideLines(written.length);
    partials.forEach((node, i) => say(node.firstChild, written[i] ? `${written[i].equals} ${written[i].result}` : ""));
    return () => `${model.outputPlace(plane, r, c)}: ${written.map((line) => model.plainLine(line)).join("; ")}`;
  }

  /** Show which outputs read input cell (plane, row, column). */
  function showInput(plane, row, column) {
    light(sheets.input[plane], row, column, ["here"]);
    const readers = model.readersOfCell(plane, row, column);
    for (const reader of readers) {
      const divisor = model.output.divisors?.[reader.plane][reader.r][reader.c];
      const sheet = sheets.output[reader.plane];
      light(sheet, reader.r, reader.c, [reader.counts ? "in" : "out", ...(reader.winner ? ["best"] : [])], note(reader, divisor, sheet), isNothing(reader));
    }
    lightUp();
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
    light(sheets.kernel[plane], row, column, ["here"]);
    const under = model.cellsUnderWeight(plane, row, column);
    for (const cell of under) light(sheets.input[cell.plane], cell.row, cell.column, ["tap"]);
    lightUp();
    const where = `${kernelName(plane)}, row ${row}, column ${column}`;
    const what = model.kernel.planes ? `weight ${model.weightText(model.kernel.planes[plane][row][column])} multiplies` : "this place of the window reads";
    return sentence(where, `${what[0].toUpperCase()}${what.slice(1)} each of ${under.length} input cells once.`);
  }

  /** "Kernel Red", where there are several. */
  const kernelName = (plane) => `${model.kernel.title} ${(channels > 1 && model.kernel.planes && model.input.names?.[plane]) || ""}`.trim();

  function sentence(where, text) {
    surround(new Map());
    partials.forEach((node) => say(node.firstChild, ""));
    say(place.firstChild, where);
    writeLine(0, { label: "", open: text, terms: [], result: "" }, false);
    hideLines(1);
    return () => `${where}: ${text}`;
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
      caption(sheet, kernelName(i), by(kernel.rows, kernel.columns), kernel.note || (kernel.planes ? sum(kernel.planes[i]) : "")));
    sheets.output.forEach((sheet, i) =>
      caption(sheet, output.names?.[i] ?? output.title, by(model.outRows, model.outColumns), range(output.planes[i]), i ? "" : output.note));
  }

  let longest = [];
  function fill() {
    const { input, kernel, output } = model;
    const blank = Array.from({ length: kernel.rows }, () => Array(kernel.columns).fill(null));
    const spoken = (write, instead) => (value) => (value === null ? instead : write(value));
    sheets.input.forEach((sheet, i) => sheet.fill(input.planes[i], input.decimals, spoken(model.inputText, "no cell")));
    sheets.kernel.forEach((sheet, i) =>
      sheet.fill(kernel.planes?.[i] ?? blank, kernel.decimals, spoken(model.weightText, "part of the window")));
    sheets.output.forEach((sheet, i) => sheet.fill(output.planes[i], output.decimals, model.outputText));
    captions();
    longest = model.longestLines();
    sizer.replaceChildren(...longest.map(({ label, text }) =>
      element("div", { class: "line number" }, element("span", { class: "label" }, label), " ", text)));
  }

  function paint(theme) {
    const scaled = (scale, value) => {
      if (scale.kind === "pixels") return greyColour(value, scale.low, scale.high);
      if (scale.kind === "amount") return amountColour(theme, value, scale.bound);
      return signedColour(theme, value, scale.bound);
    };
    sheets.input.forEach((sheet) => sheet.paint((value) => scaled(model.input.scale, value), theme));
    sheets.kernel.forEach((sheet) => sheet.paint((value) => scaled(model.kernel.scale, value), theme));
    sheets.output.forEach((sheet) => sheet.paint((value) => scaled(model.output.scale, value), theme));
  }

  let sized = "";
  function resize(width, height) {
    const captionsOf = (part) => sheets[part].map((sheet) => sheet.caption.textContent);
    const words = { input: captionsOf("input"), kernel: captionsOf("kernel"), output: captionsOf("output"), lines: longest };
    const now = JSON.stringify([width, height, words, model.data.above]);
    if (now === sized) return;
    sized = now;
    const sizes = explorerSizes(model, width, height, words);
    equation.dataset.mode = sizes.mode;
    readout.dataset.fit = sizes.fit;
    equation.style.setProperty("--caption", `${captionWidth(width, sizes.mode)}px`);
    sheets.input.forEach((sheet) => sheet.resize(sizes.cell));
    sheets.kernel.forEach((sheet) => sheet.resize(sizes.kernelCell));
    sheets.output.forEach((sheet) => sheet.resize(sizes.outCell));
  }

  return { sheets, equation, readout, showOutput, showInput, showWeight, fill, paint, resize };
}
