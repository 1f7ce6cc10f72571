// Typing a number into a cell of a heat grid. The server judges what was typed; until then the old number stays.

/**
 * An input field that is laid over a cell of `stage`. `open(box, before, text, commit)` starts with `text`, or with
 * `before` selected; `commit(text)` is called once, with Enter or when the focus goes elsewhere, if the text changed.
 */
function cellEditor(stage, signal) {
  const field = element("input", { class: "editor", type: "text", autocomplete: "off", spellcheck: "false", autocapitalize: "off", "aria-label": "new number", hidden: true });
  stage.append(field);
  let editing = null; // { box, before, commit }

  function close(keep, refocus) {
    if (!editing) return;
    const { box, before, commit } = editing;
    editing = null;
    const text = field.value.trim();
    field.hidden = true;
    if (refocus) box.focus();
    if (keep && text && text !== before) commit(text);
  }

  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    close(event.key === "Enter", true);
  }, { signal });
  field.addEventListener("blur", () => close(true, false), { signal });

  return {
    close: () => close(false, false),
    open(box, before, text, commit) {
      const [cell, host] = [box.getBoundingClientRect(), stage.getBoundingClientRect()];
      const wide = Math.max(cell.width, 52);
      field.style.left = `${Math.max(cell.left - host.left - (wide - cell.width) / 2, 0)}px`;
      field.style.top = `${cell.top - host.top}px`;
      field.style.width = `${wide}px`;
      field.style.height = `${Math.max(cell.height, 24)}px`;
      field.value = text || before;
      field.hidden = false;
      editing = { box, before, commit };
      field.focus();
      if (!text) field.select();
    },
  };
}
