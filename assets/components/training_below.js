// What is looked at less often: how weights and gradients are spread, a layer entire, each class by itself.

const BELOW_TABS = [["histograms", "Weights and gradients"], ["whole", "All filters of a layer"], ["per_class", "Every class"]];

const WHOLE_HIGH = 340; // px, roughly, of a layer entire

/** Bars of one histogram; zero stands in the middle. */
function paintHistogram(canvas, counts, colour, theme, [width, height]) {
  const context = fitCanvas(canvas, width, height), most = Math.max(...counts, 1);
  const bar = width / counts.length;
  context.fillStyle = cssColour(theme.line);
  context.fillRect(0, height - 1, width, 1);
  context.fillRect(Math.round(width / 2), 0, 1, height);
  context.fillStyle = cssColour(colour);
  counts.forEach((count, at) => {
    if (!count) return;
    const high = Math.max(Math.round((height - 2) * Math.sqrt(count / most)), 1); // square roots: the tails stay visible
    context.fillRect(at * bar, height - 1 - high, Math.max(bar - 0.75, 0.75), high);
  });
}

function trainingHistograms() {
  const node = element("div", { class: "histograms" });
  let [built, parts] = ["", []];
  const plot = () => {
    const canvas = element("canvas", { "aria-hidden": "true" });
    const [low, what, high] = [element("span"), element("span"), element("span")];
    return { canvas, low, what, high, node: element("div", { class: "spread" }, canvas, element("div", { class: "ends quiet" }, low, what, high)) };
  };
  node.draw = (data, theme) => {
    const { bins, layers } = data.histograms, counts = counts16(data.histogram_counts);
    const names = layers.map((layer) => layer.name).join();
    if (names !== built) {
      built = names;
      parts = layers.map((layer) => {
        const [weights, gradients] = [plot(), plot()];
        return { weights, gradients, node: element("div", { class: "layer" }, element("h4", {}, layer.label), weights.node, gradients.node) };
      });
      node.replaceChildren(...parts.map((part) => part.node));
    }
    const widths = parts.map((part) => Math.floor(part.node.clientWidth)); // all before a word is written: one layout
    layers.forEach((layer, at) => {
      const width = widths[at];
      if (!width) return;
      const fill = (part, from, bound, colour, what) => {
        paintHistogram(part.canvas, [...counts.subarray(from, from + bins)], colour, theme, [width, 58]);
        say(part.what, bound === null ? `${what}: not known here` : what);
        say(part.low, bound === null ? "" : formatNumber(-bound, 2));
        say(part.high, bound === null ? "" : formatNumber(bound, 2));
      };
      fill(parts[at].weights, 2 * at * bins, layer.bound, theme.primary, `${formatNumber(layer.count)} weights`);
      fill(parts[at].gradients, (2 * at + 1) * bins, layer.gradient, mix(theme.background, theme.text, 0.6), "gradients");
    });
  };
  return node;
}

function trainingWhole(look) {
  const canvas = element("canvas", { "aria-hidden": "true" });
  const ring = element("i", { class: "ring", hidden: true, "aria-hidden": "true" });
  const box = element("div", { class: "sheet", tabindex: "0", role: "application", "aria-roledescription": "planes" }, canvas, ring);
  const told = element("div", { class: "told quiet", role: "status" });
  const legend = trainingLegend();
  const node = element("div", { class: "whole" }, box, element("div", { class: "head" }, told, element("div", { class: "note" }, legend)));
  const sheet = new Sheet();
  let [data, size, at] = [null, null, null];

  node.draw = (message, theme) => {
    data = message.whole;
    const { filters, channels, rows, cols, strengths } = data, width = Math.floor(box.clientWidth);
    if (!width) return;
    // Filters side by side, each a column of the planes with which it reads the maps below it; over one map, in rows.
    const gap = channels > 32 || (filters > 48 && channels > 1) ? 2 : 4;
    const tallest = Math.min(Math.max(WHOLE_HIGH / channels - gap, 6), 60) / rows;
    const inRow = (unit) => within(Math.floor(width / (unit * cols + gap)), 1, filters);
    let unit = Math.max(Math.floor(Math.min((width / filters - gap) / cols, tallest)), 1);
    if (channels === 1) for (let next = unit + 1; next <= tallest && Math.ceil(filters / inRow(next)) * (next * rows + gap) <= WHOLE_HIGH; next += 1) unit = next;
    const columns = channels === 1 ? Math.ceil(filters / Math.ceil(filters / inRow(unit))) : filters;
    size = { across: unit * cols + gap, down: unit * rows + gap, columns };
    const [full, high] = [columns * size.across + 1, Math.ceil(filters / columns) * channels * size.down + 1];
    sheet.paint(message.whole_levels, filters * channels * rows, cols, 1, theme.tables[strengths ? "amount" : "signed"]);
    const context = fitCanvas(canvas, full, high);
    Object.assign(canvas.style, { width: `${full}px`, height: `${high}px` });
    context.imageSmoothingEnabled = false;
    context.strokeStyle = cssColour(theme.line);
    const [wide, tall] = [size.across - gap, size.down - gap];
    for (let filter = 0; filter < filters; filter += 1) for (let channel = 0; channel < channels; channel += 1) {
      const { x, y } = corner(filter, channel);
      context.drawImage(sheet.canvas, 0, (filter * channels + channel) * rows, cols, rows, x + 0.5, y + 0.5, wide, tall);
      if (gap > 2) context.strokeRect(x, y, wide + 1, tall + 1);
    }
    legend.set(theme, strengths ? "amount" : "signed", strengths ? 0 : -data.bound, data.bound);
    mark(box, "aria-label", `${data.label}: ${filters} filters over ${channels} ${channels === 1 ? "map" : "maps"}`);
    point(at);
  };

  const corner = (filter, channel) => ({
    x: (filter % size.columns) * size.across, y: (Math.floor(filter / size.columns) * data.channels + channel) * size.down,
  });

  function point(place) {
    at = place && place.filter < data.filters && place.channel < data.channels ? place : null;
    ring.hidden = !at;
    if (at) Object.assign(ring.style, { left: `${corner(at.filter, at.channel).x - 2}px`, top: `${corner(at.filter, at.channel).y - 2}px`, width: `${size.across + 2}px`, height: `${size.down + 2}px` });
    const general = `${data.label}: ${data.channels === 1 ? "each square is a filter, over the one map that they read" : `columns are filters, rows the ${data.channels} maps that they read`}${data.strengths ? " \u00b7 each square: root mean square of a plane" : ""}`;
    say(told, at ? `Filter ${at.filter + 1}, plane over map ${at.channel + 1} \u00b7 Enter shows this filter above` : general);
  }

  node.listen = (signal) => {
    const on = (type, action) => box.addEventListener(type, action, { signal });
    const under = (event) => {
      const { left, top } = canvas.getBoundingClientRect();
      if (!size) return null;
      const [column, row] = [Math.floor((event.clientX - left) / size.across), Math.floor((event.clientY - top) / size.down)];
      const line = Math.floor(row / data.channels);
      return column < size.columns && { filter: line * size.columns + column, channel: row - line * data.channels };
    };
    on("pointermove", (event) => { if (event.pointerType === "mouse") point(under(event)); });
    on("pointerleave", () => data && point(null));
    on("blur", () => data && point(null));
    on("click", (event) => { const place = under(event); if (place && place.filter < data.filters) look({ filter: place.filter }); });
    on("keydown", (event) => {
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const here = at ?? { filter: 0, channel: 0 };
      if (event.key in moves) {
        const [right, down] = at ? moves[event.key] : [0, 0];
        const filter = here.filter + right + (data.channels === 1 ? down * size.columns : 0);
        if (filter >= 0 && filter < data.filters) point({ filter, channel: within(here.channel + down, 0, data.channels - 1) });
      } else if (event.key === "Enter" || event.key === " ") look({ filter: here.filter });
      else return;
      event.preventDefault();
    });
  };
  return node;
}

