// What every component shares: numbers, the theme, colours, and building elements.
// pages/ui/components.py puts this text before each component's own file; there is no build step.

const MINUS = "\u2212";
const TIMES = "\u00d7";

const plainFormats = new Map(); // making one takes longer than a hundred numbers

/** A size with thousands separated and at most `decimals` places. */
function plainNumber(size, decimals) {
  if (!plainFormats.has(decimals)) plainFormats.set(decimals, new Intl.NumberFormat("en-US", { maximumFractionDigits: decimals }));
  return plainFormats.get(decimals).format(size);
}

/** A number as a person reads it: real minus sign, thousands separated, whole numbers whole, `digits` significant. */
function formatNumber(value, digits = 3) {
  if (value === null || value === undefined) return "\u2013";
  if (typeof value === "string") return value; // the server names what JSON cannot carry: "NaN", "∞"
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : `${MINUS}∞`;
  if (value === 0) return "0";
  const size = Math.abs(value);
  let text;
  if (Number.isInteger(value) && size < 1e7) text = size < 1000 ? String(size) : plainNumber(size, 0);
  else if (size >= 1e7 || size < 1e-4) text = size.toExponential(Math.max(digits - 1, 0)).replace(/\.?0*e/, "e").replace("e+", "e").replace("e-", `e${MINUS}`);
  else {
    const decimals = Math.min(Math.max(digits - 1 - Math.floor(Math.log10(size)), 0), 10);
    text = plainNumber(size, decimals);
  }
  return value < 0 && text !== "0" ? MINUS + text : text;
}

/** Any CSS colour as [r, g, b]. */
function parseColour(text) {
  const context = (parseColour.context ??= document.createElement("canvas").getContext("2d", { willReadFrequently: true }));
  context.clearRect(0, 0, 1, 1);
  context.fillStyle = text.trim() || "#888";
  context.fillRect(0, 0, 1, 1);
  return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
}

/** The theme's colours as [r, g, b]; read again at each call of the default export, which a theme switch causes. */
function readTheme(parentElement) {
  const style = getComputedStyle(parentElement.host ?? parentElement);
  const colour = (name) => parseColour(style.getPropertyValue(name));
  return {
    background: colour("--st-background-color"),
    second: colour("--st-secondary-background-color"),
    border: colour("--st-border-color"),
    text: colour("--st-text-color"),
    primary: colour("--st-primary-color"),
    negative: colour("--st-blue-color"),
    positive: colour("--st-red-color"),
  };
}

const mix = (from, to, share) => from.map((part, i) => Math.round(part + (to[i] - part) * share));
const cssColour = ([r, g, b]) => `rgb(${r}, ${g}, ${b})`;
const GAMMA = 0.75; // small magnitudes stay visible

/** Zero is the page's background, so that nothing looks like nothing. */
function signedColour(theme, value, bound) {
  const share = bound > 0 ? Math.min(Math.abs(value) / bound, 1) ** GAMMA : 0;
  return mix(theme.background, value < 0 ? theme.negative : theme.positive, share);
}

/** Counts, probabilities, activations: background to primary. */
function amountColour(theme, value, bound) {
  const share = bound > 0 ? Math.min(Math.max(value / bound, 0), 1) : 0;
  return mix(theme.background, theme.primary, share);
}

/** Pixels are grey: `low` is black, `high` white. */
function greyColour(value, low, high) {
  const level = high > low ? Math.round(255 * Math.min(Math.max((value - low) / (high - low), 0), 1)) : 128;
  return [level, level, level];
}

function luminance(rgb) {
  const [r, g, b] = rgb.map((part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Black or white, whichever contrasts more with `rgb`. */
const inkOn = (rgb) => (luminance(rgb) > 0.179 ? "#000" : "#fff");

/** Make an element: `element("div", {class: "cell", onclick: f, "aria-label": "x"}, child, "text")`. */
function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

/** Letter keys on a focused element would reach Streamlit ("r" reruns the script, "c" opens a dialog). */
function keepKeysInside(node, signal) {
  node.addEventListener("keydown", (event) => { if (event.key.length === 1) event.stopPropagation(); }, { signal });
}

/** State per mounted instance: instances of one component share this module. */
function instances(create) {
  const known = new WeakMap();
  return (parentElement) => {
    if (!known.has(parentElement)) known.set(parentElement, create(parentElement));
    return known.get(parentElement);
  };
}

const reducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
