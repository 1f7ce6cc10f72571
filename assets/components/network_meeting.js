// Where a network's view, its feed and the view of one of its numbers meet: components share nothing but the window.

/** The views and what each was last told, by the view's key. */
const networkMarks = () => (globalThis[Symbol.for("cnn-lab-network")] ??= { views: new Map(), latest: new Map() });
