// How the gallery uses its width: input and kernel beside the outputs or above them, how many outputs in a row, how large.

const CARD_GAP = 20; // px
const LEAST_CARD = 140;
const LARGEST_CELL = 34;
const ASIDE = 208; // px of the column with input and kernel, where it stands beside the outputs
const ASIDE_GAP = 32;
const GIVEN_CELL = 26; // px, the largest of input and kernel
const LEAST_ROOM = 340; // px that are left to the outputs beside it
const READOUT = 200; // px of the list of values beside the kernel
const TALLEST = 480; // px of the input, where it stands above the outputs
const TALL = 340; // px of input and kernel, one below the other: what comes after them is out of sight
const SIGN = 44; // px of the sign between input and kernel, where they stand in a row
const LEAST_CELL = 12; // px, of an output whose cells carry no numbers

/** How many outputs stand side by side, at least `least`, and how large their cells are: numbers first, then company. */
function shelves(width, columns, fits, least = width >= 560 ? 2 : 1) {
  const plan = (count) => {
    const card = Math.floor((width - CARD_GAP * (count - 1)) / count);
    return { count, card, cell: wholeCell(Math.min(LARGEST_CELL, (card - 2) / columns)) };
  };
  const plans = [4, 3, 2, 1].filter((count) => count >= least).map(plan).filter(({ count, card }) => count === least || card >= LEAST_CARD);
  return plans.find(({ cell }) => fits(cell)) ?? plans.find(({ cell }) => cell >= LEAST_CELL) ?? plans.at(-1);
}

/** The differences have their words beside them, or below where there is no room. */
function gapShelves(width, columns, fits) {
  const count = width >= 560 ? 2 : 1;
  const card = Math.floor((width - CARD_GAP * (count - 1)) / count);
  const cell = (room) => wholeCell(Math.min(READABLE + 2, (room - 2) / columns));
  const beside = cell(card - LEAST_CARD - 14);
  if (fits(beside)) return { count, cell: beside, words: "beside" };
  const below = cell(card);
  return !fits(below) && beside * columns >= 90 ? { count, cell: beside, words: "beside" } : { count, cell: below, words: "below" };
}

/**
 * Where input and kernel stand: `{ beside, aside (px), broad, under, cell, room (px of the outputs) }`. Their column grows
 * until the input's numbers can be read; once it is broad, the values stand beside the kernel, so that all stays in view.
 * Where that would part the outputs or take their numbers away, they stand above them. `under`: the kernel stands under
 * the input. `given` and `taps` are [rows, columns] of the padded input and of the kernel (null without one), `outputs`
 * the columns of the widest output; `fits` says of a cell's size whether the outputs' numbers can be read in it.
 */
function galleryPlan(width, [rows, columns], taps, outputs, fits) {
  const above = shelves(width, outputs, fits);
  const column = (aside, cell) => {
    const room = width - aside - ASIDE_GAP, found = shelves(room, outputs, fits, 2);
    if (width < 700 || (aside > ASIDE && room < LEAST_ROOM)) return null;
    // Outputs that lose their numbers beside the input, or are but two where four fit, are better off below it.
    if (aside > ASIDE && !fits(found.cell) && (fits(above.cell) || found.count < Math.min(3, above.count))) return null;
    const broad = Boolean(taps) && aside >= taps[1] * cell + SIGN + READOUT;
    return { beside: true, aside, broad, under: !broad, cell, room };
  };
  const aside = Math.max(ASIDE, columns * READABLE);
  const plain = column(aside, wholeCell(Math.min(GIVEN_CELL, aside / columns)));
  const wide = taps && (rows + taps[0]) * READABLE > TALL ? column(Math.max(aside, taps[1] * READABLE + SIGN + READOUT), READABLE) : null;
  if (plain) return !plain.broad && wide ? wide : plain;
  const inRow = taps ? wholeCell(Math.min(GIVEN_CELL, (width - SIGN) / (columns + taps[1]))) : 0;
  const alone = wholeCell(Math.min(GIVEN_CELL, width / columns));
  const under = Boolean(taps) && inRow < READABLE && (alone >= READABLE || alone >= inRow * 1.25);
  const most = taps && !under ? inRow : alone;
  return { beside: false, aside: 0, broad: false, under, cell: rows * most > TALLEST && most > READABLE ? READABLE : most, room: width };
}

/** `fitNumbers` of these values by the cell's size, each size asked for once: it measures every number. */
function fitsOf(values, family) {
  const known = new Map();
  return (cell) => {
    if (!known.has(cell)) known.set(cell, fitNumbers(values, cell, family));
    return known.get(cell);
  };
}

/** A call that may break after its punctuation, not inside its words. */
function breakable(call) {
  const node = element("code", { class: "call number" });
  for (const part of call.split(/(?<=[.(,;])/)) node.append(part, element("wbr"));
  return node;
}
