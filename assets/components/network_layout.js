// Where everything of one layer lies: maps that wrap, cells of whole pixels; a list is many maps of one cell.
// Places are [plane, row, column]; a list's are [unit, 0, 0].

const NETWORK_GAP = 4; // CSS pixels between maps
const NETWORK_NAMES = 18; // CSS pixels above a cell for the name of its class

/** The largest length up to `length` that is a whole number of the screen's own pixels, where CSS pixels are many of them. */
function networkWhole(length) {
  const ratio = Math.max(Math.floor(window.devicePixelRatio || 1), 1);
  return Math.floor(length * ratio) / ratio;
}

/**
 * The size in whole pixels of a cell of `count` maps in `width`: the first number of full lines whose maps are at least
 * `enough` pixels large, or else `least`; `most` is the largest map.
 */
function networkCell(count, rows, cols, width, most, enough, least) {
  const side = Math.max(rows, cols);
  const largest = Math.max(networkWhole(most / side), least);
  for (let lines = 1; lines <= count; lines += 1) {
    const perLine = Math.ceil(count / lines);
    const cell = Math.min(networkWhole(((width + NETWORK_GAP) / perLine - NETWORK_GAP) / cols), largest);
    if (cell >= least && cell * side >= Math.min(enough, largest * side)) return [cell, perLine];
  }
  return [least, count];
}

/** `{ count, rows, cols, across, down (px of a cell), gapX, gapY, head, perLine, width, height, numbers }` of a layer. */
function networkLayout(layer, width, classes) {
  const [count, rows = 1, cols = 1] = layer.shape;
  const size = (one) => {
    const { across, down, gapX, gapY, head } = one;
    const room = Math.max(Math.floor((width + gapX) / (cols * across + gapX)), 1);
    const perLine = Math.min(room, one.perLine ?? count, count);
    const lines = Math.ceil(count / perLine);
    return {
      numbers: false, ...one, count, rows, cols, perLine, pitchX: cols * across + gapX, pitchY: rows * down + head + gapY,
      width: perLine * (cols * across + gapX) - gapX, height: lines * (rows * down + head + gapY) - gapY,
    };
  };
  if (layer.shape.length === 3) {
    const most = layer.name === "input" ? 168 : 112;
    const enough = count > 32 ? 48 : count > 16 || width < 560 ? 56 : 72;
    const [cell, perLine] = networkCell(count, rows, cols, width, most, enough, Math.max(rows, cols) > 40 ? 1 : 2);
    return size({ across: cell, down: cell, gapX: NETWORK_GAP, gapY: NETWORK_GAP, head: 0, perLine });
  }
  if (layer.name === "logits" || layer.name === "probabilities") {
    const most = count <= 20 ? 76 : 52;
    const perLine = width >= 10 * 46 ? Math.min(count, Math.floor((width + 3) / 49)) : Math.min(count, 5);
    const across = Math.min(Math.floor((width + 3) / perLine) - 3, most);
    return size({ across, down: 30, gapX: 3, gapY: 6, head: NETWORK_NAMES, numbers: true });
  }
  if (count <= 64) return size({ across: 34, down: 26, gapX: 2, gapY: 2, head: 0, numbers: true });
  if (count <= 512) return size({ across: 14, down: 14, gapX: 1, gapY: 1, head: 0 });
  let cell = 10;
  while (cell > 2 && Math.ceil(count / Math.floor(width / cell)) * cell > 120) cell -= 1;
  return size({ across: cell, down: cell, gapX: 0, gapY: 0, head: 0 });
}

/** The left and upper edge of a plane's cells. */
const networkCorner = (at, plane) => [(plane % at.perLine) * at.pitchX, Math.floor(plane / at.perLine) * at.pitchY + at.head];

/** `{ left, top, width, height }` of rows r0..r1 and columns c0..c1 of a plane. */
function networkBox(at, plane, r0, r1, c0, c1) {
  const [x, y] = networkCorner(at, plane);
  return { left: x + c0 * at.across, top: y + r0 * at.down, width: (c1 - c0 + 1) * at.across, height: (r1 - r0 + 1) * at.down };
}

