// What every library says of one cell: a line each, made once. A move of the pointer changes texts and no element.

/**
 * The list of values. `rows(names)` makes a line for each library; `tell({ where, note, lines, words })` fills them:
 * `lines` are [{ value, change, active }], one a library, or null where only `words` [text, quiet] are to be said.
 */
function galleryValues() {
  const where = document.createTextNode("");
  const note = element("span", { class: "quiet" });
  const entries = element("div", { class: "entries" });
  const words = element("div", {}, element("div", {}), element("div", { class: "quiet" }));
  const node = element("div", { class: "values" }, element("div", { class: "where" }, where, note), entries, words);
  let lines = [];
  const say = (part, text) => { if (part.textContent !== text) part.textContent = text; };

  function rows(names) {
    lines = names.map((name) => {
      const value = element("span", { class: "value" }), change = element("span", { class: "change quiet" });
      return { value, change, node: element("div", { class: "entry" }, element("span", { class: "who" }, name), value, change) };
    });
    entries.replaceChildren(...lines.map((line) => line.node));
  }

  function tell(said) {
    if (where.data !== said.where) where.data = said.where;
    say(note, said.note ?? "");
    entries.hidden = !said.lines;
    words.hidden = Boolean(said.lines);
    if (!said.lines) [...words.children].forEach((part, index) => say(part, said.words[index] ?? ""));
    said.lines?.forEach(({ value, change, active }, index) => {
      say(lines[index].value, value);
      say(lines[index].change, change);
      lines[index].node.classList.toggle("active", active);
      lines[index].node.classList.toggle("worded", !change && !/\d/.test(value)); // no number, and nothing to compare
    });
  }
  return { node, rows, tell };
}
