// Pictures as levels, one byte for each sample and channel. The colours are given here, from the theme, so that a live
// theme switch repaints without asking the server.

const ZERO_LEVEL = 128; // of the signed scale: 127 levels to either side

/** The colour of one level as [r, g, b]. */
function levelColour(theme, scale, level) {
  if (scale === "signed") return signedColour(theme, level - ZERO_LEVEL, 127);
  if (scale === "amount") return amountColour(theme, level, 255);
  return [level, level, level];
}

/** 256 colours as the words of an ImageData, whatever the machine's byte order. */
function colourTable(theme, scale) {
  const bytes = new Uint8ClampedArray(4 * 256);
  for (let level = 0; level < 256; level += 1) bytes.set([...levelColour(theme, scale, level), 255], 4 * level);
  return new Uint32Array(bytes.buffer);
}

/**
 * What the server packed: Streamlit carries bytes only as a component's whole data, so a picture comes as the length
 * of a JSON text (4 bytes, the lowest first), that text, and the bytes it names with their lengths under "bytes".
 */
function unpack(packed) {
  const size = new DataView(packed.buffer, packed.byteOffset).getUint32(0, true);
  const data = JSON.parse(new TextDecoder().decode(packed.subarray(4, 4 + size)));
  let from = 4 + size;
  for (const [name, length] of Object.entries(data.bytes)) {
    data[name] = packed.subarray(from, from + length);
    from += length;
  }
  return data;
}

/** A canvas with one pixel for each sample; its memory is kept while the size stays. */
class Sheet {
  constructor() {
    this.canvas = document.createElement("canvas");
    this.context = this.canvas.getContext("2d", { alpha: false });
    this.image = null;
  }

  /** Paint `rows` x `cols` samples of `channels` (1: through `table`; 3: red, green, blue as they are). */
  paint(pixels, rows, cols, channels, table) {
    if (this.image?.width !== cols || this.image?.height !== rows) {
      this.canvas.width = cols;
      this.canvas.height = rows;
      this.image = this.context.createImageData(cols, rows);
      this.words = new Uint32Array(this.image.data.buffer);
    }
    const { words } = this;
    const count = rows * cols;
    if (channels === 1) {
      for (let i = 0; i < count; i += 1) words[i] = table[pixels[i]];
    } else {
      const bytes = this.image.data;
      for (let i = 0, from = 0, to = 0; i < count; i += 1, from += 3, to += 4) {
        bytes[to] = pixels[from];
        bytes[to + 1] = pixels[from + 1];
        bytes[to + 2] = pixels[from + 2];
        bytes[to + 3] = 255;
      }
    }
    this.context.putImageData(this.image, 0, 0);
  }
}

/** Whether samples of `size` device pixels are shown as squares. A little above one they would come out uneven. */
const showsSquares = (size) => size >= 1.5;

/** Give a canvas the device's resolution for `width` x `height` CSS pixels; its context then draws in CSS pixels. */
function fitCanvas(canvas, width, height, shift = 0) {
  const ratio = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, across, down);
  context.setTransform(ratio, 0, 0, ratio, shift * ratio, shift * ratio);
  return context;
}

/** Paint a colour bar from `low` to `high`, coloured as the picture's levels are. */
function paintBar(canvas, theme, scale, low, high) {
  const width = 64;
  canvas.width = width;
  canvas.height = 1;
  const context = canvas.getContext("2d");
  const bound = Math.max(Math.abs(low), Math.abs(high)) || 1;
  for (let x = 0; x < width; x += 1) {
    const share = x / (width - 1);
    const level = scale === "signed" ? ZERO_LEVEL + (127 * (low + share * (high - low))) / bound : 255 * share;
    context.fillStyle = cssColour(levelColour(theme, scale, Math.round(level)));
    context.fillRect(x, 0, 1, 1);
  }
}
