// Takes the drawing canvas's own bar of tools away. The page has buttons for what is needed of it; its "Edit" would stop
// drawing without a sign, and lies in the order of Tab even where it is cut off. The bar stands in a shadow tree, which
// no style sheet of a page reaches.

const NO_BAR = ".dc-toolbar { display: none !important; }";

function takeBarAway() {
  for (const { shadowRoot } of document.querySelectorAll(".st-key-inspect-canvas *")) {
    if (!shadowRoot?.querySelector(".canvas-root") || shadowRoot.querySelector("style.no-bar")) continue;
    shadowRoot.append(element("style", { class: "no-bar" }, NO_BAR));
  }
}

export default function () {
  takeBarAway();
  const again = setInterval(takeBarAway, 300); // the canvas may come later, and anew
  return () => clearInterval(again);
}
