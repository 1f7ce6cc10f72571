// The feed: hands each message to the film of training, which stands beside it. The film's script is long and would
// travel with every message if it were the film's own data.

export default function ({ data }) {
  const slot = (globalThis[Symbol.for("cnn-lab-film")] ??= {});
  slot.latest = data;
  slot.take?.(data);
  return () => { slot.latest = null; };
}
