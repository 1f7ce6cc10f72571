// A stack of layers, as the server describes it: what each unit sees of the picture. No DOM here.
// A layer: {kernel, stride, dilation: [vertical, horizontal], pads: [[top, bottom], [left, right]], shape: [rows, columns]
// of its output, size, jump, start: of its receptive fields}. Axis 0 is rows, 1 columns.

const AXES = [0, 1];
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

class StackModel {
  constructor(data) {
    this.layers = data.layers;
    this.shape = [data.rows, data.cols]; // of the picture
    this.last = this.layers.length - 1;
  }

  /** The field of a unit of a layer: [[first, last] row, [first, last] column], wherever the picture ends. */
  field(layer, unit) {
    const { start, jump, size } = this.layers[layer];
    return AXES.map((axis) => {
      const first = start[axis] + unit[axis] * jump[axis];
      return [first, first + size[axis] - 1];
    });
  }

  /** For each layer the unit in the middle of what `unit` of the last one reads. */
  chain(unit) {
    const units = [unit];
    for (let i = this.last; i > 0; i -= 1) {
      const { stride, pads, dilation, kernel } = this.layers[i];
      const limits = this.layers[i - 1].shape;
      units.unshift(AXES.map((axis) => clamp(
        units[0][axis] * stride[axis] - pads[axis][0] + dilation[axis] * Math.floor((kernel[axis] - 1) / 2), 0, limits[axis] - 1,
      )));
    }
    return units;
  }

  /** The picture's rows (axis 0) or columns that a unit of a layer really sees: padding of no layer stands for a pixel. */
  seen(layer, axis, at) {
    let places = new Set([at]);
    for (let i = layer; i >= 0; i -= 1) {
      const { stride, pads, dilation, kernel } = this.layers[i];
      const limit = i ? this.layers[i - 1].shape[axis] : this.shape[axis];
      const next = new Set();
      for (const place of places) {
        for (let tap = 0; tap < kernel[axis]; tap += 1) {
          const read = place * stride[axis] - pads[axis][0] + tap * dilation[axis];
          if (read >= 0 && read < limit) next.add(read);
        }
      }
      places = next;
    }
    return [...places].sort((a, b) => a - b);
  }

  /** The unit of the last layer whose field has a place of the picture nearest to its middle. */
  unitAt(place) {
    const { start, jump, size, shape } = this.layers[this.last];
    return AXES.map((axis) => clamp(Math.round((place[axis] - start[axis] - (size[axis] - 1) / 2) / jump[axis]), 0, shape[axis] - 1));
  }

  /** How far the fields of the last layer reach beyond the picture, at most its `share`: [[top, bottom], [left, right]]. */
  margins(share) {
    const { shape } = this.layers[this.last];
    const corners = [this.field(this.last, [0, 0]), this.field(this.last, shape.map((n) => n - 1))];
    return AXES.map((axis) => [-corners[0][axis][0], corners[1][axis][1] - this.shape[axis] + 1]
      .map((over) => clamp(over, 0, share * Math.max(...this.shape))));
  }

  /** What is said of a unit of a layer: where its field lies, what of it lies in the picture, what it sees of that. */
  sentence(layer, unit) {
    const number = (value) => formatNumber(value);
    const span = ([first, last], word) => (first === last ? `${word} ${number(first)}` : `${word}s ${number(first)} to ${number(last)}`);
    const field = this.field(layer, unit);
    const inside = field.map(([first, last], axis) => [Math.max(first, 0), Math.min(last, this.shape[axis] - 1)]);
    const counts = AXES.map((axis) => this.seen(layer, axis, unit[axis]).length);
    const total = counts[0] * counts[1];
    const sizes = field.map(([first, last]) => last - first + 1);
    const where = `Its field: ${span(field[0], "row")}, ${span(field[1], "column")}`;
    const whole = `${number(sizes[0])} ${TIMES} ${number(sizes[1])} = ${number(sizes[0] * sizes[1])} pixels`;
    if (total === 0) return `${where} (${whole}). All of it is padding: this unit sees nothing.`;
    if (total === sizes[0] * sizes[1]) return `${where} (${whole}). It sees them all.`;
    const clipped = field.some(([first, last], axis) => first < inside[axis][0] || last > inside[axis][1]);
    const room = AXES.map((axis) => inside[axis][1] - inside[axis][0] + 1);
    const part = clipped ? ` In the picture: ${span(inside[0], "row")}, ${span(inside[1], "column")} (${number(room[0])} ${TIMES} ${number(room[1])}).` : "";
    const rest = total < room[0] * room[1] ? "; the others fall into gaps or behind what a layer dropped or padded" : "";
    return `${where} (${whole}).${part} It sees ${number(total)} of them${rest}.`;
  }
}
