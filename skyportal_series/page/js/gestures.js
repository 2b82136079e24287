// Zooming and moving by wheel, mouse and fingers.

import { moved, zoomed } from "./ranges.js";

/** `range()` gives the [min, max] in view, `setRange` asks for another. */
export function attachGestures(over, range, setRange) {
  const place = (event) => {
    const box = over.getBoundingClientRect();
    return (event.clientX - box.left) / box.width;
  };
  over.addEventListener("wheel", (event) => setRange(turned(event, range(), place)), {
    passive: false,
  });
  attachHold(over, place, range, setRange);
}

function turned(event, range, place) {
  event.preventDefault();
  const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
  const pixels = (event.deltaX || event.deltaY) * (event.deltaMode === 1 ? 16 : 1);
  if (sideways) return moved(range, pixels / 800);
  const factor = Math.exp(Math.min(Math.max(event.deltaY * 0.002, -0.7), 0.7));
  return zoomed(range, factor, valueAt(range, place(event)));
}

/** Held points (fingers, or the mouse) stay on the values that they were put on. */
function attachHold(over, place, range, setRange) {
  const held = new Map(); // pointer id → {value: where it was put, now: where it is}
  const put = () => held.forEach((point) => (point.value = valueAt(range(), point.now)));
  over.addEventListener("pointerdown", (event) => {
    if (!holds(event)) return;
    if (event.pointerType === "mouse") event.preventDefault(); // no scroll mark on middle click
    over.setPointerCapture(event.pointerId);
    held.set(event.pointerId, { now: place(event) });
    put();
  });
  over.addEventListener("pointermove", (event) => {
    if (!held.has(event.pointerId)) return;
    held.get(event.pointerId).now = place(event);
    setRange(fitted([...held.values()], range()));
  });
  for (const name of ["pointerup", "pointercancel"]) {
    over.addEventListener(name, (event) => held.delete(event.pointerId) && put());
  }
}

function holds(event) {
  const byMouse = event.button === 1 || (event.button === 0 && event.shiftKey);
  return event.pointerType === "mouse" ? byMouse : true;
}

function valueAt([min, max], place) {
  return min + (max - min) * place;
}

/** The range in which each held point has its value: moved by one finger, zoomed by two. */
function fitted([a, b], [min, max]) {
  const apart = b ? b.now - a.now : 0;
  const width = Math.abs(apart) > 0.02 ? (b.value - a.value) / apart : max - min;
  const start = a.value - a.now * width;
  return width > 0 ? [start, start + width] : [min, max];
}
