// How an equation is arranged and how large its cells are, so that all of it and its written sum stand in one window.

const LARGEST_CELL = 44, NUMBER_CELL = 24, SHORT_CELL = 17, SIGN_WIDTH = 44, ABOVE = 180, TALLEST = 500, LARGEST_INPUT = 16;

/** A caption makes its grid's column at most so wide; a longer one wraps. */
const captionWidth = (width, mode) => (mode === "stacks" ? 76 : width < 500 ? 108 : 150);
/** Beside a telephone's width a height is no limit: one scrolls. */
const isNarrow = (width) => width < 640;

/** How tall a caption is below a grid that is `across` wide: it breaks only behind a dot. */
function captionHeight(text, across) {
  let lines = 1, at = 0;
  for (const part of (text ?? "").split("\u00b7 ")) {
    const long = part.length * 5.8;
    if (at && at + long > across) {
      lines += 1;
      at = 0;
    }
    at += long;
  }
  return 6 + 20 * lines;
}

// The written sum in three widths: a line that overflows by little is set closer. Pixels: font, taken from each blank.
const READOUT_FITS = [[13, 0], [13, 3], [12, 3]];

/** Which of them needs the fewest lines in `width`, and how tall the readout is then: {fit, height}. */
function readoutFit(lines, width) {
  const rows = READOUT_FITS.map(([font, closer]) => lines.reduce((total, { label, text }) => {
    const room = width - 36, blank = 0.602 * font - closer;
    let count = 1, at = label ? Math.max(label.length * 7.5, 52) + blank : 0;
    for (const word of text.replace(/ ([=\u2248]) /, "\u00a0$1\u00a0").split(" ")) {
      const blanks = word.split("\u00a0").length - 1, long = (word.length - blanks) * 0.602 * font + blanks * blank;
      if (at && at + long > room) {
        count += 1;
        at = 0;
      }
      at += long + blank;
    }
    return total + count;
  }, 0));
  const fit = rows.indexOf(Math.min(...rows));
  return { fit, height: 40 + 22 * Math.max(rows[fit], 1) };
}

/** What a size of cells is worth: room for whole numbers, for short ones, for none; beyond 32 pixels little is won. */
const cellWorth = (size) => (size > 32 ? 32 + 0.3 * (size - 32) : size) * (size >= NUMBER_CELL ? 1.5 : size >= SHORT_CELL ? 1 : 0.8);

/** Whether three characters say every number of these grids to a hundredth of the largest: then small cells show them. */
function areShort(planes) {
  const numbers = planes.flat(2).filter((value) => typeof value === "number");
  const most = Math.max(...numbers.map(Math.abs), 0) / 100;
  return numbers.every((value) => {
    if (Number.isInteger(value) && value > -100 && value < 1000) return true;
    const text = shortNumber(value);
    return text !== "" && Math.abs(Number(text.replace(MINUS, "-")) - value) <= most;
  });
}

/** An equation is read from left to right: such an arrangement is worth smaller cells, as long as one can read them. */
const MODE_WORTH = { line: 1.4, side: 1.25, aside: 1.15 };

/** How far the parts of the equation reach at a size of their cells, with such captions and such a sign before each. */
function measures(model, caption, sign, words) {
  const { kernel, oneToOne } = model, outputs = oneToOne ? 1 : model.output.planes.length;
  const grid = (part, rows, columns, texts = []) => {
    const head = headWidth(part.row_labels), top = part.column_labels?.some(Boolean) ? 18 : 0;
    const longest = texts.reduce((a, b) => (b.length > a.length ? b : a), "");
    const across = (size) => Math.max(head + columns * size, caption);
    return { across, down: (size) => rows * size + top + captionHeight(longest, across(size)) };
  };
  const input = grid(model.input, model.inRows, model.inColumns, words.input);
  const output = grid(model.output, model.outRows, model.outColumns, words.output);
  const shown = grid(kernel, kernel.rows, kernel.columns, words.kernel), word = model.data.sign.length > 2 ? 112 : sign;
  const partial = model.input.planes.length > 1 && kernel.planes && !oneToOne ? 24 : 0; // a partial sum's line, below its kernel
  return {
    input,
    output,
    window: kernel.hidden ? { across: () => word, down: () => 0 }
      : { across: (size) => word + shown.across(size), down: (size) => shown.down(size) + partial },
    answer: {
      across: (size) => (kernel.hidden && !oneToOne ? word : 0) + (model.data.bias && !oneToOne ? 84 : 0) + sign + output.across(size),
      down: (size) => outputs * output.down(size) + (outputs - 1) * 14,
    },
  };
}

