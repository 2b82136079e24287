// The light curve of the open series: what is fetched, what of it is drawn, what is said of it.

import { createChart } from "./chart.js";
import { dateText } from "./dates.js";
import { byId, h, say } from "./dom.js";
import { fold } from "./fold.js";
import { createFoldPanel } from "./fold-panel.js";
import { CROWD } from "./marks.js";
import { DETECTED, LIMIT, NSIGMA, UNDETECTED, toPoints } from "./photometry.js";
import { clamped, indicesWithin, moved, padded, zoomed } from "./ranges.js";
import { count, fixed, plural, short } from "./text.js";

const PATIENCE = 150; // milliseconds of rest before more points are fetched
const PHASES = [0, 2];
const UNITS = ["mag", "flux", "other"]; // what a control may ask for

/** `onView(changes)` asks for a change of {x, y, unit, period, epoch}. */
export function createPlotView({ onView, onError }) {
  const host = byId("plot");
  const chart = createChart(host, { onView: (change) => onView(inside(change)), onPoint: tell });
  const panel = createFoldPanel((change) => onView({ ...change, x: null, y: null }));
  let source = null;
  let view = null;
  let points = null;
  let waiting = null; // the timer before a request
  let request = null; // the AbortController of the running one

  function open(newSource) {
    close();
    source = newSource;
    panel.reset();
  }

  function close() {
    clearTimeout(waiting);
    request?.abort();
    chart.destroy();
    byId("legend").hidden = true;
    source = points = null;
  }

  function show(newView) {
    view = newView;
    for (const unit of ["mag", "flux"])
      byId(`unit-${unit}`).setAttribute("aria-pressed", String(view.unit === unit));
    clearTimeout(waiting);
    if (!source) return;
    const known = source.best(looking());
    if (known) draw(known);
    if (source.needs(looking())) waiting = setTimeout(fetchMore, known ? PATIENCE : 0);
  }

  async function fetchMore() {
    request?.abort();
    const mine = (request = new AbortController());
    host.setAttribute("aria-busy", "true");
    try {
      await source.load(looking(), mine.signal);
      if (mine === request && !mine.signal.aborted) show(view);
    } catch (error) {
      if (error.name !== "AbortError") onError(error);
    } finally {
      if (mine === request) host.removeAttribute("aria-busy");
    }
  }

  function bounds() {
    return view.period ? PHASES : padded(source.extent(), 0.02);
  }

  function range() {
    return view.x ? clamped(view.x, bounds()) : bounds();
  }

  /** The view as the source needs it; a link may name a range beside the series. */
  function looking() {
    return { period: view.period, x: view.x && !view.period ? range() : null };
  }

  function inside(change) {
    return change.x ? { ...change, x: clamped(change.x, bounds()) } : change;
  }

  function draw(block) {
    const [first, last] = source.extent();
    const plain = toPoints(block.curve, view.unit);
    points = view.period ? fold(plain, view.period, view.epoch ?? first) : plain;
    const xKind = view.period ? "phase" : "mjd";
    chart.draw({ points, xKind, unit: view.unit, x: range(), y: view.y });
    panel.show(view, { span: last - first, count: source.count(), first });
    byId("plot-status").textContent = summary(block);
    legend();
    tell(null);
  }

  function summary({ total, complete }) {
    const [from, to] = indicesWithin(points.x, range());
    const seen = view.period ? Math.min(to - from, points.x.length / 2) : to - from;
    const all = plural(total, "point");
    const parts = [seen === total ? all : `${count(seen)} of ${all} ${complete ? "in view" : "shown"}`];
    if (points.hidden) parts.push(`${plural(points.hidden, "has", "have")} no magnitude`);
    if (points.empty && complete) parts.push(`${plural(points.empty, "has", "have")} no value`);
    if (!complete && !view.period) parts.push("zoom in for more");
    if (to - from > CROWD) parts.push("error bars show where there are fewer");
    return parts.join("; ");
  }

  function legend() {
    for (const [kind, id] of [[DETECTED, "detected"], [UNDETECTED, "undetected"], [LIMIT, "limit"]])
      byId(`legend-${id}`).hidden = !points.kind.includes(kind);
    byId("legend").hidden = points.kind.every((kind) => kind === DETECTED);
  }

  /** The point under the pointer, in words; nothing where there is none. */
  function tell(index) {
    const where = byId("plot-point");
    if (index === null || !points) return where.replaceChildren();
    const mjd = points.mjd?.[index] ?? points.x[index];
    const phase = points.mjd ? [h("span", {}, `phase ${fixed(points.x[index] % 1, 4)}`)] : [];
    const times = [`MJD ${fixed(mjd, 6)}`, `${dateText(mjd)} UTC`];
    where.replaceChildren(h("strong", {}, value(index)), ...times.map((t) => h("span", {}, t)), ...phase);
  }

  function value(index) {
    const unit = view.unit === "mag" ? "mag" : "µJy";
    const text = (number) => (view.unit === "mag" ? fixed(number, 3) : short(number, 5));
    if (points.kind[index] === LIMIT) return `fainter than ${text(points.y[index])} mag (${NSIGMA}σ)`;
    const error = points.error[index] ? ` ± ${text(points.error[index])}` : "";
    return `${text(points.y[index])}${error} ${unit}`;
  }

  const act = {
    in: () => onView({ x: clamped(zoomed(range(), 0.5), bounds()) }),
    out: () => onView({ x: clamped(zoomed(range(), 2), bounds()) }),
    left: () => onView({ x: clamped(moved(range(), -0.2), bounds()) }),
    right: () => onView({ x: clamped(moved(range(), 0.2), bounds()) }),
    reset: () => onView({ x: null, y: null }),
    mag: () => onView({ unit: "mag", y: null }),
    flux: () => onView({ unit: "flux", y: null }),
    other: () => (view.unit === "mag" ? act.flux() : act.mag()),
  };
  // The unit can be chosen before there are points to draw in it.
  attachControls(host, (name) => (points || UNITS.includes(name)) && act[name]());
  const fail = (text) => say(byId("plot-status"), text);
  return { open, show, close, recolour: () => chart.recolour(), fail };
}

const KEYS = {
  ArrowLeft: "left", ArrowRight: "right", ArrowUp: "in", ArrowDown: "out",
  "+": "in", "=": "in", "-": "out", 0: "reset", Home: "reset", m: "other",
};

function attachControls(host, act) {
  host.addEventListener("keydown", (event) => {
    const name = KEYS[event.key];
    if (!name || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(name);
  });
  for (const name of ["in", "out", "reset"])
    byId(`zoom-${name}`).addEventListener("click", () => act(name));
  for (const name of ["mag", "flux"]) byId(`unit-${name}`).addEventListener("click", () => act(name));
}
