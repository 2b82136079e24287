// Flux in µJy ↔ AB magnitude, and which columns of a series hold what. Pure.

export const ZERO_POINT = 23.9; // AB magnitude of 1 µJy
export const POGSON = 2.5 / Math.LN10;
export const NSIGMA = 3; // a point below this many errors is marked as not detected

export const DETECTED = 0;
export const UNDETECTED = 1; // drawn where it was measured
export const LIMIT = 2; // drawn at NSIGMA errors, because it has no magnitude of its own

const TIMES = ["mjd", "mjds"];
const FLUXES = ["flux", "fluxes"];
const MAGNITUDES = ["mag", "mags", "magnitudes"];

/** Magnitude of a flux in µJy; NaN where the flux is not positive. */
export function magnitude(flux) {
  return flux > 0 ? ZERO_POINT - 2.5 * Math.log10(flux) : NaN;
}

export function magnitudeError(flux, fluxerr) {
  return flux > 0 && fluxerr > 0 ? (POGSON * fluxerr) / flux : NaN;
}

/** Flux in µJy of an AB magnitude. */
export function flux(mag) {
  return 10 ** (0.4 * (ZERO_POINT - mag));
}

/** Error in µJy of a flux, from its error in magnitudes. */
export function fluxError(fluxValue, magerr) {
  return magerr > 0 ? (fluxValue * magerr) / POGSON : NaN;
}

/**
 * Which of the column `names` to draw: {time, value, error, native, errorIn}, where `native` and
 * `errorIn` are "flux" or "mag" and `error` may be null. Null where time or brightness is missing.
 */
export function chooseColumns(names) {
  const has = (name) => names.includes(name);
  const time = TIMES.find(has);
  const value = [...FLUXES, ...MAGNITUDES].find(has);
  if (!time || !value) return null;
  const native = FLUXES.includes(value) ? "flux" : "mag";
  const errors = native === "flux" ? ["fluxerr", "magerr"] : ["magerr", "fluxerr"];
  const error = errors.find(has) ?? null;
  return { time, value, error, native, errorIn: error === "fluxerr" ? "flux" : "mag" };
}

/** A list with nulls as numbers, NaN where there is none. */
export function numbers(list) {
  return Float64Array.from(list, (value) => (typeof value === "number" ? value : NaN));
}

/** The chosen columns as {mjd, flux, fluxerr, mag, magerr} of Float64Arrays, ordered in time. */
export function lightCurve(columns, chosen) {
  const order = timeOrder(numbers(columns[chosen.time]));
  const take = (name) => pick(numbers(columns[name] ?? []), order);
  const curve = { mjd: take(chosen.time), native: chosen.native };
  const values = take(chosen.value);
  curve.flux = chosen.native === "flux" ? values : values.map(flux);
  curve.mag = chosen.native === "mag" ? values : values.map(magnitude);
  const errors = chosen.error ? take(chosen.error) : new Float64Array(order.length).fill(NaN);
  const inFlux = chosen.errorIn === "flux";
  curve.fluxerr = inFlux ? errors : errors.map((e, i) => fluxError(curve.flux[i], e));
  curve.magerr = inFlux ? errors.map((e, i) => magnitudeError(curve.flux[i], e)) : errors;
  return curve;
}

function timeOrder(mjd) {
  const order = Array.from(mjd.keys()).filter((i) => Number.isFinite(mjd[i]));
  const sorted = order.every((row, i) => i === 0 || mjd[order[i - 1]] <= mjd[row]);
  return sorted ? order : order.sort((a, b) => mjd[a] - mjd[b]);
}

function pick(values, order) {
  return Float64Array.from(order, (i) => values[i] ?? NaN);
}

/**
 * What to draw of `curve` in `unit` ("mag" or "flux"): {x, y, error, kind, hidden, empty}: `hidden`
 * counts the measured points that have no place in this unit, `empty` the rows without a value.
 */
export function toPoints(curve, unit) {
  const points = { x: [], y: [], error: [], kind: [], hidden: 0, empty: 0 };
  for (let i = 0; i < curve.mjd.length; i++) {
    const point = unit === "mag" ? magnitudePoint(curve, i) : fluxPoint(curve, i);
    if (Number.isFinite(point.y)) push(points, curve.mjd[i], point);
    else if (Number.isFinite(curve.flux[i])) points.hidden += 1;
    else points.empty += 1;
  }
  return points;
}

function push(points, x, { y, error, kind }) {
  points.x.push(x);
  points.y.push(y);
  points.error.push(error > 0 ? error : 0);
  points.kind.push(kind);
}

function isUndetected(curve, i) {
  return curve.flux[i] < NSIGMA * curve.fluxerr[i];
}

function fluxPoint(curve, i) {
  const kind = isUndetected(curve, i) ? UNDETECTED : DETECTED;
  return { y: curve.flux[i], error: curve.fluxerr[i], kind };
}

function magnitudePoint(curve, i) {
  if (!isUndetected(curve, i)) return { y: curve.mag[i], error: curve.magerr[i], kind: DETECTED };
  if (curve.native === "mag") return { y: curve.mag[i], error: curve.magerr[i], kind: UNDETECTED };
  return { y: magnitude(NSIGMA * curve.fluxerr[i]), error: 0, kind: LIMIT };
}
