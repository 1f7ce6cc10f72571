// The feed: hands each message to the film of training, which stands beside it. The film's script is long and would
// travel with every message if it were the film's own data.

/** There is nothing to see: Streamlit's box round it need not be laid out, nor faded, at every message. */
function hide(parentElement) {
  const box = (parentElement.host ?? parentElement).closest("[data-testid=stElementContainer]");
  if (box && box.style.display !== "none") box.style.display = "none";
}

export default function ({ data, parentElement }) {
  const slot = (globalThis[Symbol.for("cnn-lab-film")] ??= {});
  hide(parentElement);
  slot.latest = data;
  slot.take?.(data);
  return () => { slot.latest = null; };
}
