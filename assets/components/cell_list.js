// What each channel, or each number of a list, contributes: the largest first, each with a bar from zero.

const CELL_ROWS = 200; // of a long list; what the others add up to stands below
const CELL_MINI = 27; // CSS pixels of a small heat map

/** Places 0..n-1, the largest magnitude first; of equals the first. */
function largestFirst(values) {
  const size = (value) => (isNumber(value) ? Math.abs(value) : Infinity);
  return values.map((_, i) => i).sort((a, b) => size(values[b]) - size(values[a]) || a - b);
}

/**
 * A list box. `choose(place, byKeys)` is told which row is chosen, `enter(place)` which was pressed Enter on, or clicked.
 * `draw({ names, values, minis, label, rest })`: `minis(place)` gives a canvas of small heat maps, or null.
 */
function cellList({ signal, choose, enter }) {
  const rows = element("div", { class: "rows", role: "listbox" });
  const rest = element("div", { class: "rest quiet" });
  const node = element("div", { class: "list" }, rows, rest);
  let order = [], boxes = [], at = 0;

  function settle(next, focus) {
    boxes[at]?.setAttribute("tabindex", "-1");
    boxes[at]?.setAttribute("aria-selected", "false");
    at = Math.min(Math.max(next, 0), boxes.length - 1);
    boxes[at]?.setAttribute("tabindex", "0");
    boxes[at]?.setAttribute("aria-selected", "true");
    if (focus) boxes[at]?.focus();
  }

  const placeOf = (event) => {
    const row = event.target.closest?.("[role=option]");
    return row ? boxes.indexOf(row) : -1;
  };
  rows.addEventListener("click", (event) => {
    const row = placeOf(event);
    if (row < 0) return;
    settle(row, true);
    choose(order[row]);
    enter(order[row]);
  }, { signal });
  rows.addEventListener("pointerover", (event) => {
    const row = placeOf(event);
    if (event.pointerType === "mouse" && row >= 0) choose(order[row], true);
  }, { signal });
  rows.addEventListener("pointerleave", () => { if (boxes.length) choose(order[at], true); }, { signal });
  rows.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -boxes.length, End: boxes.length };
    if (event.key in steps) {
      settle(at + steps[event.key], true);
      choose(order[at]);
    } else if (event.key === "Enter" || event.key === " ") enter(order[at]);
    else return;
    event.preventDefault();
  }, { signal });

  function draw({ names, values, minis, label, theme }) {
    order = largestFirst(values).slice(0, CELL_ROWS);
    const most = Math.max(...order.map((place) => (isNumber(values[place]) ? Math.abs(values[place]) : 0)), 1e-30);
    rows.setAttribute("aria-label", label);
    boxes = order.map((place) => {
      const value = values[place], name = names(place);
      const bar = element("i", { class: "amount" });
      const share = isNumber(value) ? Math.abs(value) / most : 1;
      Object.assign(bar.style, {
        width: `${50 * share}%`, [value < 0 ? "right" : "left"]: "50%", backgroundColor: cssColour(value < 0 ? theme.negative : theme.positive),
      });
      const canvas = minis(place);
      return element("div", { class: "row", role: "option", tabindex: "-1", "aria-selected": "false", "aria-label": `${name}: ${exactly(value)}` },
        element("span", { class: "row-name" }, name), ...(canvas ? [canvas] : []),
        element("span", { class: "track", "aria-hidden": "true" }, bar), element("span", { class: "row-value" }, numeral(value, 4)));
    });
    rows.replaceChildren(...boxes);
    const left = values.length - order.length;
    if (left > 0) {
      const shown = new Set(order);
      const sum = values.reduce((total, value, place) => (shown.has(place) ? total : total + value), 0);
      rest.textContent = `and ${left.toLocaleString("en-US")} smaller ones, which add up to ${numeral(sum, 3)}`;
    }
    rest.hidden = left <= 0;
    at = 0;
    rows.scrollTop = 0;
    settle(0, false);
  }

  function clear() {
    [order, boxes, at] = [[], [], 0];
    rows.replaceChildren();
  }

  return { node, draw, clear };
}

/** Small heat maps side by side: `grids` of rows x cols numbers each, with the word of a colour for each number. */
function miniMaps(grids, rows, cols, ratio) {
  const cell = Math.max(Math.floor(CELL_MINI / Math.max(rows, cols)), 2);
  const [width, height, gap] = [cols * cell, rows * cell, 6];
  const canvas = element("canvas", { class: "minis", "aria-hidden": "true" });
  const full = grids.length * (width + gap) - gap;
  Object.assign(canvas.style, { width: `${full}px`, height: `${height}px` });
  const context = fitCanvas(canvas, full, height);
  grids.forEach(({ values, colour }, which) => {
    for (let i = 0; i < rows * cols; i += 1) {
      context.fillStyle = cssColour(colour(values[i]));
      context.fillRect(which * (width + gap) + (i % cols) * cell, Math.floor(i / cols) * cell, cell, cell);
    }
    context.strokeStyle = ratio;
    context.strokeRect(which * (width + gap) + 0.5, 0.5, width - 1, height - 1);
  });
  return canvas;
}
