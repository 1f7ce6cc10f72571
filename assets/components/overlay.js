// What lies over a picture: outlines, the crosshair, the printed numbers and the magnifier. All in CSS pixels.
// A `frame` says where the visible region stands: {left, top, width, height, across, down, region}, with `across` and
// `down` CSS pixels for each picture pixel.

const DARK = "rgba(0, 0, 0, 0.75)";
const LIGHT = "rgba(255, 255, 255, 0.92)";
const LARGE = 10; // CSS pixels: pixels of this size are seen without a magnifier
const LEAST_MARK = 9; // CSS pixels: smaller outlines could not be seen
const OVERHANG = 8; // how far an outline is drawn beyond the picture where its window reaches over the border

const columnAt = (frame, col) => frame.left + (col - frame.region.left) * frame.across;
const rowAt = (frame, row) => frame.top + (row - frame.region.top) * frame.down;

/** The picture pixels from..to (both included) of one axis on the screen, at least LEAST_MARK long. */
function span(from, to, start, size, limit) {
  let [begin, end] = [start + from * size, start + (to + 1) * size];
  const lack = LEAST_MARK - (end - begin);
  if (lack > 0) {
    begin -= lack / 2;
    end += lack / 2;
    // Only a window that really reaches over the border may be drawn beyond it.
    const [first, last] = [start, start + limit * size];
    const move = from >= 0 && begin < first ? first - begin : to < limit && end > last ? last - end : 0;
    begin += move;
    end += move;
  }
  return [Math.round(begin), Math.round(end)];
}

/** Outline the pixels of `rows` x `cols` (runs); dashed where they lie beyond the border of the whole picture. */
function outline(context, frame, whole, rows, cols, [colour, halo]) {
  const { left, top, across, down, region } = frame;
  const origin = [top - region.top * down, left - region.left * across];
  const seen = (begin, length, limit) => ([first, last]) => (last >= begin || (begin <= 0 && first < 0))
    && (first < begin + length || (begin + length >= limit && last >= limit));
  const path = new Path2D();
  for (const [firstRow, lastRow] of rows.filter(seen(region.top, region.height, whole.rows))) {
    const [y0, y1] = span(firstRow, lastRow, origin[0], down, whole.rows);
    for (const [firstCol, lastCol] of cols.filter(seen(region.left, region.width, whole.cols))) {
      const [x0, x1] = span(firstCol, lastCol, origin[1], across, whole.cols);
      path.rect(x0, y0, x1 - x0, y1 - y0);
    }
  }
  const inside = new Path2D();
  inside.rect(left - 1, top - 1, frame.width + 2, frame.height + 2);
  // The side on which the picture goes on, out of sight, is cut off; beyond a border of the picture there is room.
  const room = (open) => (open ? OVERHANG : 1);
  const beyond = [
    left - room(region.left <= 0), top - room(region.top <= 0),
    left + frame.width + room(region.left + region.width >= whole.cols),
    top + frame.height + room(region.top + region.height >= whole.rows),
  ];
  const outside = new Path2D();
  outside.rect(beyond[0], beyond[1], beyond[2] - beyond[0], beyond[3] - beyond[1]);
  outside.rect(left - 1, top - 1, frame.width + 2, frame.height + 2);
  for (const [clip, rule, dash] of [[inside, "nonzero", []], [outside, "evenodd", [3, 3]]]) {
    context.save();
    context.clip(clip, rule);
    context.lineJoin = "round";
    context.strokeStyle = halo;
    context.lineWidth = 4;
    context.stroke(path);
    context.setLineDash(dash);
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.stroke(path);
    context.restore();
  }
}

/** Two-tone hairlines through a pixel: one of the two shows on any ground. Large pixels get a box around them. */
function crosshair(context, frame, row, col) {
  const [left, top, right, bottom] = [frame.left, frame.top, frame.left + frame.width, frame.top + frame.height];
  context.save();
  context.beginPath();
  context.rect(left, top, right - left, bottom - top);
  context.clip();
  if (Math.min(frame.across, frame.down) >= LARGE) {
    twoTone(context, columnAt(frame, col), rowAt(frame, row), frame.across, frame.down);
  } else {
    const x = Math.round(columnAt(frame, col + 0.5));
    const y = Math.round(rowAt(frame, row + 0.5));
    const [besideX, besideY] = [Math.max(frame.across / 2, 5), Math.max(frame.down / 2, 5)]; // the pixel stays free
    for (const [colour, shift] of [[DARK, 0], [LIGHT, -1]]) {
      context.fillStyle = colour;
      context.fillRect(x + shift, top, 1, y - besideY - top);
      context.fillRect(x + shift, y + besideY, 1, bottom - y - besideY);
      context.fillRect(left, y + shift, x - besideX - left, 1);
      context.fillRect(x + besideX, y + shift, right - x - besideX, 1);
    }
  }
  context.restore();
}

/** A box with a light line around a dark one. */
function twoTone(context, x, y, width, height, tones = [LIGHT, DARK], line = 1) {
  const [left, top, right, bottom] = [x, y, x + width, y + height].map(Math.round);
  [-line / 2, line / 2].forEach((inset, i) => {
    context.lineWidth = line;
    context.strokeStyle = tones[i];
    context.strokeRect(left + inset, top + inset, right - left - 2 * inset, bottom - top - 2 * inset);
  });
}

/** Hairlines between the pixels of the visible region. */
function separators(context, frame) {
  const { left, top, width, height, region } = frame;
  const hair = 1 / (window.devicePixelRatio || 1);
  context.fillStyle = "rgba(128, 128, 128, 0.4)";
  for (let col = Math.ceil(region.left); col <= region.left + region.width; col += 1) {
    context.fillRect(columnAt(frame, col) - hair / 2, top, hair, height);
  }
  for (let row = Math.ceil(region.top); row <= region.top + region.height; row += 1) {
    context.fillRect(left, rowAt(frame, row) - hair / 2, width, hair);
  }
}

const linesOf = (value, digits = 3) => [value].flat().map((part) => formatNumber(part, digits));

/** Print the numbers of `data` in their pixels, all in one size; nothing where they would not fit. */
function printNumbers(context, frame, data, inks, family) {
  const texts = data.values.map((row) => row.map((value) => linesOf(value)));
  const longest = texts.flat(2).reduce((most, text) => Math.max(most, text.length), 1);
  const most = texts[0]?.[0]?.length ?? 1;
  const size = Math.min(13, (0.82 * frame.across) / (0.6 * longest), (0.84 * frame.down) / (1.2 * most));
  if (size < 7) return;
  context.font = `${size}px ${family}`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  texts.forEach((cells, i) => cells.forEach((lines, j) => {
    context.fillStyle = inks(i, j);
    const x = columnAt(frame, data.left + j + 0.5);
    const y = rowAt(frame, data.top + i + 0.5) - (lines.length - 1) * size * 0.6;
    lines.forEach((text, line) => context.fillText(text, x, y + line * size * 1.2));
  }));
}

/** Where a box of `width` x `height` stands beside (x, y): within `room`, never over the point. */
function beside(x, y, width, height, room, lifted) {
  const gap = 18;
  const clamp = (value, most) => Math.min(Math.max(value, 0), Math.max(most, 0));
  const down = clamp(lifted ? y - height - gap : y - height / 2, room.height - height);
  if (x + gap + width <= room.width) return [x + gap, down];
  if (x - gap - width >= 0) return [x - gap - width, down];
  return [clamp(x - width / 2, room.width - width), y > room.height / 2 ? Math.max(y - gap - height, 0) : y + gap];
}
