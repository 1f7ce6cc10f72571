// The explorer: input, window and output as an equation that one can touch. Here: who is looked at, keys, editing.

const explorerKnown = new WeakMap();

/** Everything that the elements are built from. While it stays the same, only numbers and colours are written anew. */
function shapeOf(data) {
  const size = (planes) => planes && [planes.length, planes[0].length, planes[0][0].length];
  const parts = ["input", "kernel", "output"].map((part) => {
    const { planes, partials, winners, divisors, scale, note, ...rest } = data[part];
    return [size(planes), rest];
  });
  const { operation, sign, reduce, taps, sources, bias, count_pad, editable, play } = data;
  return JSON.stringify([parts, operation, sign, reduce, taps, sources, bias, count_pad, editable, Boolean(play)]);
}

function explorerMount(parentElement) {
  const stop = new AbortController();
  const { signal } = stop;
  const root = element("div", { class: "lab explorer" });
  const live = element("div", { class: "offscreen", role: "status", "aria-live": "polite" });
  parentElement.append(root);
  keepKeysInside(root, signal);

  let model = null, view = null, shape = "", width = 0, theme = null, send = () => {};
  let hover = null, focus = null, pinned = null, told = "", sent = "", sentAt = 0, editing = null, revealed = null, mayAutoplay = false;

  const stops = new WeakMap(); // of each grid the cell that Tab reaches
  const same = (a, b) => a && b && a.where === b.where && a.plane === b.plane && a.row === b.row && a.column === b.column;
  const outputPlace = (place) => place && { where: "output", plane: place[0], row: place[1], column: place[2] };
  const cellAt = (place) => place && view.sheets[place.where][place.plane]?.cells[place.row]?.[place.column];
  const placeOf = (node) => cellPlaces.get(node?.closest?.(".cell"));

  const player = explorerPlayer({
    steps: () => model?.steps ?? 1,
    rest: () => (model ? model.stepOf(pinned ?? model.firstPlace()) : 1),
    held: () => hover !== null,
    show(step, announce) {
      if (step !== null) focus = null; // the player was used last
      reveal(step);
      show(announce);
    },
  }, signal);

  // What is shown: where the pointer is, else the focus, else the step, else the pin, else the first output ------------
  function show(announce = false) {
    if (!view) return;
    const place = hover ?? focus ?? outputPlace(player.step === null ? pinned ?? model.firstPlace() : model.atStep(player.step));
    root.classList.toggle("sliding", player.step !== null && !hover && !focus && !reducedMotion());
    root.style.setProperty("--beat", `${Math.min(player.beat() * 0.5, 250)}ms`);
    const draw = { output: view.showOutput, input: view.showInput, kernel: view.showWeight }[place.where];
    const given = JSON.stringify(pinned) === JSON.stringify(model.data.pinned), marked = given ? model.data.pin_word : "pinned";
    const told = draw(place.plane, place.row, place.column, same(place, outputPlace(pinned)) ? marked : "");
    if (announce) live.textContent = told();
  }

  /** While the window slides, what it has not reached yet is empty. */
  function reveal(step) {
    const known = step ?? model.steps, before = revealed ?? 0;
    const [from, to] = revealed === null ? [0, model.steps] : [Math.min(known, before), Math.max(known, before)];
    for (let i = from + 1; i <= to; i += 1) {
      const cell = cellAt(outputPlace(model.atStep(i)));
      cell.classList.toggle("pending", i > known);
      cell.classList.toggle("fresh", i === known && step !== null);
    }
    revealed = known;
  }

  function markPin() {
    for (const sheet of view.sheets.output) {
      for (const cell of sheet.cells.flat()) {
        const on = cell === cellAt(outputPlace(pinned));
        cell.classList.toggle("pinned", on);
        if (on) cell.setAttribute("aria-selected", "true");
        else cell.removeAttribute("aria-selected");
      }
    }
  }

  function pin(place) {
    pinned = place;
    player.leave();
    markPin();
    show(true);
    sent = JSON.stringify(pinned);
    sentAt = Date.now();
    send("pin", place ?? []);
  }

  // Pointer and keys ---------------------------------------------------------------------------------------------------
  root.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return; // a tap is a click, and a click focuses
    const place = placeOf(event.target) ?? null;
    if (place ? same(place, hover) : hover === null) return;
    hover = place;
    show();
  }, { signal });
  root.addEventListener("pointerleave", () => {
    if (hover === null) return;
    hover = null;
    show();
  }, { signal });
  root.addEventListener("click", (event) => {
    const place = placeOf(event.target);
    if (!place || event.target.closest("input")) return;
    player.pause();
    if (place.where === "output") {
      const again = same(place, outputPlace(pinned));
      pin(again ? null : [place.plane, place.row, place.column]);
    }
  }, { signal });
  root.addEventListener("focusin", (event) => {
    const place = event.target.matches(".cell") ? placeOf(event.target) : undefined;
    if (!place) return;
    focus = place;
    player.pause();
    const sheet = view.sheets[place.where][place.plane];
    (stops.get(sheet) ?? sheet.cells[0][0]).tabIndex = -1;
    event.target.tabIndex = 0;
    stops.set(sheet, event.target);
    show(true);
  }, { signal });
  root.addEventListener("focusout", (event) => {
    if (!focus || placeOf(event.relatedTarget)) return;
    focus = null;
    show();
  }, { signal });
  root.addEventListener("keydown", (event) => {
    const place = event.target.matches(".cell") ? placeOf(event.target) : undefined;
    if (!place || event.altKey || event.metaKey) return;
    const { cells } = view.sheets[place.where][place.plane];
    const lastRow = cells.length - 1, lastColumn = cells[0].length - 1;
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const jumps = {
      Home: [event.ctrlKey ? 0 : place.row, 0], End: [event.ctrlKey ? lastRow : place.row, lastColumn],
      PageUp: [0, place.column], PageDown: [lastRow, place.column],
    };
    const target = steps[event.key] ? [place.row + steps[event.key][0], place.column + steps[event.key][1]] : jumps[event.key];
    if (target) {
      hover = null; // the keys were used last
      cells[Math.min(Math.max(target[0], 0), lastRow)][Math.min(Math.max(target[1], 0), lastColumn)].focus();
    } else if ((event.key === "Enter" || event.key === " ") && place.where === "output") pin([place.plane, place.row, place.column]);
    else if (event.key === "Escape" && pinned) pin(null);
    else if ((event.key === "Enter" || event.key === "F2") && editable(place)) edit(place);
    else if (/^[-\u2212+.,0-9]$/.test(event.key) && !event.ctrlKey && editable(place)) edit(place, event.key);
    else return;
    event.preventDefault();
  }, { signal });
  root.addEventListener("dblclick", (event) => {
    const place = placeOf(event.target);
    if (place && editable(place)) edit(place);
  }, { signal });

  // Editing: the page checks what was typed; until it answers, the cell shows it --------------------------------------
  function editable(place) {
    const allowed = model.data.editable;
    if (place.where === "kernel") return Boolean(allowed.kernel && model.kernel.planes);
    return place.where === "input" && Boolean(allowed.input) && model.kind(place.row, place.column) === "real";
  }

  function edit(place, typed) {
    player.leave();
    const cell = cellAt(place);
    const planes = place.where === "kernel" ? model.kernel.planes : model.input.planes;
    const value = planes[place.plane][place.row][place.column];
    const old = typeof value === "number" ? String(value) : "";
    const field = element("input", {
      class: "field", type: "text", autocomplete: "off", spellcheck: "false", maxlength: 40, "aria-label": `New number for ${cell.getAttribute("aria-label")}`,
    });
    field.value = typed ?? old;
    const close = (commit, refocus = false) => {
      if (editing !== close) return;
      editing = null;
      const text = field.value.trim();
      field.remove();
      if (refocus) cell.focus();
      if (!commit || text === "" || text === old) return;
      cell.textContent = text.slice(0, 6);
      setTimeout(() => view.fill(), 1500); // if it was refused, the old number stands there again
      const [row, column] = place.where === "input" ? [place.row - model.input.pad[0], place.column - model.input.pad[2]] : [place.row, place.column];
      send("edit", { where: place.where, channel: place.plane, row, column, text });
    };
    editing?.(true);
    editing = close;
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") close(true, true);
      else if (event.key === "Escape") close(false, true);
    });
    field.addEventListener("blur", () => close(true));
    const sheet = view.sheets[place.where][place.plane], box = sheet.boxOf(place.row, place.column);
    field.style.left = `${box.left + box.size / 2}px`;
    field.style.top = `${box.top}px`;
    field.style.height = `${Math.max(box.size, 20)}px`;
    sheet.stage.append(field); // beside the cell: its text can change meanwhile
    field.focus();
    if (typed === undefined) field.select();
  }

  // Building, sizing, updating -----------------------------------------------------------------------------------------
  const key = element("div", { class: "key quiet" });
  function writeKey() {
    const items = [];
    const sample = (names, text) => items.push(element("span", { class: "key-item" }, element("i", { class: `cell ${names}`, "aria-hidden": "true" }), text));
    const [rows, columns] = [model.inRows, model.inColumns];
    const every = Array.from({ length: rows * columns }, (_, i) => [Math.floor(i / columns), i % columns]);
    if (every.some(([r, c]) => model.kind(r, c) === "pad")) sample("pad", "padding");
    if (every.some(([r, c]) => model.kind(r, c) === "over")) sample("over", "beyond the padding");
    if (every.some(([r, c]) => model.dropped(r, c))) sample("unread dropped cut-left", "left over by the stride: dropped, never read");
    if (every.some(([r, c]) => model.neverRead(r, c) && !model.dropped(r, c))) sample("unread", "never read");
    if (model.reduce === "mean" && every.some(([r, c]) => model.kind(r, c) === "over" || (model.kind(r, c) === "pad" && !model.data.count_pad))) {
      items.push(element("span", { class: "key-item" }, "\u2013 in the window, does not count"));
    }
    const touch = matchMedia("(hover: none)").matches;
    const hand = touch ? "Tap a cell to see where its number comes from." : "Point at a cell; click or Enter pins an output.";
    const how = touch ? " Tap a number twice to change it." : " Double-click a number, or press F2 on it, to change it.";
    const change = model.data.editable.input || model.data.editable.kernel ? how : "";
    key.replaceChildren(...items, element("span", { class: "hint" }, hand + change));
  }

  function build() {
    editing?.(false);
    view = explorerView(model);
    tallness.disconnect();
    tallness.observe(view.equation);
    tallness.observe(view.readout);
    root.replaceChildren(view.equation, view.readout, ...(model.data.play ? [player.root] : []), key, live);
    revealed = null;
    hover = null;
    player.step = null;
    writeKey();
  }

  /** Of the window, where the equation can be made to fit it. */
  const height = () => (isNarrow(width) ? 800 : Math.min(Math.max(window.innerHeight, 700), 1000));

  function layout() {
    if (!view || !width) return;
    view.resize(width, height());
    show();
    if (mayAutoplay) {
      mayAutoplay = false;
      player.play();
    }
  }

  const watcher = new ResizeObserver((entries) => {
    const found = Math.floor(entries[entries.length - 1].contentRect.width);
    if (!found || found === width) return;
    width = found;
    layout();
  });
  watcher.observe(root);

  // It follows the eye only where an equation that begins in sight has it below the window: elsewhere it would cover what
  // it speaks of. Watched rather than asked for at each update, when the answer would cost a layout.
  function stick() {
    const scrolled = document.querySelector('[data-testid="stMain"]')?.scrollTop ?? 0;
    const { top, bottom } = view.equation.getBoundingClientRect();
    const below = bottom + scrolled + view.readout.firstElementChild.scrollHeight + 18 > window.innerHeight;
    view.readout.classList.toggle("sticky", below && (top + scrolled < 0.5 * window.innerHeight || bottom - top > 0.6 * window.innerHeight));
  }
  const tallness = new ResizeObserver(stick);
  window.addEventListener("resize", () => {
    if (!view) return;
    layout();
    stick();
  }, { signal });

  function update({ data, setTriggerValue }) {
    send = setTriggerValue;
    const code = getComputedStyle(parentElement.host ?? parentElement).getPropertyValue("--st-code-font");
    theme = { ...readTheme(parentElement), code };
    const fresh = explorerModel(data);
    const newShape = shapeOf(data);
    const kept = focus;
    const first = model === null;
    if (newShape === shape) Object.assign(model, fresh);
    else {
      player.pause();
      model = fresh;
      shape = newShape;
      build();
      if (kept) cellAt(kept)?.focus();
    }
    const given = JSON.stringify(data.pinned ?? null);
    if (given !== told || first) {
      told = given;
      const older = sent && given !== sent && Date.now() - sentAt < 3000; // an older pin is still on its way back
      if (!older) pinned = data.pinned ?? null;
      if (given === sent) sent = "";
    }
    if (pinned && !cellAt(outputPlace(pinned))) pinned = null;
    view.fill();
    view.paint(theme);
    reveal(player.step);
    markPin();
    player.draw();
    if (first && data.play) {
      mayAutoplay = Boolean(data.play.autoplay) && !pinned && !reducedMotion();
      if (!mayAutoplay && data.play.step) player.go(Math.min(Math.max(data.play.step, 1), model.steps));
    }
    if (width) layout();
    else show();
  }

  function end() {
    stop.abort();
    watcher.disconnect();
    tallness.disconnect();
    root.remove();
    explorerKnown.delete(parentElement);
  }
  return { update, end };
}

export default function (component) {
  const { parentElement } = component;
  if (!explorerKnown.has(parentElement)) explorerKnown.set(parentElement, explorerMount(parentElement));
  const explorer = explorerKnown.get(parentElement);
  explorer.update(component);
  return () => explorer.end();
}
