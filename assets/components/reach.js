// Which input pixels an output pixel sees, and which output pixels see an input pixel. One axis at a time: 0 rows,
// 1 columns. A link is {stride, begin, extent, dilation, taps, border}, pairs but for the border (numpy.pad's name).

/** The input positions under the taps of output `at`; those below 0 or beyond the picture lie in the padding. */
function seenBy(link, axis, at) {
  const start = at * link.stride[axis] - link.begin[axis];
  return Array.from({ length: link.taps[axis] }, (_, tap) => start + tap * link.dilation[axis]);
}

/** The pixel that stands at `position` of a padded axis of `size` pixels, or null where the padding is a constant. */
function sourceOf(position, size, border) {
  if (position >= 0 && position < size) return position;
  const wrapped = (period) => ((position % period) + period) % period;
  if (border === "edge") return position < 0 ? 0 : size - 1;
  if (border === "wrap") return wrapped(size);
  if (border === "symmetric") return wrapped(2 * size) < size ? wrapped(2 * size) : 2 * size - 1 - wrapped(2 * size);
  if (border === "reflect") {
    if (size === 1) return 0;
    const period = 2 * size - 2;
    return wrapped(period) < size ? wrapped(period) : period - wrapped(period);
  }
  return null;
}

/** The outputs (of `outputs` in all) whose window holds input `at` (of `size`), also by way of the padding. */
function usersOf(link, axis, at, size, outputs) {
  const [stride, begin, extent] = [link.stride[axis], link.begin[axis], link.extent[axis]];
  const candidates = new Set();
  const add = (from, to) => {
    for (let output = Math.max(from, 0); output <= Math.min(to, outputs - 1); output += 1) candidates.add(output);
  };
  add(Math.floor((at + begin - extent + 1) / stride), Math.ceil((at + begin) / stride));
  if (link.border && link.border !== "constant") {
    add(0, Math.ceil(begin / stride)); // the windows that reach over either border
    add(Math.floor((size + begin - extent) / stride), outputs - 1);
  }
  const uses = (output) => seenBy(link, axis, output).some((place) => sourceOf(place, size, link.border) === at);
  return [...candidates].filter(uses).sort((a, b) => a - b);
}

/** Ascending positions as [first, last] runs; neighbours at most `gap` apart are one run. */
function runsOf(positions, gap = 1) {
  const runs = [];
  for (const place of positions) {
    const last = runs.at(-1);
    if (last && place - last[1] <= gap) last[1] = place;
    else runs.push([place, place]);
  }
  return runs;
}
