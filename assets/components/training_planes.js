// Many small planes of numbers on one canvas: filters, feature maps, digits. One tab stop; arrow keys go from plane to plane.

/**
 * How `count` planes stand as large as they fit into `width` x `height`: {columns, across, down, gap, gapX, pitch, high}, in
 * CSS pixels. Under each there is room of `under(across)`. Where they would be smaller than `least`, the height grows.
 */
function planesLayout(count, rows, cols, width, height, { under, least, most }) {
  const ratio = window.devicePixelRatio || 1, gap = count > 24 ? 3 : 6, tall = rows / cols;
  const fits = (columns) => {
    const lines = Math.ceil(count / columns);
    const room = (height - gap * (lines - 1)) / lines;
    let [low, high] = [0, Math.min((width - gap * (columns - 1)) / columns, most)];
    if (high * tall + under(high) <= room) return high;
    for (let tries = 0; tries < 8; tries += 1) {
      const middle = (low + high) / 2;
      if (middle * tall + under(middle) <= room) low = middle;
      else high = middle;
    }
    return low;
  };
  const whole = (size) => { // whole device pixels for each number: squares stay even
    const unit = Math.floor((size * ratio) / cols);
    return unit >= 1 ? (unit * cols) / ratio : size;
  };
  const sizes = Array.from({ length: count }, (_, each) => whole(fits(each + 1)));
  const best = Math.max(...sizes); // a longer row that is hardly smaller reads better than two short ones
  const even = (columns) => Math.ceil(count / Math.ceil(count / columns));
  let columns = even(sizes.findLastIndex((size) => size >= 0.76 * best) + 1);
  let across = sizes[columns - 1];
  if (across < least) {
    const squares = (Math.ceil((least * ratio) / cols) * cols) / ratio;
    across = squares <= 1.3 * least ? squares : least;
    columns = even(within(Math.floor((width + gap) / (across + gap)), 1, count));
  }
  const down = across * tall, pitch = down + under(across) + gap;
  const gapX = columns > 1 ? Math.min((width - columns * across) / (columns - 1), Math.max(0.75 * across, gap)) : 0;
  return { columns, across, down, gapX, pitch, high: Math.ceil(count / columns) * pitch - gap };
}

/**
 * `options`: label, height, least and most (CSS pixels of a plane), under(across), beneath(context, index, x, y, size) draws there,
 * point(index or null, spoken) is told what is looked at, pick(index) what was chosen.
 */
function trainingPlanes({ label, height, least = 16, most = 96, under = () => 0, beneath = null, point = () => {}, pick = null, help = "" }) {
  const canvas = element("canvas", { "aria-hidden": "true" });
  const ring = element("i", { class: "ring", "aria-hidden": "true", hidden: true });
  const spoken = element("span", { class: "offscreen", role: "status" });
  const node = element("div", { class: "planes", tabindex: "0", role: "application", "aria-roledescription": `planes${help}`, "aria-label": label }, canvas, ring, spoken);
  node.style.minHeight = `${height}px`;
  const sheet = new Sheet();
  let data = null, size = null, at = null, byKeys = false, known = "";

  const corner = (index) => [
    (index % size.columns) * (size.across + size.gapX), Math.floor(index / size.columns) * size.pitch,
  ];

  function place() {
    ring.hidden = at === null || !size;
    if (ring.hidden) return;
    const [x, y] = corner(at);
    Object.assign(ring.style, { left: `${x - 2}px`, top: `${y - 2}px`, width: `${size.across + 4}px`, height: `${size.down + 4}px` });
  }

  function look(index, keys = false) {
    byKeys = keys;
    if (index !== at) {
      at = index;
      place();
    }
    const words = point(at);
    if (keys && words) say(spoken, words);
  }

  /** `next`: count, rows, cols, pixels (levels, plane after plane), table, numbers(index, row, column) or null. */
  node.draw = (next, theme) => {
    data = next;
    const width = node.clientWidth;
    if (!width || !data.count) return;
    const shape = [data.count, data.rows, data.cols, width, window.devicePixelRatio].join();
    if (shape !== known) size = planesLayout(data.count, data.rows, data.cols, width, height, { under, least, most });
    known = shape;
    sheet.paint(data.pixels, data.count * data.rows, data.cols, 1, data.table);
    const full = Math.ceil(size.columns * (size.across + size.gapX) - size.gapX);
    const context = fitCanvas(canvas, full, Math.ceil(size.high));
    Object.assign(canvas.style, { width: `${full}px`, height: `${Math.ceil(size.high)}px` });
    const scale = (size.across * (window.devicePixelRatio || 1)) / data.cols;
    context.imageSmoothingEnabled = scale < 2 && !Number.isInteger(Math.round(scale * 1e6) / 1e6);
    context.lineWidth = 1;
    const cell = size.across / data.cols;
    for (let index = 0; index < data.count; index += 1) {
      const [x, y] = corner(index).map(Math.round);
      context.drawImage(sheet.canvas, 0, index * data.rows, data.cols, data.rows, x, y, size.across, size.down);
      context.strokeStyle = cssColour(theme.line);
      context.strokeRect(x + 0.5, y + 0.5, size.across - 1, size.down - 1);
      if (data.numbers && cell >= READABLE) write(context, index, x, y, cell, theme);
      beneath?.(context, index, x, y + size.down, size, theme);
    }
    if (at !== null && at >= data.count) at = null;
    place();
    if (at !== null && !byKeys) point(at);
  };

  function write(context, index, x, y, cell, theme) {
    context.font = `${SMALL_PRINT}px ${theme.family}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (let row = 0; row < data.rows; row += 1) {
      for (let column = 0; column < data.cols; column += 1) {
        const { value, colour } = data.numbers(index, row, column);
        context.fillStyle = inkOn(colour);
        context.fillText(terse(formatNumber(value, 2)), x + (column + 0.5) * cell, y + (row + 0.5) * cell + 0.5);
      }
    }
  }

  function planeUnder(event) {
    if (!size) return null;
    const { left, top } = canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - left) / (size.across + size.gapX));
    const index = Math.floor((event.clientY - top) / size.pitch) * size.columns + column;
    return column >= 0 && column < size.columns && index >= 0 && index < data.count ? index : null;
  }

  node.at = () => at;

  node.listen = (signal) => {
    const on = (type, action) => node.addEventListener(type, action, { signal });
    on("pointermove", (event) => { if (event.pointerType === "mouse") look(planeUnder(event)); });
    on("pointerleave", (event) => { if (event.pointerType === "mouse" && !byKeys) look(null); });
    on("click", (event) => {
      const index = planeUnder(event);
      look(index);
      if (index !== null) pick?.(index);
    });
    on("focus", () => { if (node.matches(":focus-visible")) look(at ?? 0, true); });
    on("blur", () => look(null));
    on("keydown", (event) => {
      if (!size || event.altKey || event.ctrlKey || event.metaKey) return;
      const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -size.columns, ArrowDown: size.columns };
      const here = at ?? 0;
      if (event.key in steps) {
        const next = here + steps[event.key];
        if (next >= 0 && next < data.count) look(next, true);
      } else if (event.key === "Home") look(0, true);
      else if (event.key === "End") look(data.count - 1, true);
      else if ((event.key === "Enter" || event.key === " ") && pick) pick(here);
      else return;
      event.preventDefault();
    });
  };
  return node;
}
