// What lights up on a grid, drawn on a canvas above it: a move of the pointer changes no cell, so that nothing is laid
// out and no grid is painted anew, however large it is.

/**
 * The canvas over a grid. `look`: {rows, columns, size, digit, origin, theme}, filled by the sheet; a mark is {row,
 * column, kind ("in", "out", "tap", "best" or "here"), note, faint, text, fill, ink, pad}.
 */
function explorerMarks(stage, look) {
  const canvas = element("canvas", { class: "marks", "aria-hidden": "true" });
  let context = null, drawn = [], shape = "";

  function fit() {
    const ratio = window.devicePixelRatio || 1, { rows, columns, size, origin } = look;
    const now = `${size} ${ratio} ${origin}`;
    if (now === shape) return;
    shape = now;
    drawn = [];
    canvas.width = Math.ceil(columns * size * ratio);
    canvas.height = Math.ceil(rows * size * ratio);
    canvas.style.cssText = `left: ${origin[0]}px; top: ${origin[1]}px; width: ${columns * size}px; height: ${rows * size}px;`;
    if (!context) stage.append(canvas);
    context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.textAlign = "center";
    context.textBaseline = "middle";
  }

  function ring(x, y, size, inset, wide, colour) {
    context.strokeStyle = colour;
    context.lineWidth = wide;
    context.strokeRect(x + inset + wide / 2, y + inset + wide / 2, size - 2 * inset - wide, size - 2 * inset - wide);
  }

  /** Padding stays hatched while its number makes room for a note. */
  function hatch(x, y, size, colour) {
    context.save();
    context.beginPath();
    context.rect(x, y, size, size);
    context.clip();
    context.strokeStyle = colour;
    context.lineWidth = 1;
    context.beginPath();
    for (let at = -size + 5; at < size; at += 7) {
      context.moveTo(x + at, y);
      context.lineTo(x + at + size, y + size);
    }
    context.stroke();
    context.restore();
  }

  /** The number goes up, the note stands below it. */
  function write(mark, x, y) {
    const { size, digit, theme } = look;
    if (mark.text) {
      context.fillStyle = mark.fill || cssColour(theme.background);
      context.fillRect(x + 0.5, y + 0.5, size - 1, size - 1);
      if (mark.pad) hatch(x, y, size, cssColour(mix(theme.background, theme.text, 0.11)));
      context.font = `${digit}px ${theme.code}`;
      context.fillStyle = mark.ink || cssColour(theme.text);
      context.fillText(mark.text, x + size / 2, y + (size - 13) / 2 + 0.5);
    }
    context.fillStyle = cssColour(theme.background);
    context.fillRect(x + 1.5, y + size - 13.5, size - 3, 12);
    context.font = `${Math.min(10.5, size * 0.33)}px ${theme.code}`;
    context.fillStyle = cssColour(mark.faint ? mix(theme.background, theme.text, 0.68) : theme.primary);
    context.fillText(mark.note, x + size / 2, y + size - 7);
  }

  function paint(mark) {
    const { size, theme } = look, x = mark.column * size, y = mark.row * size;
    const accent = cssColour(theme.primary), thin = size < 10 ? 0.5 : 1; // of a small cell its colour must be left
    if (mark.note !== undefined) write(mark, x, y);
    if (mark.kind === "out") ring(x, y, size, 0, 1, cssColour(mix(theme.background, theme.text, 0.18)));
    else if (mark.kind === "in") ring(x, y, size, 0, thin, accent);
    else if (mark.kind === "tap") ring(x, y, size, 0, Math.min(2.5, size / 6), accent);
    else if (mark.kind === "best") ring(x, y, size, 0, Math.min(3.5, size / 5), accent);
    else {
      ring(x, y, size, 0, Math.min(3, size / 3), accent);
      if (size >= 10) ring(x, y, size, 3, 1, cssColour(theme.background));
    }
  }

  /** Show these marks and no others. */
  function draw(marks) {
    if (!look.size || !look.theme || (!marks.length && !drawn.length)) return;
    fit();
    const { size } = look;
    for (const mark of drawn) context.clearRect(mark.column * size - 1, mark.row * size - 1, size + 2, size + 2);
    for (const mark of marks) paint(mark);
    drawn = marks;
  }

  return { draw };
}
