// What is traced in a network's view, and the way to it: apart from the view's own data, so that a pick, which changes
// only this, does not send every map again.
//
// data: key (of the view), at ({ layer, index } or null), path (a list of { layer, index, text, short }).

export default function ({ data }) {
  const meeting = networkMarks();
  meeting.latest.set(data.key, data);
  meeting.views.get(data.key)?.take(data);
  return () => meeting.latest.delete(data.key);
}
