// Folding on a period, and the scale of the period's slider. Pure; times and periods in days.

/** Phase of a time, from 0 up to but not including 1. */
export function phase(mjd, period, epoch) {
  const cycles = (mjd - epoch) / period;
  const fraction = cycles - Math.floor(cycles);
  return fraction < 1 ? fraction : 0; // a tiny negative cycle rounds up to 1
}

/** Points ({x, y, error, kind}) against phase, in order, over two cycles: 0 to 2. */
export function fold(points, period, epoch) {
  const phases = points.x.map((mjd) => phase(mjd, period, epoch));
  const order = Array.from(phases.keys()).sort((a, b) => phases[a] - phases[b]);
  const twice = (values) => [...order, ...order].map((i) => values[i]);
  const once = order.map((i) => phases[i]);
  return {
    x: [...once, ...once.map((value) => value + 1)],
    mjd: twice(points.x),
    y: twice(points.y),
    error: twice(points.error),
    kind: twice(points.kind),
    hidden: points.hidden,
    empty: points.empty,
  };
}

/** The shortest and longest period worth trying on a series of `span` days and `count` points. */
export function periodLimits(span, count) {
  const longest = span > 0 ? span : 1;
  const pace = longest / Math.max(count - 1, 1);
  return [Math.min(2 * pace, longest / 10), longest];
}

/** Where a period stands on a logarithmic slider from 0 to 1. */
export function periodToSlider(period, [shortest, longest]) {
  const place = Math.log(period / shortest) / Math.log(longest / shortest);
  return Math.min(Math.max(place, 0), 1);
}

export function sliderToPeriod(place, [shortest, longest]) {
  return shortest * (longest / shortest) ** place;
}

/**
 * The period one fine step longer (direction 1) or shorter (-1): over `span` days, the phases of
 * the first and the last point move apart by a fiftieth of a cycle.
 */
export function finePeriod(period, span, direction) {
  const frequency = 1 / period - (direction * 0.02) / (span > 0 ? span : 1);
  return frequency > 0 ? 1 / frequency : period;
}

/** A period with the digits that matter over `span` days, as text for a number field. */
export function periodText(period, span) {
  const step = (0.002 * period * period) / (span > 0 ? span : 1);
  const digits = Math.ceil(Math.log10(period / step)) + 1;
  return String(Number(period.toPrecision(Math.min(Math.max(digits, 4), 15))));
}
