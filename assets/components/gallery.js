// One input and kernel as many libraries compute them: their outputs side by side, and how each differs from one.
//
// data: operation ("convolution" | "max" | "average"), input (numbers), frame [top, bottom, left, right] (the widest
// padding of all), low, high (black and white of the input), kernel (weights, or null), taps, stride, dilation,
// bound, gap_bound, kernel_bound, reference (which item), refused (the name of the one that was wanted and refuses),
// place [row, column], pinned, and items:
// [{ name, function, refusal, way (a sentence, if there are numbers all the same), call, values, gap, equal, labels,
// sentences, idle, around, pads, flip }].
// trigger `pin`: { row, column }, or {} when the pin is taken away. trigger `edit`: { where ("input" | "kernel"), row,
// column, text }, counted as the person handed the grid over. Everything else stays in the browser.

const SIGNS = { convolution: ["\u2605", "\u2217"] };

const galleryView = instances((parentElement) => {
  const stop = new AbortController();
  const { signal } = stop;
  const view = { data: null, theme: null, pin: () => {}, edit: () => {} };
  // What the pointer is over, and what has the focus: { item, row, column }, item null for a cell of the input or kernel.
  let hovered = null;
  let focused = null;
  let pinned = null; // { row, column }; the browser's word until the server's comes
  let drawn = ""; // what the cards were made for

  const input = heatGrid({
    signal,
    hover: (place) => { hovered = place && { item: null, ...place }; show(); },
    focus: (place) => { focused = place && { item: null, ...place }; show(); },
    press: (event, place) => editKey(event, "input", place),
  });
  const ofWeight = (place) => (place && plan.cell < READABLE ? { item: null, kernel: true, ...place } : null); // else it stands there
  const kernel = heatGrid({
    signal,
    hover: (place) => { hovered = ofWeight(place); show(); },
    focus: (place) => { focused = ofWeight(place); show(); },
    press: (event, place) => editKey(event, "kernel", place),
  });
  const inputCaption = element("figcaption", { class: "quiet" });
  const kernelCaption = element("figcaption", { class: "quiet" });
  const sign = element("div", { class: "sign", "aria-hidden": "true" });
  const kernelBox = element("figure", {}, kernel.node, kernelCaption);
  const values = galleryValues();
  const hint = element("div", { class: "hint quiet" });
  const given = element("div", { class: "given" },
    element("div", { class: "equation" }, element("figure", {}, input.node, inputCaption), sign, kernelBox), hint, values.node);
  const outputs = element("div", { class: "shelf", role: "group", "aria-label": "outputs" });
  const heading = element("h2", {});
  const alike = element("p", { class: "alike quiet" });
  const gaps = element("div", { class: "shelf gaps", role: "group", "aria-label": "differences" });
  const live = element("div", { class: "offscreen", "aria-live": "polite" });
  const main = element("div", { class: "main" }, outputs, heading, alike, gaps);
  const stage = element("div", { class: "gallery" }, given, main, live);
  const editor = cellEditor(stage, signal);
  const root = element("div", { class: "lab" }, stage);
  parentElement.append(root);
  keepKeysInside(root, signal);

  let plan = null; // as galleryPlan says
  let cards = []; // one an item: { node, grid, gapNode, gapGrid, around }
  const item = (index) => view.data.items[index];
  const called = (one) => (one.way ? `${one.name}\u2020` : one.name);
  const same = (a, b) => Boolean(a && b && a.row === b.row && a.column === b.column);

  const exists = (place) => Boolean(place) && (place.item === null || item(place.item)?.values?.[place.row]?.[place.column] !== undefined);

  /** The cell that is spoken of: under the pointer, else focused, else pinned, else the first that differs. */
  function current() {
    const { data } = view;
    const found = [hovered, focused].find(exists);
    if (found) return found;
    const [row, column] = pinned ? [pinned.row, pinned.column] : data.place;
    const index = [data.reference, ...data.items.keys()].find((one) => exists({ item: one, row, column }));
    return { item: index ?? data.reference, row, column };
  }

  /** Does window `at` along an axis (0 rows, 1 columns) read position `cell`, counted from the first real one? */
  function reads(index, axis, at, cell) {
    const { taps, stride, dilation } = view.data;
    const into = cell - (at * stride[axis] - item(index).pads[2 * axis]);
    return into >= 0 && into % dilation[axis] === 0 && into / dilation[axis] < taps[axis];
  }

  function pin(place) {
    const next = same(place, pinned) ? null : { row: place.row, column: place.column };
    pinned = next;
    live.textContent = next ? `Row ${next.row}, column ${next.column} is pinned.` : "No cell is pinned.";
    view.pin(next ?? {});
    show();
  }

  /** Where a cell of a drawn grid stands in the grid that the person handed over, and what it holds; or null. */
  function source(where, { row, column }) {
    const { data } = view;
    const [r, c] = where === "input" ? [row - data.frame[0], column - data.frame[2]]
      : item(givenTo).flip ? [data.taps[0] - 1 - row, data.taps[1] - 1 - column] : [row, column];
    const value = (where === "input" ? data.input : data.kernel)?.[r]?.[c];
    return value === undefined ? null : { row: r, column: c, value };
  }

  function edit(where, place, text = "") {
    const found = source(where, place);
    if (!found) return;
    const box = (where === "input" ? input : kernel).cellAt(place);
    const { row, column, value } = found;
    editor.open(box, String(value), text, (typed) => view.edit({ where, row, column, text: typed }));
  }

  function editKey(event, where, place) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "F2" || event.key === "Enter") edit(where, place);
    else if (/^[-+.\d\u2212]$/.test(event.key)) edit(where, place, event.key);
    else return;
    event.preventDefault();
  }

  for (const [where, grid] of [["input", input], ["kernel", kernel]]) {
    grid.node.addEventListener("dblclick", (event) => {
      const box = event.target.closest("[role=gridcell]");
      if (box) edit(where, { row: Number(box.dataset.row), column: Number(box.dataset.column) });
    }, { signal });
  }

  const keys = (index) => (event, place) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    pin({ item: index, ...place });
  };
  const gridOf = (index) => heatGrid({
    signal,
    hover: (place) => { hovered = place && { item: index, ...place }; show(); },
    focus: (place) => { focused = place && { item: index, ...place }; show(true); },
    pick: (place) => pin({ item: index, ...place }),
    press: keys(index),
  });

  /** Make the cards anew; their numbers come with `paint`. */
  function build() {
    const { data } = view;
    hovered = null;
    focused = null;
    cards = data.items.map((one, index) => {
      const grid = one.values ? gridOf(index) : null;
      const gapGrid = one.values && !one.equal ? gridOf(index) : null;
      const mark = SIGNS[data.operation]?.[one.flip ? 1 : 0];
      const title = element("div", { class: "name" }, called(one), mark && one.values ? element("span", { class: "mark quiet", "aria-hidden": "true" }, mark) : "");
      const body = grid ? grid.node : element("p", { class: "refusal" }, one.refusal);
      const note = element("div", { class: "note" });
      if (grid) note.append(...noteOf(one, index));
      const call = grid ? breakable(one.call) : breakable(one.function);
      const node = element("article", { class: "card", "aria-label": one.name }, title, call, element("div", { class: "body" }, body), note);
      const words = element("div", { class: "why" });
      if (gapGrid) {
        words.append(...one.sentences.map((text) => element("p", {}, text)));
        if (one.idle.length) words.append(element("p", { class: "quiet" }, `With that done as ${called(item(data.reference))} does it, nothing hangs on: ${one.idle.join(", ")}.`));
      }
      const gapNode = gapGrid && element("article", { class: "card", "aria-label": `${one.name}, difference` },
        element("div", { class: "name" }, called(one)), element("div", { class: "body" }, gapGrid.node), words);
      return { node, grid, gapGrid, gapNode, around: JSON.stringify([one.around, one.pads, one.flip]) };
    });
    outputs.replaceChildren(...cards.map(({ node }) => node));
    gaps.replaceChildren(...cards.flatMap(({ gapNode }) => (gapNode ? [gapNode] : [])));
    values.rows(data.items.map(called));
    const base = called(item(data.reference));
    heading.textContent = `Difference to ${base}`;
    const equal = data.items.filter((one, index) => one.equal && index !== data.reference);
    const idle = equal.filter((one) => one.idle.length).map((one) => `${called(one)} (${one.idle.join(", ")})`);
    alike.textContent = [
      data.refused ? `${data.refused} refuses, so ${base} takes its place.` : "",
      equal.length ? `The same numbers: ${equal.map(called).join(", ")}.` : gaps.children.length ? "" : "Nothing else computes this.",
      idle.length ? `Other rules that change nothing here: ${idle.join("; ")}.` : "",
    ].filter(Boolean).join(" ");
    alike.hidden = !alike.textContent;
  }

  function noteOf(one, index) {
    const way = one.way ? [element("p", { class: "way" }, `\u2020 ${one.way}`)] : [];
    if (index === view.data.reference) return [element("b", {}, "the reference"), ...way];
    if (one.equal) return [element("b", {}, "= "), "the same", ...way];
    return [element("b", {}, "\u2260 "), one.labels.join(", "), ...way];
  }

  /** Sizes and numbers of every grid. */
  function paint() {
    const { data, theme } = view;
    const known = data.items.filter(({ values }) => values);
    const columns = Math.max(...known.map(({ values }) => values[0].length));
    const [top, bottom, left, right] = data.frame;
    const family = getComputedStyle(root).fontFamily;
    const [fitOutputs, fitGaps] = ["values", "gap"].map((name) => fitsOf(known.flatMap((one) => one[name].flat()).filter((value) => value !== "NaN"), family));
    plan = galleryPlan(width.width, [data.input.length + top + bottom, data.input[0].length + left + right], data.kernel && data.taps, columns, (cell) => Boolean(fitOutputs(cell)));
    const { room } = plan;
    const rows = [
      [outputs, "grid", shelves(room, columns, (cell) => Boolean(fitOutputs(cell)), plan.beside ? 2 : undefined), data.bound, fitOutputs],
      [gaps, "gapGrid", gapShelves(room, columns, (cell) => Boolean(fitGaps(cell))), data.gap_bound, fitGaps],
    ];
    stage.classList.toggle("beside", plan.beside);
    stage.classList.toggle("under", plan.under);
    stage.classList.toggle("broad", plan.broad);
    stage.classList.toggle("wide", width.width >= 700);
    for (const [shelf, part, shown, bound, fitIn] of rows) {
      shelf.classList.toggle("below", shown.words === "below");
      shelf.style.gridTemplateColumns = `repeat(${shown.count}, minmax(0, 1fr))`;
      const name = part === "grid" ? "values" : "gap";
      const fit = fitIn(shown.cell);
      cards.forEach((card, index) => {
        if (!card[part]) return;
        const numbers = item(index)[name];
        const label = `${item(index).name}, ${part === "grid" ? "output" : `difference to ${item(data.reference).name}`}`;
        card[part].draw({
          rows: numbers.length, columns: numbers[0].length, cell: shown.cell, font: fit?.font ?? SMALLEST_FIGURES, label,
          paint: (row, column) => {
            const value = numbers[row][column];
            const place = `row ${row}, column ${column}`;
            if (value === "NaN") return { colour: theme.background, text: fit ? "new" : "", size: fit && Math.min(fit.font, 11), lone: true, label: `${place}: the other has no such cell` };
            return { colour: signedCell(theme, value, bound), text: fit ? fit.write(value) : "", label: `${place}: ${exactly(value)}` };
          },
        });
      });
    }
    given.style.setProperty("--aside", `${plan.aside}px`);
    show();
    // Higher than the window, it sticks by its lower edge, where the values are.
    if (plan.beside) given.style.setProperty("--stick", `${Math.min(72, innerHeight - given.offsetHeight - 8)}px`);
  }

  /** The input with what the library of `index` puts round it, and the kernel as it lays it on. */
  function paintGiven(index) {
    const { data, theme } = view;
    const one = item(index);
    const [top, bottom, left, right] = data.frame;
    const [rows, columns] = [data.input.length + top + bottom, data.input[0].length + left + right];
    const weights = data.kernel && (one.flip ? data.kernel.map((line) => [...line].reverse()).reverse() : data.kernel);
    const { cell } = plan;
    const family = getComputedStyle(root).fontFamily;
    const fit = fitNumbers(one.around.flat().filter((value) => value !== "NaN"), cell, family);
    input.draw({
      rows, columns, cell, font: fit?.font ?? SMALLEST_FIGURES, label: `input, as ${one.name} pads it`,
      paint: (row, column) => {
        const [r, c] = [row - top, column - left];
        const value = one.around[r + one.pads[0]]?.[c + one.pads[2]];
        const place = `row ${formatNumber(r)}, column ${formatNumber(c)}`;
        if (value === undefined) return { colour: theme.background, label: `${place}: not read` };
        const outside = data.input[r]?.[c] === undefined;
        if (value === "NaN") return { colour: theme.background, text: fit ? "\u2013" : "", outside: true, label: `${place}: padding that does not count` };
        const colour = data.low < 0 ? signedCell(theme, value, Math.max(data.high, -data.low)) : greyCell(theme, value, data.low, data.high);
        return { colour, text: fit ? fit.write(value) : "", outside, label: `${place}: ${exactly(value)}${outside ? ", from the border rule" : ""}` };
      },
    });
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        input.cellAt({ row, column }).classList.toggle("unread", one.around[row - top + one.pads[0]]?.[column - left + one.pads[2]] === undefined);
      }
    }
    const hand = matchMedia("(hover: none)").matches ? "Tap twice on" : "Double-click";
    hint.textContent = `${hand} a number of the input${weights ? " or the kernel" : ""} to change it.`;
    kernelBox.hidden = !weights;
    sign.hidden = !weights;
    if (!weights) return;
    const kernelFit = fitNumbers(weights.flat(), cell, family);
    kernel.draw({
      rows: weights.length, columns: weights[0].length, cell, font: kernelFit?.font ?? SMALLEST_FIGURES,
      label: one.flip ? "kernel, turned by 180\u00b0" : "kernel",
      paint: (row, column) => ({
        colour: signedCell(theme, weights[row][column], data.kernel_bound),
        text: kernelFit ? kernelFit.write(weights[row][column]) : "",
        label: `row ${row}, column ${column}: ${exactly(weights[row][column])}`,
      }),
    });
    kernelCaption.textContent = one.flip ? "kernel, turned" : "kernel";
    sign.textContent = SIGNS.convolution[one.flip ? 1 : 0];
  }

  let givenFor = "";
  let givenTo = null; // the library whose input is shown
  let pins = []; // the cells that carry the pin's mark

  /** Mark the pinned cell on every grid. A cell is touched only where that changes. */
  function markPin() {
    const now = cards.flatMap(({ grid, gapGrid }) => [grid?.cellAt(pinned ?? {}), gapGrid?.cellAt(pinned ?? {})]).filter(Boolean);
    for (const cell of pins) if (!now.includes(cell)) cell.classList.remove("pinned");
    for (const cell of now) cell.classList.add("pinned");
    pins = now;
  }

  /** Outline the cell everywhere, its window in the input, and spell all the values out. */
  function show(byFocus = false) {
    if (!view.data || !width.width) return;
    const { data } = view;
    const [top, , left] = data.frame;
    const place = current();
    const ofKernel = Boolean(place.kernel);
    const ofInput = place.item === null && !ofKernel ? { row: place.row - top, column: place.column - left } : null;
    if (place.item !== null) givenTo = place.item;
    if (givenTo === null || !item(givenTo)?.values) givenTo = data.reference;
    const wanted = `${cards[givenTo].around} ${width.width}`; // many libraries put the same round it
    if (givenFor !== wanted) {
      givenFor = wanted;
      paintGiven(givenTo);
    }
    input.node.setAttribute("aria-label", `input, as ${item(givenTo).name} pads it`);
    const here = { row: place.row, column: place.column };
    const cellsOf = ([rows, columns], kind, takesRow, takesColumn) => {
      const across = [...Array(columns).keys()].filter(takesColumn);
      return [...Array(rows).keys()].filter(takesRow).flatMap((row) => across.map((column) => ({ row, column, kind })));
    };
    cards.forEach(({ grid, gapGrid }, index) => {
      for (const one of [grid, gapGrid]) {
        if (!one) continue;
        if (ofInput) one.light(cellsOf(one.shape, "fed", (row) => reads(index, 0, row, ofInput.row), (column) => reads(index, 1, column, ofInput.column)));
        else one.mark(place.item === null ? null : here);
      }
    });
    if (place.item === null) input.mark(ofInput && here);
    else input.light(cellsOf(input.shape, "under", (row) => reads(place.item, 0, place.row, row - top), (column) => reads(place.item, 1, place.column, column - left)));
    markPin();
    kernel.mark(ofKernel ? { row: place.row, column: place.column } : null);
    const window = data.kernel ? [] : [element("br"), `window ${data.taps.join(` ${TIMES} `)}`];
    inputCaption.replaceChildren(`input, as ${item(givenTo).name} sees it`, ...window);
    tell(place, ofInput);
    if (byFocus && focused) {
      const said = data.items.filter(({ values }) => values).map((one) => `${one.name} ${exactly(one.values[place.row]?.[place.column] ?? "none")}${one.way ? " by a way around" : ""}`);
      live.textContent = `Row ${place.row}, column ${place.column}: ${said.join(", ")}`;
    }
  }

  /** The list of values: one line a library, with its difference; or what one cell of the input or kernel holds. */
  function tell(place, cell) {
    const { data } = view;
    if (place.kernel) {
      const at = kernel.cellAt(place)?.getAttribute("aria-label") ?? "";
      values.tell({ where: `${kernelCaption.textContent.replace("k", "K")}, ${at}`, words: [] });
      return;
    }
    if (cell) {
      const { around, pads, name } = item(givenTo);
      const value = around[cell.row + pads[0]]?.[cell.column + pads[2]];
      const words = value === undefined ? "not read" : value === "NaN" ? "padding that does not count" : exactly(value);
      values.tell({
        where: `Input, row ${formatNumber(cell.row)}, column ${formatNumber(cell.column)}`,
        words: [`${name}: ${words}`, "Outlined: every output that reads it."],
      });
      return;
    }
    const lines = data.items.map((one, index) => {
      const value = one.values?.[place.row]?.[place.column];
      const gap = one.gap?.[place.row]?.[place.column];
      const change = index === data.reference || gap === undefined || gap === 0 || gap === "NaN" ? "" : (isNumber(gap) && gap > 0 ? "+" : "") + numeral(gap);
      return { value: !one.values ? "refuses" : value === undefined ? "\u2013" : numeral(value, 4), change, active: index === place.item };
    });
    values.tell({ where: `Row ${place.row}, column ${place.column}`, note: pinned && same(pinned, place) ? " \u00b7 pinned" : "", lines });
  }

  const width = watchWidth(root, () => { if (view.data) paint(); });
  document.fonts?.ready.then(() => { if (view.data && !signal.aborted) paint(); });

  view.update = (data) => {
    editor.close();
    const before = view.data;
    Object.assign(view, { data, theme: readTheme(parentElement) });
    pinned = data.pinned ? { row: data.place[0], column: data.place[1] } : null;
    const text = JSON.stringify([data.items, data.reference]);
    if (!before || drawn !== text) build();
    drawn = text;
    givenFor = "";
    paint();
  };
  view.close = () => { stop.abort(); width.stop(); };
  return view;
});

export default function ({ data, parentElement, setTriggerValue }) {
  const view = galleryView(parentElement);
  view.pin = (place) => setTriggerValue("pin", place);
  view.edit = (change) => setTriggerValue("edit", change);
  if (data?.items?.length) view.update(data);
  return view.close;
}