function trainingPerClass() {
  const node = element("div", { class: "per-class" });
  const heads = [["precision", "Precision, %", "of those read as it, are it"], ["recall", "Recall, %", "of those that are it, are read as it"], ["support", "Support", "digits in validation"]];
  let [built, cells] = ["", []];
  node.draw = (data) => {
    if (!data.per_class) return node.replaceChildren(element("p", { class: "quiet" }, "Waiting for the first look at validation."));
    const classes = data.maps.classes, names = classes.join();
    if (names !== built) {
      built = names;
      cells = heads.map(() => classes.map(() => ({ text: element("span"), bar: element("i", { "aria-hidden": "true" }) })));
      const row = ([, title, words], at) => element("tr", {}, element("th", { scope: "row" }, title, element("small", { class: "quiet" }, words)), ...cells[at].map(({ text, bar }) => element("td", {}, text, bar)));
      node.replaceChildren(element("table", {}, element("thead", {}, element("tr", {}, element("td"), ...classes.map((name) => element("th", { scope: "col" }, name)))), element("tbody", {}, ...heads.map(row))));
    }
    heads.forEach(([key], at) => data.per_class[key].forEach((value, index) => {
      const { text, bar } = cells[at][index];
      say(text, value === null ? "\u2013" : key === "support" ? formatNumber(value) : (100 * value).toFixed(1));
      bar.style.width = key === "support" || value === null ? "0" : `${100 * value}%`;
    }));
  };
  return node;
}

function trainingBelow(look) {
  const views = { histograms: trainingHistograms(), whole: trainingWhole(look), per_class: trainingPerClass() };
  let [message, theme] = [null, null];
  const choose = (name) => look({ tab: name });
  const tabs = BELOW_TABS.map(([name, title]) => element("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, onclick: () => choose(name) }, title));
  const bar = element("div", { class: "tabs", role: "tablist", "aria-label": "More about this moment" }, ...tabs);
  const panels = BELOW_TABS.map(([name]) => element("div", { class: "panel", role: "tabpanel", id: `panel-${name}`, "aria-labelledby": `tab-${name}`, hidden: true }, views[name]));
  const node = element("section", { class: "card below", "aria-label": "More about this moment" }, bar, ...panels);

  return {
    node,
    draw: () => message && views[message.tab].draw(message, theme),
    listen(signal) {
      views.whole.listen(signal);
      bar.addEventListener("keydown", (event) => {
        const at = tabs.indexOf(event.target), by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (at < 0 || !by) return;
        const next = (at + by + tabs.length) % tabs.length;
        tabs[next].focus();
        choose(BELOW_TABS[next][0]);
        event.preventDefault();
      }, { signal });
    },
    update(data, next) {
      message = data;
      theme = next;
      BELOW_TABS.forEach(([name], at) => {
        const on = name === data.tab;
        mark(tabs[at], "aria-selected", on);
        mark(tabs[at], "tabindex", on ? 0 : -1);
        panels[at].hidden = !on;
      });
      this.draw();
    },
  };
}
