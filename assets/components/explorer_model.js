// The explorer's model: which input cells an output cell reads, with what weight, and how that is written. No DOM here.

const EXPLORER_LONGEST = 64; // numbers of one sum written out; a longer one is shortened in its middle
const EXPLORER_FOLDS = 32; // from so many on, products with weight 0 are only counted where they are the most

/** A whole grid of numbers is fitted to its cells: at most `room` characters, the full number stands in the readout. */
function fitNumber(value, room, decimals) {
  const exact = exactNumber(value, decimals);
  if (typeof value === "string" || (typeof decimals === "number" && exact.length <= room)) return exact;
  for (const digits of [3, 2, 1]) {
    const text = formatNumber(value, digits).replaceAll(",", "");
    if (text.length <= room && text !== "0" && !text.includes("e")) return text;
  }
  for (const [size, unit] of [[1e3, "k"], [1e6, "M"], [1e9, "G"]]) {
    const text = formatNumber(Number((value / size).toPrecision(2)), 2) + unit;
    if (Math.abs(value) >= size && text.length <= room) return text;
  }
  const text = formatNumber(value, 1);
  for (const short of [text, text.replace("0.", ".")]) if (short.length <= room) return short;
  return Math.abs(value) < 1 ? "\u22480" : "\u2026";
}

const writtenNumbers = new Map(); // a locale's number format costs 20 microseconds, and the same numbers come again and again

/** Six significant digits, or with `decimals` as many places as the page promised, if they say the number exactly. */
function exactNumber(value, decimals = null) {
  if (typeof value !== "number") return formatNumber(value);
  const name = `${value}/${decimals}`;
  if (!writtenNumbers.has(name)) {
    if (writtenNumbers.size > 20_000) writtenNumbers.clear();
    const text = decimals === null ? "" : Math.abs(value).toFixed(decimals);
    const fits = decimals !== null && Math.abs(Number(text) - Math.abs(value)) <= 1e-6;
    writtenNumbers.set(name, fits ? (value < 0 && Number(text) !== 0 ? MINUS : "") + text : formatNumber(value, 6));
  }
  return writtenNumbers.get(name);
}

/** "=", or "\u2248" before a number that had to be rounded. */
function equalsSign(value, text) {
  const said = Number(text.replaceAll(",", "").replaceAll(MINUS, "-"));
  return typeof value !== "number" || Math.abs(said - value) <= 1e-9 * Math.max(Math.abs(value), 1) ? "=" : "\u2248";
}

