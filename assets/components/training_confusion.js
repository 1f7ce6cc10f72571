// Which digits are read as which. A cell opens to the digits in it; beside the matrix stand the worst mistakes.

const DIGIT_SIDE = 44; // CSS pixels of a digit in an open cell

function trainingConfusion(send) {
  const card = trainingCard("confusion", "Confusion, validation");
  let [data, theme, known, cell, opened, hovered, focus] = [null, null, "", 22, null, null, null];
  const bus = new AbortController();
  const told = element("div", { class: "told quiet" });
  const above = element("div", { class: "across", "aria-hidden": "true" });
  const aside = element("div", { class: "down", "aria-hidden": "true" });
  const open = (place) => data && send("open", [place.row, place.column, 0]);
  const grid = heatGrid({
    signal: bus.signal,
    hover: (place) => { hovered = place; tell(); },
    focus: (place) => { focus = place; tell(); },
    pick: (place) => open(place),
    press(event, place) {
      if (event.key === "Escape") send("open", []);
      else if (event.key === "Enter" || event.key === " ") open(place);
      else return;
      event.preventDefault();
    },
  });
  const matrix = element("div", { class: "matrix" }, above, element("div", { class: "lines" }, aside, grid.node));

  // Beside it: mistakes, or the open cell -------------------------------------------------------------------------------
  const title = element("h4");
  const shut = element("button", { type: "button", class: "bare", "aria-label": "Close the cell", onclick: () => { send("open", []); grid.goTo({ row: opened.row, column: opened.col }); } }, "\u00d7");
  const list = element("div", { class: "mistakes" });
  const mistakes = Array.from({ length: 4 }, () => {
    const [picture, words, share] = [element("canvas", { "aria-hidden": "true" }), element("span"), element("span", { class: "quiet" })];
    const node = element("button", { type: "button", class: "mistake", hidden: true }, picture, element("span", {}, words, share));
    node.addEventListener("click", () => node.place && open(node.place), { signal: bus.signal });
    list.append(node);
    return { node, picture, words, share };
  });
  const digits = trainingPlanes({ label: "Digits of the open cell", height: 200, least: 28, most: DIGIT_SIDE, under: () => 15, beneath: shareBeneath, point: (index) => digitWords(index) });
  const pages = trainingStepper("Page", (page) => send("open", [opened.row, opened.col, page]));
  const side = element("div", { class: "aside" }, element("div", { class: "side-head" }, title, shut), list, digits, pages);
  card.node.append(element("div", { class: "body" }, matrix, side), told);

  function shareBeneath(context, index, x, y, size) {
    context.font = `${SMALL_PRINT}px ${theme.family}`;
    context.fillStyle = cssColour(theme.quiet);
    context.textAlign = "center";
    context.textBaseline = "top";
    context.fillText(percent(opened.shares[index], 0), x + size.across / 2, y + 3);
  }

  function digitWords(index) {
    if (!opened || index === null) {
      tell();
      return "";
    }
    const words = `${ordinal(opened.places[index] + 1)} of validation: a ${data.classes[opened.row]} read as ${data.classes[opened.col]}, ${percent(opened.shares[index])}`;
    say(told, words);
    return words;
  }

  function tell() {
    const place = hovered ?? focus;
    if (!data) return say(told, "Waiting for the first look at validation.");
    if (!place) return say(told, `Rows: what it is \u00b7 columns: what is read \u00b7 ${matchMedia("(hover: none)").matches ? "tap" : "open"} a cell to see its digits`);
    const { classes, counts } = data, count = counts[place.row]?.[place.column];
    if (count === undefined) return;
    const all = counts[place.row].reduce((sum, each) => sum + each, 0);
    say(told, `${formatNumber(count)} of ${formatNumber(all)} digits \u201c${classes[place.row]}\u201d ${count === 1 ? "is" : "are"} read as ${classes[place.column]}`);
  }

  function paintMatrix() {
    const { classes, counts } = data, n = classes.length;
    const width = card.node.clientWidth - 30;
    const room = width < 340 ? Math.min(width - 24, 300) : Math.min((width - 24) * 0.575, 222);
    cell = Math.floor(room / n);
    const look = `${cell}${JSON.stringify(counts)}`;
    if (look === known) return;
    const resized = !known.startsWith(`${cell}[`) || above.childElementCount !== n;
    known = look;
    const totals = counts.map((row) => Math.max(row.reduce((sum, each) => sum + each, 0), 1));
    grid.draw({
      rows: n, columns: n, cell, font: cell >= 20 ? SMALL_PRINT : 9, label: `Confusion matrix of ${n} classes`,
      paint(row, column) {
        const count = counts[row][column], right = row === column;
        const share = count / totals[row];
        const colour = right ? mix(theme.background, theme.primary, share ** GAMMA) : mix(theme.background, theme.positive, count ? within(0.16 + 1.5 * share, 0, 0.9) : 0);
        const text = count && cell >= 17 ? String(count) : "";
        return { colour, text, label: `${classes[row]} read as ${classes[column]}: ${count}` };
      },
    });
    if (!resized) return;
    const every = cell >= 13 ? 1 : 2; // names where they have room
    const name = (each, at) => element("span", {}, at % every ? "" : each.slice(0, 3));
    matrix.style.setProperty("--cell", `${cell}px`);
    above.replaceChildren(...classes.map(name));
    aside.replaceChildren(...classes.map(name));
  }

  function picture(canvas, sheet, index, size) {
    const context = fitCanvas(canvas, size, size);
    context.imageSmoothingEnabled = size * (window.devicePixelRatio || 1) < data.picture[1];
    context.drawImage(sheet.canvas, 0, index * data.picture[0], data.picture[1], data.picture[0], 0, 0, size, size);
  }

  const sheet = new Sheet();
  function paintMistakes() {
    const [rows, cols] = data.picture, found = data.mistakes.length;
    if (found) sheet.paint(data.pixels, found * rows, cols, 1, theme.tables.ink);
    mistakes.forEach(({ node, picture: canvas, words, share }, index) => {
      node.hidden = index >= found;
      if (node.hidden) return;
      const { row, col, share: sure } = data.mistakes[index];
      node.place = { row, column: col };
      say(words, `${data.classes[row]} read as ${data.classes[col]}`);
      say(share, percent(sure, 0));
      picture(canvas, sheet, index, 44);
    });
  }

  function paintSide() {
    const isOpen = opened !== null;
    list.hidden = isOpen;
    digits.hidden = shut.hidden = !isOpen;
    pages.hidden = !isOpen || opened.pages < 2;
    if (isOpen) {
      const { classes } = data, same = opened.row === opened.col;
      const what = same ? `${classes[opened.row]}, read rightly` : `${classes[opened.row]} read as ${classes[opened.col]}`;
      say(title, `${what} \u00b7 ${formatNumber(opened.count)}`);
      pages.set(opened.page, opened.pages, `${opened.page + 1} of ${opened.pages}`);
      const [rows, cols] = data.picture;
      if (opened.shares.length) digits.draw({ count: opened.shares.length, rows, cols, pixels: opened.pixels, table: theme.tables.ink }, theme);
      digits.classList.toggle("none", !opened.shares.length);
    } else say(title, data.wrong ? `Worst of ${formatNumber(data.wrong)} ${data.wrong === 1 ? "mistake" : "mistakes"}` : "No mistakes");
  }

  return {
    node: card.node,
    listen: (signal) => {
      digits.listen(signal);
      signal.addEventListener("abort", () => bus.abort());
    },
    draw() {
      if (!data) return;
      paintMatrix();
      paintMistakes();
      paintSide();
    },
    repaint() { known = ""; },
    update(message, next) {
      theme = next;
      data = message.confusion && { ...message.confusion, pixels: message.mistake_levels };
      opened = message.opened && data ? { ...message.opened, pixels: message.opened_levels } : null;
      matrix.classList.toggle("empty", !data);
      side.classList.toggle("empty", !data);
      const late = data && data.step !== message.player.shown ? `, step ${data.step.toLocaleString("en-US")}` : "";
      say(card.note, data ? `${percent(data.accuracy)} right${late}` : "");
      this.draw();
      if (digits.hidden || digits.at() === null) tell(); // a hovered cell's count goes on, too
    },
  };
}
