// One light curve on a canvas (uPlot), seen through a range of x and of y.

import { axes } from "./axes.js";
import { attachGestures } from "./gestures.js";
import { drawMarks } from "./marks.js";
import { indicesWithin, padded } from "./ranges.js";

const NEAR = 24; // pixels from which the pointer reaches a point

/**
 * A scene is {points, xKind: "mjd" | "phase", unit: "mag" | "flux", x: [min, max], y: the same or
 * null for what fits}. `onView({x, y})` asks for other ranges (null: all); what is left out stays.
 * `onPoint(index)` tells which point the pointer is near, null for none.
 */
export function createChart(host, { onView, onPoint }) {
  let plot = null;
  let scene = null;
  let colours = null;
  let pointed = null;

  function draw(next) {
    const rebuild = !plot || next.xKind !== scene.xKind || next.unit !== scene.unit;
    scene = next;
    if (rebuild) build();
    else update();
  }

  function build() {
    destroy();
    colours = coloursOf(host);
    plot = new window.uPlot(options(), [scene.points.x, scene.points.y], host);
    if (onView) attachGestures(plot.over, () => scene.x, (x) => onView({ x }));
    update();
  }

  function update() {
    plot.batch(() => {
      plot.setData([scene.points.x, scene.points.y], false);
      plot.setScale("x", ends(scene.x));
      plot.setScale("y", ends(scene.y ?? fittingY(scene)));
    });
    plot.redraw(false);
  }

  function options() {
    return {
      ...sizeOf(host),
      padding: [scene.xKind === "mjd" ? 0 : 12, 18, 0, 0],
      legend: { show: false },
      scales: { x: { time: false }, y: { dir: scene.unit === "mag" ? -1 : 1 } },
      axes: axes(scene, colours),
      series: [{}, { paths: () => null, points: { show: false } }],
      cursor: cursor(),
      hooks: {
        draw: [(u) => drawMarks(u, scene.points, colours)],
        setSelect: [selected],
        setCursor: [(u) => point(u.cursor.idxs?.[1] ?? null)],
      },
    };
  }

  function cursor() {
    const drags = Boolean(onView);
    return {
      drag: { x: drags, y: drags, uni: 30, dist: 4, setScale: false },
      points: { size: 11, width: 2, fill: "transparent", stroke: () => colours.text },
      dataIdx: (u) => nearest(u, scene.points),
      bind: {
        mousedown: (_u, _target, handler) => (event) =>
          event.button === 0 && !event.shiftKey ? handler(event) : null,
        dblclick: () => () => onView?.({ x: null, y: null }) ?? null,
      },
    };
  }

  /** A flat box zooms in x alone, a narrow one in y alone. */
  function selected(u) {
    const { left, top, width, height } = u.select;
    if (!(width > 0 && height > 0)) return;
    u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    const view = {};
    if (width < u.over.clientWidth) view.x = between(u, "x", left, left + width);
    if (height < u.over.clientHeight) view.y = between(u, "y", top, top + height);
    if (view.x || view.y) onView(view);
  }

  function point(index) {
    if (index !== pointed) onPoint?.(index);
    pointed = index;
  }

  function destroy() {
    plot?.destroy();
    plot = null;
  }

  new ResizeObserver(() => plot?.setSize(sizeOf(host))).observe(host);
  return { draw, destroy, recolour: () => plot && build() };
}

function ends([min, max]) {
  return { min, max };
}

function between(u, scale, from, to) {
  return [u.posToVal(from, scale), u.posToVal(to, scale)].sort((a, b) => a - b);
}

function sizeOf(host) {
  return { width: Math.max(host.clientWidth, 200), height: Math.max(host.clientHeight, 160) };
}

function coloursOf(host) {
  const style = getComputedStyle(host);
  const of = (name) => style.getPropertyValue(`--chart-${name}`);
  return Object.fromEntries(["mark", "error", "limit", "grid", "text"].map((n) => [n, of(n)]));
}

/** The range that holds what is in view; error bars longer than the spread are cut. */
function fittingY({ points, x }) {
  const [from, to] = indicesWithin(points.x, x);
  let [low, high] = [Infinity, -Infinity];
  for (let i = from; i < to; i++) {
    low = Math.min(low, points.y[i]);
    high = Math.max(high, points.y[i]);
  }
  if (low > high) return [0, 1];
  const longest = Math.max(high - low, 1e-9 * Math.abs(high));
  let [bottom, top] = [low, high];
  for (let i = from; i < to; i++) {
    const error = Math.min(points.error[i], longest);
    bottom = Math.min(bottom, points.y[i] - error);
    top = Math.max(top, points.y[i] + error);
  }
  return padded([bottom, top], 0.05);
}

/** Index of the point closest to the pointer on the screen, null where none is near. */
function nearest(u, points) {
  const { left, top } = u.cursor;
  if (left < 0) return null;
  const reach = [u.posToVal(left - NEAR, "x"), u.posToVal(left + NEAR, "x")];
  const [from, to] = indicesWithin(points.x, reach);
  let found = { index: null, distance: NEAR };
  for (let i = from; i < to; i++) {
    const x = u.valToPos(points.x[i], "x") - left;
    const y = u.valToPos(points.y[i], "y") - top;
    const distance = Math.hypot(x, y);
    if (distance < found.distance) found = { index: i, distance };
  }
  return found.index;
}
