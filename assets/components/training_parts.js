// What the views of the film share: cards, choosers, and words. A view is built once; later only texts and pixels change.

const NARROW_SPACE = "\u202f";
const SMALL_PRINT = 11; // px: the smallest text

const within = (value, least, most) => Math.min(Math.max(value, least), most);

/** Write only what changed: nothing is laid out again for the same words. */
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function mark(node, name, value) {
  if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

const percent = (share, digits = 1) => (share === null ? "\u2013" : `${(100 * share).toFixed(digits)}${NARROW_SPACE}%`);
const signed = (value) => `${value > 0 ? "+" : ""}${formatNumber(value)}`;

/** A part of the message as numbers; it may begin anywhere, so it is copied. */
const floats = (bytes) => new Float32Array(bytes.slice().buffer);
const counts16 = (bytes) => new Uint16Array(bytes.slice().buffer);

/** A frame with a heading; `note` stands at its right end. */
function trainingCard(name, title, ...tools) {
  const heading = element("h3", {}, title);
  const note = element("div", { class: "note quiet" });
  const head = element("div", { class: "head" }, heading, ...tools, note);
  const node = element("section", { class: `card ${name}`, "aria-label": title }, head);
  return { node, head, heading, note };
}

/** A small native select; `set` renews its options only where they changed. */
function trainingChooser(label, chosen) {
  const node = element("select", { "aria-label": label, onchange: () => chosen(node.value) });
  let known = "";
  node.set = (options, value) => {
    const text = JSON.stringify(options);
    if (text !== known) {
      known = text;
      node.replaceChildren(...options.map(([key, name]) => element("option", { value: key }, name)));
    }
    if (node.value !== String(value) && node.getRootNode().activeElement !== node) node.value = String(value);
  };
  return node;
}

/** Back and forward through numbered things, round and round. */
function trainingStepper(what, go) {
  const label = element("span", { class: "step-label" });
  let [at, count] = [0, 1];
  const step = (by) => go((at + by + count) % count);
  const node = element("span", { class: "stepper" },
    element("button", { type: "button", "aria-label": `${what} before`, onclick: () => step(-1) }, "\u2039"), label,
    element("button", { type: "button", "aria-label": `Next ${what.toLowerCase()}`, onclick: () => step(1) }, "\u203a"));
  node.set = (now, all, text) => {
    [at, count] = [now, all];
    say(label, text);
  };
  return node;
}

/** A colour bar between two numbers. */
function trainingLegend() {
  const [low, high, bar] = [element("span"), element("span"), element("canvas", { "aria-hidden": "true" })];
  const node = element("span", { class: "legend quiet" }, low, bar, high);
  let look = null;
  node.set = (theme, scale, from, to) => {
    say(low, formatNumber(from, 2));
    say(high, scale === "signed" && to > 0 ? `+${formatNumber(to, 2)}` : formatNumber(to, 2));
    if (look?.theme === theme && look.scale === scale) return;
    look = { theme, scale };
    paintBar(bar, theme, scale, scale === "signed" ? -1 : 0, 1);
  };
  return node;
}

/** From paper to ink: digits are printed, dark on light or light on dark as the page is. */
function inkTable(theme) {
  const bytes = new Uint8ClampedArray(4 * 256);
  for (let level = 0; level < 256; level += 1) bytes.set([...mix(theme.background, theme.text, level / 255), 255], 4 * level);
  return new Uint32Array(bytes.buffer);
}

/** Colours and fonts that a canvas needs, read anew when the theme changes. */
function trainingLook(parentElement, root) {
  const theme = readTheme(parentElement);
  const style = getComputedStyle(parentElement.host ?? parentElement);
  const named = (name) => parseColour(style.getPropertyValue(name));
  return {
    ...theme,
    family: getComputedStyle(root).fontFamily,
    quiet: mix(theme.background, theme.text, 0.68),
    line: mix(theme.background, theme.text, 0.14),
    others: ["--st-violet-color", "--st-orange-color", "--st-green-color"].map((name) => mix(named(name), theme.text, 0.3)),
    tables: { signed: colourTable(theme, "signed"), amount: colourTable(theme, "amount"), ink: inkTable(theme) },
  };
}
