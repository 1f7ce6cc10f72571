// The kernel as a signed heat map with its numbers, between the operator signs, to be edited in place.
//
// data: planes [{ name, weights }], sign, editable, caption, bound; optional: error (a sentence), min_height (px, of
// the part beside the pictures), answered (the `id` of the last edit the server has judged).
// trigger `edit`: { plane, row, col, text, id, unanswered }. Streamlit keeps only the newest of two triggers that wait
// while a script runs, so each brings along the earlier edits nobody has answered yet, oldest first.

const PATIENCE = 4000; // ms; after that an edit nobody answered gives its cell back

/** The size of a cell: large kernels shrink to what stands beside a picture, and never leave the column. */
function kernelCell(width, planes, rows, columns) {
  const several = planes > 1;
  const high = several ? 240 / planes : rows > columns ? 240 : 168;
  const least = several ? 8 : 5;
  const wide = width - 2 * 26 - (several ? 18 : 0);
  return wholeCell(Math.min(several ? 32 : 40, Math.max(high / rows, least), wide / columns));
}

const kernelView = instances((parentElement) => {
  const stop = new AbortController();
  const { signal } = stop;
  const sign = element("div", { class: "sign" });
  const equals = element("div", { class: "sign equals" }, "=");
  const planes = element("div", { class: "planes" });
  const formula = element("div", { class: "formula quiet" }, "√(x² + y²)");
  const caption = element("div", { class: "quiet" });
  const range = element("div", { class: "quiet" });
  const readout = element("div", { class: "readout quiet", role: "status", "aria-live": "polite" });
  const editor = element("input", { class: "editor", type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "off", hidden: true });
  const stage = element("div", { class: "kernel" }, sign, planes, equals, element("div", { class: "below" }, caption, range, readout), editor);
  const root = element("div", { class: "lab" }, stage);
  parentElement.append(root);
  keepKeysInside(root, signal);

  const view = { data: null, theme: null, send: () => {} };
  const grids = []; // [{ name, grid }], one a plane
  const pending = new Map(); // "plane,row,column" -> { plane, row, col, text, id, timer }: sent, not yet answered
  let editing = null; // { plane, row, column, before }
  let hovered = null;
  let focused = null;
  let lastId = 0;
  let refused = null; // the cell whose edit the server has refused: the reason is read before its number
  let stamp = "";

  const weightAt = ({ plane, row, column }) => view.data.planes[plane]?.weights[row]?.[column];
  const keyOf = ({ plane, row, column }) => `${plane},${row},${column}`;
  const words = ({ plane, row, column }) => {
    const name = view.data.planes[plane].name;
    return `${name ? `${name}, row` : "Row"} ${row}, column ${column}`;
  };

  function addPlane(plane) {
    const name = element("div", { class: "name quiet" });
    const tell = (place) => place && { plane, ...place };
    const grid = heatGrid({
      signal,
      hover: (place) => { hovered = tell(place); speak(); },
      focus: (place) => { focused = tell(place); speak(); },
      pick: (place) => open(tell(place)),
      press: (event, place) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.key === "Enter" || event.key === "F2") open(tell(place));
        else if (/^[-+.,\d\u2212]$/.test(event.key)) open(tell(place), event.key);
        else return;
        event.preventDefault();
      },
    });
    grids.push({ name, grid });
  }

  /** The line below: the cell under the pointer or the focus, else what went wrong, else what can be done. */
  function speak() {
    const { data } = view;
    const known = [editing, hovered, focused].find((one) => one && weightAt(one) !== undefined);
    if (editing || !data.error || (known && keyOf(known) !== refused)) refused = null;
    const place = known && keyOf(known) === refused ? null : known;
    readout.classList.toggle("error", !place && Boolean(data.error));
    readout.classList.toggle("quiet", !place);
    if (place) {
      const waiting = pending.get(keyOf(place));
      readout.textContent = `${words(place)}: ${waiting ? waiting.text : exactly(weightAt(place))}`;
      return;
    }
    readout.textContent = data.error || (data.editable ? `Click a ${range.textContent ? "cell" : "number"} to edit` : "");
  }

  function paint() {
    const { data, theme } = view;
    const [rows, columns] = [data.planes[0].weights.length, data.planes[0].weights[0].length];
    const cell = kernelCell(ruler.width, data.planes.length, rows, columns);
    const family = getComputedStyle(root).fontFamily;
    const fit = fitNumbers(data.planes.flatMap((plane) => plane.weights.flat()), cell, family);
    while (grids.length < data.planes.length) addPlane(grids.length);
    grids.length = data.planes.length;
    const wanted = grids.flatMap(({ name, grid }) => [name, grid.node]);
    if (data.planes.length === 2) wanted.push(formula);
    if (wanted.length !== planes.children.length || wanted.some((node, i) => planes.children[i] !== node)) planes.replaceChildren(...wanted);
    planes.classList.toggle("one", data.planes.length === 1);
    data.planes.forEach(({ name, weights }, plane) => {
      grids[plane].name.textContent = name ?? "";
      grids[plane].grid.draw({
        rows, columns, cell, font: fit?.font ?? 10, label: name ? `kernel, ${name}` : "kernel",
        paint: (row, column) => {
          const waiting = pending.get(keyOf({ plane, row, column }));
          const value = weights[row][column];
          const place = `row ${row}, column ${column}`;
          const look = { colour: signedCell(theme, value, data.bound), text: fit ? fit.write(value) : "", label: `${place}: ${exactly(value)}` };
          if (!waiting) return look;
          const size = fit && Math.min(fit.font, (cell - 4) / Math.max(textWidth(waiting.text, family), 0.1));
          return { ...look, text: fit ? waiting.text : "", size, pending: true, label: `${place}: ${waiting.text}, being checked` };
        },
      });
    });
    sign.textContent = data.sign;
    sign.setAttribute("aria-label", data.sign === "★" ? "cross-correlated with" : "convolved with");
    sign.setAttribute("role", "img");
    caption.textContent = data.caption ?? "";
    range.textContent = fit ? "" : spread(data.planes.flatMap((plane) => plane.weights.flat()));
    stage.classList.toggle("editable", Boolean(data.editable));
    readout.classList.toggle("narrow", ruler.width < 190);
    planes.style.minHeight = data.min_height && ruler.width < 300 ? `${data.min_height}px` : "";
    planes.style.alignContent = "center";
    if (editing) (data.editable && weightAt(editing) !== undefined ? placeEditor() : finish(false));
    speak();
  }

  function placeEditor() {
    const box = grids[editing.plane].grid.cellAt(editing).getBoundingClientRect();
    const frame = stage.getBoundingClientRect();
    const figures = textWidth(editor.value, getComputedStyle(root).fontFamily) * 14 + 20;
    const width = Math.min(Math.max(box.width, 60, Math.min(figures, 150)), frame.width);
    const height = Math.max(box.height, 30);
    const left = box.left + box.width / 2 - width / 2 - frame.left;
    Object.assign(editor.style, {
      width: `${width}px`, height: `${height}px`,
      left: `${Math.min(Math.max(left, 0), frame.width - width)}px`,
      top: `${box.top + box.height / 2 - height / 2 - frame.top}px`,
    });
  }

  /** Start editing a cell: with its number, all selected, or with the key that was typed. */
  function open(place, typed) {
    const value = weightAt(place);
    if (!view.data.editable || value === undefined) return;
    editing = { ...place, before: String(value) };
    editor.value = typed ?? pending.get(keyOf(place))?.text ?? editing.before;
    editor.setAttribute("aria-label", `${words(place)}, new weight`);
    editor.hidden = false;
    placeEditor();
    editor.focus();
    speak();
    if (!typed) editor.select();
  }

  /** End editing. Keeping sends the text as typed: what is a number, the server says. */
  function finish(keep) {
    const { plane, row, column, before } = editing;
    const place = { plane, row, column };
    const text = editor.value.trim();
    editing = null;
    editor.hidden = true;
    if (!keep || text === "" || text === (pending.get(keyOf(place))?.text ?? before)) return;
    // The clock makes ids grow across remounts too, so an old answer never passes for a new one.
    const id = (lastId = Math.max(lastId + 1, Date.now()));
    const timer = setTimeout(() => { release((edit) => edit.id === id); paint(); }, PATIENCE);
    clearTimeout(pending.get(keyOf(place))?.timer);
    pending.delete(keyOf(place)); // and in again at the end: the order is that of the edits
    const unanswered = [...pending.values()].map(({ timer: _, ...edit }) => edit);
    const edit = { plane, row, col: column, text, id };
    pending.set(keyOf(place), { ...edit, timer });
    view.send("edit", { ...edit, unanswered });
    paint();
  }

  function release(answered) {
    for (const [key, edit] of pending) {
      if (!answered(edit)) continue;
      clearTimeout(edit.timer);
      pending.delete(key);
    }
  }

  /** The cell after (or before) a place, through all the planes; null at the end. */
  function neighbour({ plane, row, column }, step) {
    const [rows, columns] = grids[plane].grid.shape;
    const index = (plane * rows + row) * columns + column + step;
    if (index < 0 || index >= grids.length * rows * columns) return null;
    return { plane: Math.floor(index / (rows * columns)), row: Math.floor(index / columns) % rows, column: index % columns };
  }

  editor.addEventListener("blur", () => { if (editing) finish(true); }, { signal });
  editor.addEventListener("keydown", (event) => {
    if (!editing || !["Enter", "Tab", "Escape"].includes(event.key)) return;
    event.stopPropagation();
    const here = editing;
    const next = event.key === "Tab" ? neighbour(here, event.shiftKey ? -1 : 1) : here;
    if (next) event.preventDefault(); // at the end of the kernel, Tab goes on to what follows it
    finish(event.key !== "Escape");
    const there = next ?? here;
    grids[there.plane].grid.goTo({ row: there.row, column: there.column });
  }, { signal });

  const ruler = watchWidth(root, () => { if (view.data) paint(); });
  document.fonts?.ready.then(() => { if (view.data && !signal.aborted) paint(); });

  view.update = (data, send) => {
    const now = JSON.stringify(data);
    const news = now !== stamp; // a theme switch calls, too
    stamp = now;
    const answered = Number.isFinite(data.answered) ? (edit) => edit.id <= data.answered : () => news;
    for (const [key, edit] of pending) if (data.error && answered(edit)) refused = key;
    release(answered);
    Object.assign(view, { data, send, theme: readTheme(parentElement) });
    paint();
  };
  view.close = () => { stop.abort(); ruler.stop(); release(() => true); };
  return view;
});

export default function ({ data, parentElement, setTriggerValue }) {
  const view = kernelView(parentElement);
  if (data?.planes?.length) view.update(data, setTriggerValue);
  return view.close;
}
