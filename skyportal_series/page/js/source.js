// The points of one series: an overview of all of it, and finer stretches fetched as one zooms.

import { lightCurve } from "./photometry.js";
import { covers, intersection, padded } from "./ranges.js";

const POINTS = 4000; // enough for a wide screen
const FOLDED_POINTS = 20000; // a folded curve needs all cycles, whatever is in view
const MARGIN = 0.25; // fetched beyond the view on each side, so that moving does not wait

/**
 * `fetchColumns(query, signal)` gives {columns, total, returned}, `total` being of the whole series.
 * Blocks are {curve, total, complete, range}: `range` is null for all of the series, and `complete`
 * where no point of it was left out.
 */
export function createSource(chosen, fetchColumns) {
  const blocks = { overview: null, detail: null, folded: null };
  const columns = [chosen.time, chosen.value, chosen.error].filter(Boolean).join(",");

  async function fetchBlock(range, maxPoints, signal) {
    const limits = range ? { mjdMin: range[0], mjdMax: range[1] } : {};
    const answer = await fetchColumns({ columns, maxPoints, ...limits }, signal);
    const { total, returned } = answer;
    const curve = lightCurve(answer.columns, chosen);
    return { curve, total, complete: returned < maxPoints || returned >= total, range };
  }

  /** One request towards what `view` needs: first all of it coarsely, then what is in view. */
  async function load(view, signal) {
    if (!blocks.overview) blocks.overview = await fetchBlock(null, POINTS, signal);
    else if (view.period) blocks.folded = await fetchBlock(null, FOLDED_POINTS, signal);
    else blocks.detail = await fetchBlock(inside(padded(view.x, MARGIN)), POINTS, signal);
  }

  function inside(x) {
    return intersection(x, extent(blocks.overview.curve.mjd));
  }

  /** Whether `view` ({x, period}) would show more with another request. */
  function needs(view) {
    if (!blocks.overview) return true;
    if (blocks.overview.complete) return false;
    if (view.period) return blocks.folded === null;
    return view.x !== null && !isFineEnough(view.x);
  }

  function isFineEnough(x) {
    const { detail } = blocks;
    const [from, to] = inside(x);
    if (!(from < to)) return true; // beside the series: nothing to fetch
    if (!detail || !covers(detail.range, [from, to])) return false;
    return detail.complete || width(detail.range) <= (1 + 4 * MARGIN) * width(x);
  }

  /** The best block there is for `view` without asking; null before the first `load`. */
  function best(view) {
    if (view.period) return blocks.folded ?? blocks.overview;
    const useful = view.x && blocks.detail && covers(blocks.detail.range, inside(view.x));
    return useful ? blocks.detail : blocks.overview;
  }

  return {
    load,
    needs,
    best,
    extent: () => extent(blocks.overview?.curve.mjd ?? []),
    count: () => blocks.overview?.total ?? 0,
  };
}

function width([min, max]) {
  return max - min;
}

/** First and last of sorted times; [0, 1] where there are none. */
function extent(mjd) {
  return mjd.length ? [mjd[0], mjd[mjd.length - 1]] : [0, 1];
}