/**
 * The arrangements that suit `model`: functions of the cells' sizes (input, kernel, output) to [width, height].
 * "line": channels under one another, the output beside them; "side": the input, beside it the kernel above the output;
 * "under": the input above, kernel and output below; "list": the output below everything else; "row": channels side by
 * side, the output below; "aside": each kernel below its channel, the output at the end of the row; "columns": the same,
 * the output below; "below": channels side by side, below them all kernels and the output; "stacks": each channel above
 * its kernel and its own output.
 */
function arrangements(model, width, words) {
  const { kernel, oneToOne } = model, channels = model.input.planes.length, several = channels > 1, { max } = Math;
  const loose = measures(model, captionWidth(width), SIGN_WIDTH, words), tight = measures(model, captionWidth(width, "stacks"), 32, words);
  const { input, output, window, answer } = loose;
  const block = (cell, k) => max(input.across(cell), kernel.hidden ? 0 : window.across(k)); // a channel above its kernel
  const blockDown = (cell, k) => input.down(cell) + (kernel.hidden ? 0 : 6 + window.down(k));
  const pair = (cell, k) => input.across(cell) + (kernel.hidden && !oneToOne ? 0 : window.across(k)); // beside its kernel
  const list = (cell, k, out) => channels * max(input.down(cell), window.down(k), oneToOne ? output.down(out) : 0) + (channels - 1) * 14;
  const beside = several && !oneToOne, alone = !several && !kernel.hidden;
  return {
    line: (cell, k, out) => [pair(cell, k) + answer.across(out), max(list(cell, k, out), oneToOne ? 0 : answer.down(out))],
    side: alone && ((cell, k, out) => [
      input.across(cell) + max(window.across(k), answer.across(out)), max(input.down(cell), window.down(k) + 10 + answer.down(out))]),
    aside: beside && ((cell, k, out) => [
      channels * (block(cell, k) + 36) - 36 + answer.across(out), max(blockDown(cell, k), answer.down(out))]),
    row: beside && ((cell, k, out) => [
      max(channels * (pair(cell, k) + 36) - 36, answer.across(out)), max(input.down(cell), window.down(k)) + 10 + answer.down(out)]),
    columns: beside && ((cell, k, out) => [
      max(channels * (block(cell, k) + 16) - 16, answer.across(out)), blockDown(cell, k) + 10 + answer.down(out)]),
    below: beside && !kernel.hidden && ((cell, k, out) => [
      max(channels * (input.across(cell) + 16), channels * (window.across(k) + 4) + answer.across(out)),
      input.down(cell) + 10 + max(window.down(k), answer.down(out))]),
    stacks: several && oneToOne && ((cell, k, out) => [
      channels * (max(tight.input.across(cell), tight.window.across(k) + tight.answer.across(out)) + 16) - 16,
      tight.input.down(cell) + 6 + max(tight.window.down(k), tight.output.down(out))]),
    under: !several && ((cell, k, out) => [
      max(input.across(cell), window.across(k) + answer.across(out)), input.down(cell) + 10 + max(window.down(k), answer.down(out))]),
    list: !oneToOne && ((cell, k, out) => [max(pair(cell, k), answer.across(out)), list(cell, k, out) + 10 + answer.down(out)]),
  };
}

/**
 * How the equation is arranged in `width` pixels and a window of `height`, and how large its cells are: {mode, cell,
 * kernelCell, outCell, fit}. `words` are its captions (lists `input`, `kernel`, `output`) and the `lines` of its longest
 * sum. The arrangement with the largest cells that fits wins, but first one with numbers in the cells: in all, or in those of
 * the input, for which it may be somewhat taller than the window. On a telephone it may be taller anyway, and where not
 * even one grid fits beside another ("wrap") everything stands below one another.
 */