function explorerModel(data) {
  const { input, kernel, output, taps, sources, reduce } = data;
  const [top, bottom, left, right] = input.pad;
  const [overRows, overColumns] = input.over;
  const inRows = input.planes[0].length, inColumns = input.planes[0][0].length;
  const outRows = output.planes[0].length, outColumns = output.planes[0][0].length;

  const along = (index, size, begin, end, over) =>
    index >= size - over ? "over" : index < begin || index >= size - over - end ? "pad" : "real";
  const rowKinds = Array.from({ length: inRows }, (_, r) => along(r, inRows, top, bottom, overRows));
  const columnKinds = Array.from({ length: inColumns }, (_, c) => along(c, inColumns, left, right, overColumns));

  /** "real", "pad" (the border rule filled it) or "over" (a window hangs out of the padded input). */
  function kind(row, column) {
    const pair = [rowKinds[row], columnKinds[column]];
    return pair.includes("over") ? "over" : pair.includes("pad") ? "pad" : "real";
  }

  // For each line of the input, the [output line, tap] pairs that read it.
  function readersOf(lists, size) {
    const readers = Array.from({ length: size }, () => []);
    lists.forEach((pairs, out) => pairs.forEach(([at, tap]) => readers[at].push([out, tap])));
    return readers;
  }
  const readers = { rows: readersOf(taps.rows, inRows), columns: readersOf(taps.columns, inColumns) };
  const weightOf = (plane, row, column) => (kernel.planes ? kernel.planes[plane][row][column] : null);
  const counts = (cellKind) => reduce === "sum" || cellKind === "real" || (reduce === "mean" && cellKind === "pad" && data.count_pad);
  const isWinner = (plane, r, c, from, row, column) => {
    const winner = output.winners?.[plane][r][c];
    return Boolean(winner) && winner[0] === from && winner[1] === row && winner[2] === column;
  };

  /** What output cell (plane, r, c) reads: one list for each of its sources (input channels). */
  function termsOf(plane, r, c) {
    return sources[plane].map(([from, weights]) => {
      const terms = [];
      for (const [row, tapRow] of taps.rows[r]) {
        for (const [column, tapColumn] of taps.columns[c]) {
          const cellKind = kind(row, column);
          terms.push({
            plane: from, row, column, weights, tapRow, tapColumn, kind: cellKind,
            value: input.planes[from][row][column],
            weight: weightOf(weights, tapRow, tapColumn),
            counts: counts(cellKind),
            winner: isWinner(plane, r, c, from, row, column),
          });
        }
      }
      return terms;
    });
  }

  /** The output cells that read input cell (from, row, column), with the weight each gives it. */
  function readersOfCell(from, row, column) {
    const found = [];
    sources.forEach((list, plane) => {
      for (const [source, weights] of list) {
        if (source !== from) continue;
        for (const [r, tapRow] of readers.rows[row]) {
          for (const [c, tapColumn] of readers.columns[column]) {
            found.push({
              plane, r, c, weight: weightOf(weights, tapRow, tapColumn), counts: counts(kind(row, column)),
              winner: isWinner(plane, r, c, from, row, column),
            });
          }
        }
      }
    });
    return found;
  }

  /** The input cells that one weight multiplies, over all output cells. */
  function cellsUnderWeight(plane, tapRow, tapColumn) {
    const lines = (lists, tap) => [...new Set(lists.flat().filter((pair) => pair[1] === tap).map((pair) => pair[0]))];
    const planes = [...new Set(sources.flat().filter((pair) => pair[1] === plane).map((pair) => pair[0]))];
    return planes.flatMap((from) =>
      lines(taps.rows, tapRow).flatMap((row) => lines(taps.columns, tapColumn).map((column) => ({ plane: from, row, column }))));
  }

  // What the stride leaves over: the rows and columns behind the last window's end.
  const kept = [inRows - overRows - input.dropped[0], inColumns - overColumns - input.dropped[1]];
  const dropped = (row, column) => kind(row, column) !== "over" && (row >= kept[0] || column >= kept[1]);
  /** Where the line runs that parts it from the rest. */
  function cuts(row, column) {
    if (!dropped(row, column)) return "";
    return ` dropped${row === kept[0] && column < kept[1] ? " cut-top" : ""}${column === kept[1] && row < kept[0] ? " cut-left" : ""}`;
  }

  const neverRead = (row, column) => kind(row, column) !== "over" && (readers.rows[row].length === 0 || readers.columns[column].length === 0);
  const label = (labels, index) => (labels && labels[index] ? ` (${labels[index]})` : "");
  const channel = (names, plane, total) => (names?.[plane] ? `${names[plane]}, ` : total > 1 ? `channel ${plane + 1}, ` : "");

  /** Counted from 0 at the first real cell; padding lies at row −1 and before, or behind the last row. */
  function inputPlace(plane, row, column) {
    const sort = { real: "", pad: "padding, ", over: "beyond the padding, " }[kind(row, column)];
    return `${channel(input.names, plane, input.planes.length)}${sort}row ${formatNumber(row - top)}${label(input.row_labels, row)}, `
      + `column ${formatNumber(column - left)}${label(input.column_labels, column)}`;
  }
  function outputPlace(plane, r, c) {
    return `${channel(output.names, plane, output.planes.length)}row ${r}${label(output.row_labels, r)}, `
      + `column ${c}${label(output.column_labels, c)}`;
  }

  const inputText = (value) => exactNumber(value, input.decimals);
  const weightText = (value) => exactNumber(value, kernel.decimals);
  const outputText = (value) => exactNumber(value, output.decimals);
  const termText = (term) => (reduce === "sum" ? `${inputText(term.value)} ${TIMES} ${weightText(term.weight)}` : inputText(term.value));
  const biasOf = (plane) => data.bias?.[plane] ?? null;

  /**
   * How output cell (plane, r, c) comes about: lines of {label, open, terms, equals, result}. Each of `terms` has a text, what
   * stands behind it, and the term of `termsOf` that it writes (or null).
   */
  function written(plane, r, c, groups = termsOf(plane, r, c)) {
    const bias = biasOf(plane);
    const value = output.planes[plane][r][c], result = outputText(value), equals = equalsSign(value, result);
    if (reduce === "max") return [{ label: "", open: "max(", terms: joined(groups.flat().filter((term) => term.counts), ",", ")"), equals, result }];
    if (reduce === "mean") {
      const divisor = output.divisors[plane][r][c];
      return [{ label: "", open: "(", terms: joined(groups.flat().filter((term) => term.counts), " +", `) \u00f7 ${divisor}`), equals, result }];
    }
    const stamped = data.operation.startsWith("transposed");
    if (stamped && !groups.flat().length) return [{ label: "", open: "", terms: [{ text: "no stamp reaches this cell, so it", tail: "", term: null }], equals: "is", result }];
    if (groups.length === 1) {
      const terms = joined(groups[0], " +");
      return [{ label: "", open: "", terms: bias === null ? terms : added(terms, bias), equals, result }];
    }
    const partials = output.partials[plane].map((map) => map[r][c]);
    const lines = groups.map((terms, source) => ({
      label: input.names?.[sources[plane][source][0]] ?? `Channel ${source + 1}`,
      open: "", terms: joined(terms, " +"), equals: equalsSign(partials[source], outputText(partials[source])), result: outputText(partials[source]),
    }));
    const first = { text: outputText(partials[0]), tail: "", term: null };
    const sum = partials.slice(1).reduce((terms, value) => added(terms, value, outputText, ""), [first]);
    lines.push({ label: "Sum", open: "", terms: bias === null ? sum : added(sum, bias), equals, result });
    return lines;
  }

  /** `terms` and one number more, with its sign as the operator. */
  function added(terms, value, write = weightText, name = " (bias)") {
    const negative = typeof value === "number" && value < 0;
    const before = terms.map((term, i) => (i < terms.length - 1 ? term : { ...term, tail: `${term.tail} ${negative ? MINUS : "+"}` }));
    return [...before, { text: write(negative ? -value : value) + name, tail: "", term: null }];
  }

  function joined(terms, join, close = "") {
    const weighed = reduce === "sum" ? terms.filter((term) => term.weight !== 0) : terms;
    const folded = terms.length >= EXPLORER_FOLDS && weighed.length && weighed.length < terms.length / 2;
    let list = (folded ? weighed : terms).map((term) => ({ text: termText(term), tail: join, term }));
    if (list.length > EXPLORER_LONGEST) {
      const more = { text: `\u2026 ${list.length - 14} more \u2026`, tail: join, term: null };
      list = [...list.slice(0, 12), more, ...list.slice(-2)];
    }
    if (!list.length) list.push({ text: "nothing", tail: "", term: null });
    list[list.length - 1].tail = folded ? ` (and ${terms.length - weighed.length} with weight 0)` : close;
    return list;
  }

  /** One line of it as plain text: for screen readers, and to reserve its height. */
  function plainLine(line, space = " ") {
    const terms = line.terms.map((term) => term.text.replaceAll(" ", space) + term.tail.replaceAll(" ", space)).join(" ");
    return `${line.open}${terms} ${line.equals} ${line.result}`;
  }

  /** The longest text that each line of the readout will ever hold. */
  function longestLines() {
    const longest = [];
    for (let plane = 0; plane < output.planes.length; plane += 1) {
      for (let r = 0; r < outRows; r += 1) {
        for (let c = 0; c < outColumns; c += 1) {
          written(plane, r, c).forEach((line, i) => {
            const text = plainLine(line, "\u00a0");
            if (text.length > (longest[i]?.text.length ?? 0)) longest[i] = { label: line.label, text };
          });
        }
      }
    }
    return longest;
  }

  const divisors = new Set(output.divisors?.flat(2)), sameDivisors = divisors.size === 1; // said once is enough
  const steps = output.planes.length * outRows * outColumns;
  const atStep = (step) => {
    const index = step - 1, plane = Math.floor(index / (outRows * outColumns)), rest = index % (outRows * outColumns);
    return [plane, Math.floor(rest / outColumns), rest % outColumns];
  };
  /** Where it begins: the first output cell, or the first that a stamp reaches. */
  const firstPlace = () => {
    for (let step = 1; step <= steps; step += 1) if (termsOf(...atStep(step)).flat().length) return atStep(step);
    return [0, 0, 0];
  };
  const stepOf = ([plane, r, c]) => (plane * outRows + r) * outColumns + c + 1;
  const oneToOne = sources.length > 1 && sources.every((list) => list.length === 1);

  return {
    data, input, kernel, output, sources, reduce, inRows, inColumns, outRows, outColumns, steps, atStep, stepOf, firstPlace, oneToOne,
    kind, termsOf, readersOfCell, cellsUnderWeight, neverRead, dropped, cuts, inputPlace, outputPlace, inputText, weightText, outputText,
    written, plainLine, longestLines, sameDivisors,
  };
}