/** The place under a point, or null; `slack` pixels beside a map still count for it. */
function networkHit(at, x, y, slack = 0) {
  const column = Math.floor((x + slack) / at.pitchX), line = Math.floor((y + slack) / at.pitchY);
  const plane = line * at.perLine + column;
  if (column < 0 || column >= at.perLine || line < 0 || plane >= at.count) return null;
  const [left, top] = networkCorner(at, plane);
  const [c, r] = [Math.floor((x - left) / at.across), Math.floor((y - top) / at.down)];
  const [far, deep] = [x - left - at.cols * at.across, y - top - at.rows * at.down];
  const above = at.head && y < top ? at.head : slack; // the name of a class belongs to its cell
  if (x - left < -slack || y - top < -above || far >= Math.max(slack, at.gapX) || deep >= Math.max(slack, at.gapY)) return null;
  return [plane, Math.min(Math.max(r, 0), at.rows - 1), Math.min(Math.max(c, 0), at.cols - 1)];
}

/** Where a key leads from a place: over the cells, across the maps as they stand; null for keys that do not move. */
function networkMove(at, [plane, row, column], event) {
  const last = at.count - 1;
  switch (event.key) {
    case "ArrowRight":
      if (column + 1 < at.cols) return [plane, row, column + 1];
      return plane < last ? [plane + 1, row, 0] : [plane, row, column];
    case "ArrowLeft":
      if (column > 0) return [plane, row, column - 1];
      return plane > 0 ? [plane - 1, row, at.cols - 1] : [plane, row, column];
    case "ArrowDown":
      if (row + 1 < at.rows) return [plane, row + 1, column];
      return plane + at.perLine <= last ? [plane + at.perLine, 0, column] : [plane, row, column];
    case "ArrowUp":
      if (row > 0) return [plane, row - 1, column];
      return plane >= at.perLine ? [plane - at.perLine, at.rows - 1, column] : [plane, row, column];
    case "PageDown": return [Math.min(plane + 1, last), row, column];
    case "PageUp": return [Math.max(plane - 1, 0), row, column];
    case "Home": return event.ctrlKey || at.cols === 1 ? [0, 0, 0] : [plane, row, 0];
    case "End": return event.ctrlKey || at.cols === 1 ? [last, at.rows - 1, at.cols - 1] : [plane, row, at.cols - 1];
    default: return null;
  }
}

// What a cell comes from --------------------------------------------------------------------------------------------

/** The cells of the layer before that a place is computed from: `{ planes: [first, last], rows, cols }`, ends included. */
function networkSources(layer, before, [plane, row, column]) {
  const [planes, rows = 1, cols = 1] = before.shape;
  const { kind, stride, begin, size, all } = layer.reads;
  if (kind === "window") {
    const span = (axis, place, most) => {
      const first = place * stride[axis] - begin[axis];
      return [Math.max(first, 0), Math.min(first + size[axis] - 1, most - 1)];
    };
    return { planes: all ? [0, planes - 1] : [plane, plane], rows: span(0, row, rows), cols: span(1, column, cols) };
  }
  if (kind === "same") return { planes: [plane, plane], rows: [0, 0], cols: [0, 0] };
  if (kind === "map") return { planes: [plane, plane], rows: [0, rows - 1], cols: [0, cols - 1] };
  if (kind === "all") return { planes: [0, planes - 1], rows: [0, rows - 1], cols: [0, cols - 1] };
  const [map, rest] = [Math.floor(plane / (rows * cols)), plane % (rows * cols)];
  const [r, c] = [Math.floor(rest / cols), rest % cols];
  return { planes: [map, map], rows: [r, r], cols: [c, c] };
}

/** The pixels of the picture that can move a place: `{ rows, cols }`, or null where none can. */
function networkField(layer, before, [plane, row, column]) {
  const [down, across] = layer.fields;
  let [r, c] = [row, column];
  if (layer.reads?.kind === "cell") {
    const source = networkSources(layer, before, [plane, row, column]);
    [r, c] = [source.rows[0], source.cols[0]];
  }
  const [rows, cols] = [down[Math.min(r, down.length - 1)], across[Math.min(c, across.length - 1)]];
  return rows[0] > rows[1] || cols[0] > cols[1] ? null : { rows, cols };
}