function explorerSizes(model, width, height = 800, words = {}) {
  const readout = readoutFit(words.lines ?? [], width), narrow = isNarrow(width);
  const ways = Object.entries(arrangements(model, width, words)).filter(([, measure]) => measure);
  const free = Math.max(height - ABOVE - (model.data.above ?? 0) - readout.height - 10, 200), smallest = narrow ? NUMBER_CELL : 4;

  // From which size on a grid's cells carry its numbers; an output larger than an input can be need not.
  const legible = (planes) => (areShort(planes) ? SHORT_CELL : NUMBER_CELL);
  const leastIn = narrow ? 0 : legible(model.input.planes);
  const leastOut = narrow || Math.max(model.outRows, model.outColumns) > LARGEST_INPUT ? 0 : legible(model.output.planes);
  const readable = (cell, out) => cell >= leastIn && out >= leastOut, readableInput = (cell) => cell >= leastIn;

  function best(mode, measure, room, suits) {
    const fits = (...sizes) => {
      const [across, down] = measure(...sizes);
      return across + 4 <= width && down <= room;
    };
    let found = null;
    for (let cell = LARGEST_CELL; cell >= smallest; cell -= 1) {
      const kernels = cell >= NUMBER_CELL || model.kernel.hidden ? [cell] : [24, 20, 17, 14, 11, 8, cell].filter((size) => size >= cell);
      for (const k of kernels) {
        const least = narrow && model.outColumns <= 20 ? cell : 4;
        let out = cell >= NUMBER_CELL && fits(cell, k, cell) ? cell : 0;
        for (let size = cell >= NUMBER_CELL ? NUMBER_CELL - 1 : NUMBER_CELL; !out && size >= least; size -= 1) if (fits(cell, k, size)) out = size;
        if (!out || !suits(cell, out)) continue;
        const worth = cellWorth(cell) ** 0.45 * cellWorth(out) ** 0.4 * cellWorth(k) ** 0.15 * (Math.min(cell, out) >= SHORT_CELL ? MODE_WORTH[mode] ?? 1 : 1);
        if (!found || worth > found.worth) found = { mode, cell, kernelCell: k, outCell: out, worth, down: measure(cell, k, out)[1] };
        break; // smaller windows are worth no more
      }
    }
    return found;
  }

  const within = (room, suits) => ways.map(([mode, measure]) => best(mode, measure, room, suits)).filter(Boolean);
  const any = () => true;
  const rooms = [1, 1.1, 1.2, 1.3].map((times) => times * free);
  const tries = narrow ? [[TALLEST, any], [Infinity, any]] : [
    [free, readable], ...rooms.map((room) => [room, readableInput]), ...[free, 1.3 * free, 1.7 * free, Infinity].map((room) => [room, any]),
  ];
  for (const [room, suits] of tries) {
    const found = within(room, suits);
    if (!found.length) continue;
    const better = room === Infinity ? (a, b) => b.down < a.down : (a, b) => b.worth > a.worth;
    const { mode, cell, kernelCell, outCell } = found.reduce((a, b) => (better(a, b) ? b : a));
    return { mode, cell, kernelCell, outCell, fit: readout.fit };
  }

  const fit = (columns, head, most) => Math.max(Math.min(most, Math.floor((width - head - 4) / columns)), 3);
  const most = Math.max(NUMBER_CELL, Math.min(LARGEST_CELL, Math.floor(TALLEST / model.inRows / model.input.planes.length)));
  const cell = fit(model.inColumns, headWidth(model.input.row_labels), most);
  const beside = (model.kernel.hidden ? 0 : headWidth(model.kernel.row_labels)) + (model.data.sign.length > 2 ? 96 : SIGN_WIDTH);
  const kernelCell = fit(model.kernel.hidden ? 1 : model.kernel.columns, beside, Math.max(cell, NUMBER_CELL));
  const outCell = fit(model.outColumns, headWidth(model.output.row_labels), Math.max(cell, NUMBER_CELL));
  return { mode: "wrap", cell, kernelCell, outCell, fit: readout.fit };
}
