// Ranges [min, max] of an axis: zoomed, moved and kept inside bounds. Pure.

const NARROWEST = 1e-6; // of the whole; finer than the times of any series are known

export function zoomed([min, max], factor, centre = (min + max) / 2) {
  return [centre - (centre - min) * factor, centre + (max - centre) * factor];
}

export function moved([min, max], fraction) {
  const shift = (max - min) * fraction;
  return [min + shift, max + shift];
}

/** `range` no wider than `bounds`, not narrower than makes sense, and inside them. */
export function clamped([min, max], [low, high]) {
  const widest = high - low;
  const width = Math.min(Math.max(max - min, widest * NARROWEST), widest);
  const centre = (min + max) / 2;
  const start = Math.min(Math.max(centre - width / 2, low), high - width);
  return [start, start + width];
}

export function covers([min, max], [low, high]) {
  return min <= low && max >= high;
}

/** What two ranges share; its end comes before its start where they share nothing. */
export function intersection([min, max], [low, high]) {
  return [Math.max(min, low), Math.min(max, high)];
}

/** `range` with a margin of `fraction` of its width on each side; a width of 0 becomes 1. */
export function padded([min, max], fraction) {
  const width = max - min;
  const margin = width > 0 ? width * fraction : 0.5;
  return [min - margin, max + margin];
}

/** Indices [first, last + 1] of the sorted `values` that lie in `range`. */
export function indicesWithin(values, [min, max]) {
  return [lowerBound(values, min), lowerBound(values, max, true)];
}

function lowerBound(values, limit, inclusive = false) {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const before = inclusive ? values[middle] <= limit : values[middle] < limit;
    if (before) low = middle + 1;
    else high = middle;
  }
  return low;
}
