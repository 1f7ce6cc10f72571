// The picture with the receptive fields over it, and what one unit sees of it, enlarged.

const STACK_SHARE = 0.6; // of the picture's longer side: so much room at most for what reaches beyond it
const STACK_PATCH = 190; // CSS pixels

class StackField {
  constructor() {
    this.sheet = new Sheet();
    this.picture = element("canvas", { "aria-hidden": "true" });
    this.patch = element("canvas", { class: "patch", "aria-hidden": "true" });
    this.box = element("div", {
      class: "box", tabindex: "0", role: "application", "aria-roledescription": "picture with receptive fields", draggable: "false",
    }, this.picture);
    this.caption = element("figcaption", { class: "quiet" });
    this.under = element("figcaption", { class: "quiet" });
    this.root = element("div", { class: "pictures" },
      element("figure", {}, this.box, this.caption), element("figure", { class: "sees" }, this.patch, this.under));
  }

  update(data, model, theme) {
    this.data = data;
    this.model = model;
    this.theme = theme;
    this.margins = model.margins(STACK_SHARE);
    const { step } = data;
    this.sheet.paint(data.pixels, Math.ceil(data.rows / step), Math.ceil(data.cols / step), data.channels, colourTable(theme, "grey"));
  }

  /** Picture pixels along each axis that are in sight, room for overhanging fields included. */
  sight() {
    return AXES.map((axis) => this.model.shape[axis] + this.margins[axis][0] + this.margins[axis][1]);
  }

  frame() {
    const [rows, columns] = this.sight();
    const width = this.box.clientWidth, height = this.box.clientHeight;
    const scale = Math.min(width / columns, height / rows);
    const left = (width - columns * scale) / 2 + this.margins[1][0] * scale, top = (height - rows * scale) / 2 + this.margins[0][0] * scale;
    return { width, height, scale, left, top };
  }

  /** The picture's [row, column] under a place of the box. */
  placeAt(x, y) {
    const { scale, left, top } = this.frame();
    return [(y - top) / scale - 0.5, (x - left) / scale - 0.5];
  }

  colours() {
    return { line: cssColour(this.theme.primary), halo: cssColour(this.theme.background), text: cssColour(this.theme.text) };
  }

  hatch(context, x, y, width, height) {
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.strokeStyle = cssColour(mix(this.theme.background, this.theme.text, 0.16));
    context.lineWidth = 1;
    context.beginPath();
    for (let at = x - height; at < x + width; at += 6) {
      context.moveTo(at, y + height);
      context.lineTo(at + height, y);
    }
    context.stroke();
    context.restore();
  }

  lay(context, x, y, scale) {
    const { canvas } = this.sheet, { step, rows, cols } = this.data;
    const ratio = window.devicePixelRatio || 1;
    context.imageSmoothingEnabled = !showsSquares(scale * step * ratio);
    context.imageSmoothingQuality = "high";
    context.drawImage(canvas, 0, 0, cols / step, rows / step, x, y, cols * scale, rows * scale);
  }

  /** A field as a box in CSS pixels, never too small to be seen. */
  boxOf([rows, columns], left, top, scale) {
    const [x, y] = [left + columns[0] * scale, top + rows[0] * scale];
    const [width, height] = [(columns[1] - columns[0] + 1) * scale, (rows[1] - rows[0] + 1) * scale];
    const more = [Math.max(5 - width, 0) / 2, Math.max(5 - height, 0) / 2];
    return [x - more[0], y - more[1], width + 2 * more[0], height + 2 * more[1]];
  }

  outline(context, box, strong, shape) {
    const { line, halo } = this.colours();
    const [left, top, width, height] = shape;
    const inside = new Path2D(), outside = new Path2D();
    inside.rect(left, top, width, height);
    outside.rect(-1e4, -1e4, 3e4, 3e4);
    outside.rect(left, top, width, height);
    for (const [clip, dash] of [[inside, []], [outside, [4, 3]]]) {
      context.save();
      context.clip(clip, "evenodd");
      context.strokeStyle = halo;
      context.lineWidth = strong ? 5 : 3;
      context.strokeRect(...box);
      context.setLineDash(dash);
      context.strokeStyle = line;
      context.lineWidth = strong ? 2.5 : 1;
      context.strokeRect(...box);
      context.restore();
    }
  }

