// The network itself: filters as they are now and as they began, and what a layer makes of one digit.

const FILTER_HIGH = 112; // CSS pixels kept for them, whatever the network
const MAPS_HIGH = 86;

/** Weights as levels of the signed scale. */
function signedLevels(values, bound) {
  const pixels = new Uint8Array(values.length), by = bound > 0 ? 127 / bound : 0;
  for (let i = 0; i < values.length; i += 1) pixels[i] = Math.round(ZERO_LEVEL + values[i] * by);
  return pixels;
}

const ordinal = (n) => `${n}${["th", "st", "nd", "rd"][n % 100 > 10 && n % 100 < 14 ? 0 : n % 10] ?? "th"}`;

function trainingNetwork(look) {
  let [filters, maps, theme] = [null, null, null];

  // Filters ------------------------------------------------------------------------------------------------------------
  const layer = trainingChooser("Layer whose filters are shown", (value) => look({ layer: value, filter: 0 }));
  const stepper = trainingStepper("Filter", (index) => look({ filter: index }));
  const card = trainingCard("network", "Filters", layer, stepper);
  const legend = trainingLegend();
  card.note.append(legend);
  const small = (size) => Math.max(Math.round(size * 0.4), 9);
  const start = new Sheet();
  const told = element("div", { class: "told quiet" });

  const planes = trainingPlanes({
    label: "Filters", height: FILTER_HIGH, least: 18, most: 84,
    under: (size) => small(size) + 5,
    beneath(context, index, x, y, size) {
      const side = small(size.across), high = (side * filters.rows) / filters.cols;
      context.drawImage(start.canvas, 0, index * filters.rows, filters.cols, filters.rows, x, y + 4, side, high);
      context.strokeStyle = cssColour(theme.line);
      context.strokeRect(x + 0.5, y + 4.5, side - 1, high - 1);
      const room = size.across - side - 4, change = filters.changes[index];
      if (room >= 23) {
        context.font = `${SMALL_PRINT}px ${theme.family}`;
        context.fillStyle = cssColour(theme.quiet);
        context.textAlign = "left";
        context.textBaseline = "middle";
        context.fillText(change < 0.995 && (change >= 0.01 || room < 32) ? change.toFixed(2) : formatNumber(change, change < 0.01 ? 1 : 2), x + side + 5, y + 4 + high / 2 + 0.5);
      } else { // too narrow for a number: a bar as long as the change
        const most = Math.max(...filters.changes, 1e-9);
        context.fillStyle = cssColour(theme.line);
        context.fillRect(x + side + 3, y + 4 + high / 2 - 1.5, room, 3);
        context.fillStyle = cssColour(theme.primary);
        context.fillRect(x + side + 3, y + 4 + high / 2 - 1.5, (room * change) / most, 3);
      }
    },
    point(index) {
      const words = filterWords(index);
      say(told, words);
      return words;
    },
  });

  function filterWords(index) {
    if (!filters) return "";
    const deep = filters.channels > 1;
    if (index === null) {
      const mean = filters.changes.reduce((sum, each) => sum + each, 0) / filters.changes.length;
      if (deep) return `A plane for each of the ${filters.channels} maps that it reads \u00b7 small: at the start`;
      return `Large: now \u00b7 small: at the start \u00b7 changed by ${formatNumber(mean, 2)} on average`;
    }
    const size = filters.rows * filters.cols;
    const own = filters.values.subarray(index * size, (index + 1) * size);
    return `${deep ? "Plane" : "Filter"} ${index + 1} of ${filters.planes} \u00b7 weights ${formatNumber(Math.min(...own), 2)} to ${formatNumber(Math.max(...own), 2)} \u00b7 mean change ${formatNumber(filters.changes[index], 2)}`;
  }

  // Feature maps -------------------------------------------------------------------------------------------------------
  const mapLayer = trainingChooser("Layer whose maps are shown", (value) => look({ maps: value }));
  const digit = trainingStepper("Digit", (index) => look({ digit: index }));
  const mapLegend = trainingLegend();
  const seen = element("canvas", { class: "digit", role: "img" });
  const paper = new Sheet();
  const reading = element("div", { class: "reading" });
  const mapTold = element("div", { class: "told quiet" });
  const gallery = trainingPlanes({
    label: "Feature maps", height: MAPS_HIGH, least: 18, most: 88,
    point(index) {
      const words = mapWords(index);
      say(mapTold, words);
      return words;
    },
  });
  const mapHead = element("div", { class: "head second" }, element("h3", {}, "Feature maps"), mapLayer, element("div", { class: "note quiet" }, mapLegend));
  const beside = element("div", { class: "beside" }, element("div", { class: "input" }, seen, reading, digit), gallery);
  card.node.append(planes, told, mapHead, beside, mapTold);

  function mapWords(index) {
    if (!maps) return "";
    if (index !== null) return `Map ${index + 1} of ${maps.count} \u00b7 largest magnitude ${formatNumber(maps.highs[index])}`;
    return `${maps.count} ${maps.count === 1 ? "map" : "maps"} of ${maps.full[0]} \u00d7 ${maps.full[1]} \u00b7 the ${ordinal(maps.digit + 1)} of ${formatNumber(maps.digits)} validation digits`;
  }

  function draw() {
    if (!filters) return;
    start.paint(filters.startLevels, filters.planes * filters.rows, filters.cols, 1, theme.tables.signed);
    planes.draw({
      count: filters.planes, rows: filters.rows, cols: filters.cols, pixels: filters.levels, table: theme.tables.signed,
      numbers: (index, row, column) => {
        const value = filters.values[(index * filters.rows + row) * filters.cols + column];
        return { value, colour: signedColour(theme, value, filters.bound) };
      },
    }, theme);
    gallery.draw({ count: maps.count, rows: maps.rows, cols: maps.cols, pixels: maps.levels, table: theme.tables[maps.scale] }, theme);
    paper.paint(maps.pixels, maps.picture[0], maps.picture[1], 1, theme.tables.ink);
    const side = 48, context = fitCanvas(seen, side, side);
    context.imageSmoothingEnabled = false;
    context.drawImage(paper.canvas, 0, 0, side, side);
  }

  return {
    node: card.node,
    draw,
    listen(signal) {
      planes.listen(signal);
      gallery.listen(signal);
    },
    update(data, next) {
      theme = next;
      filters = { ...data.filters, values: floats(data.filters_now) };
      filters.levels = signedLevels(filters.values, filters.bound);
      filters.startLevels = data.filters_start;
      maps = { ...data.maps, levels: data.maps_levels, pixels: data.digit_levels };
      const options = (layers) => layers.map((each, at) => [each.name, `${at + 1} \u00b7 ${each.label}`]);
      layer.set(options(filters.layers), filters.layer);
      layer.hidden = filters.layers.length < 2;
      stepper.hidden = filters.channels < 2;
      stepper.set(filters.filter, filters.filters, `filter ${filters.filter + 1} of ${filters.filters}`);
      legend.set(theme, "signed", -filters.bound, filters.bound);
      mark(planes, "aria-label", `${filters.planes} ${filters.channels > 1 ? "planes of a filter" : "filters"} of ${filters.rows} by ${filters.cols}, now and at the start`);
      mapLayer.set(options(maps.layers), maps.layer);
      mapLegend.set(theme, maps.scale, maps.scale === "signed" ? -maps.bound : 0, maps.bound);
      mark(gallery, "aria-label", `${maps.count} feature maps of ${maps.full[0]} by ${maps.full[1]}`);
      const { classes, label, read, share } = maps;
      mark(seen, "aria-label", `A ${classes[label]}`);
      say(reading, `${read === label ? "read as" : `${classes[label]} read as`} ${classes[read]} \u00b7 ${percent(share, 0)}`);
      reading.classList.toggle("wrong", read !== label);
      digit.set(maps.digit, maps.digits, ordinal(maps.digit + 1));
      draw();
      say(told, filterWords(planes.at()));
      say(mapTold, mapWords(gallery.at()));
    },
  };
}