  /** `looked`: the layer whose field is marked. */
  draw(unit, looked) {
    if (!this.data || !this.box.clientWidth) return; // a hidden tab
    const { width, height, scale, left, top } = this.frame();
    const context = fitCanvas(this.picture, width, height);
    const [across, down] = [this.data.cols * scale, this.data.rows * scale];
    const beyond = this.margins.flat().some(Boolean);
    if (beyond) {
      const [rows, columns] = this.sight();
      this.hatch(context, left - this.margins[1][0] * scale, top - this.margins[0][0] * scale, columns * scale, rows * scale);
    }
    this.lay(context, left, top, scale);
    const chain = this.model.chain(unit);
    const shape = [left, top, across, down];
    const boxes = chain.map((at, i) => this.boxOf(this.model.field(i, at), left, top, scale));
    let before = null;
    boxes.forEach((box, i) => {
      const near = before && box.every((value, side) => Math.abs(value - before[side]) < 6);
      if (near || i === looked) return; // fields of the same place and size are drawn once
      this.outline(context, box, false, shape);
      before = box;
    });
    this.outline(context, boxes[looked], true, shape);
    this.drawPatch(chain, looked);
    const place = ([row, column]) => `row ${formatNumber(row)}, column ${formatNumber(column)}`;
    const size = `${formatNumber(this.data.rows)} ${TIMES} ${formatNumber(this.data.cols)}`;
    const say = (node, text) => { if (node.textContent !== text) node.textContent = text; };
    say(this.caption, `${size} \u00b7 unit ${place(unit)}`);
    say(this.under, `What layer ${looked + 1} sees from there${this.notes(chain[looked], looked)}`);
  }

  /** What the patterns of the patch mean, if there are any. */
  notes(unit, looked) {
    const field = this.model.field(looked, unit);
    const beyond = field.some(([first, last], axis) => first < 0 || last >= this.model.shape[axis]);
    const gaps = AXES.some((axis) => {
      const inside = Math.min(field[axis][1], this.model.shape[axis] - 1) - Math.max(field[axis][0], 0) + 1;
      return this.model.seen(looked, axis, unit[axis]).length < inside;
    });
    return (beyond ? "; hatched: beyond the picture" : "") + (gaps ? "; faded: not seen" : "");
  }

  drawPatch(chain, looked) {
    const field = this.model.field(looked, chain[looked]);
    const sizes = field.map(([first, last]) => last - first + 1);
    const scale = STACK_PATCH / Math.max(...sizes);
    const [high, wide] = sizes.map((size) => Math.max(size * scale, 4));
    this.patch.style.width = `${wide}px`;
    this.patch.style.height = `${high}px`;
    const context = fitCanvas(this.patch, wide, high);
    this.hatch(context, 0, 0, wide, high);
    const [left, top] = [-field[1][0] * scale, -field[0][0] * scale];
    context.save();
    context.globalAlpha = 0.25; // what falls into the gaps
    this.lay(context, left, top, scale);
    context.globalAlpha = 1;
    const seen = AXES.map((axis) => runs(this.model.seen(looked, axis, chain[looked][axis])));
    context.beginPath();
    for (const [firstRow, lastRow] of seen[0]) {
      for (const [firstColumn, lastColumn] of seen[1]) {
        context.rect(left + firstColumn * scale, top + firstRow * scale, (lastColumn - firstColumn + 1) * scale, (lastRow - firstRow + 1) * scale);
      }
    }
    context.clip();
    context.fillStyle = this.colours().halo;
    context.fillRect(0, 0, wide, high);
    this.lay(context, left, top, scale);
    context.restore();
  }
}

/** Ascending numbers as [first, last] runs. */
function runs(places) {
  const found = [];
  for (const place of places) {
    if (found.length && place - found.at(-1)[1] === 1) found.at(-1)[1] = place;
    else found.push([place, place]);
  }
  return found;
}
