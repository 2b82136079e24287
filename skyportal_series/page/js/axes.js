// The axes of a light curve: dates above, MJD or phase below, brightness at the side.

import { dateTicks } from "./dates.js";
import { fixed, short } from "./text.js";

const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const DATE_WIDTH = 90; // pixels that one date needs

// Steps whose ticks are told apart by the decimals of the step itself (2.5 would need one more).
const STEPS = Array.from({ length: 24 }, (_, i) => [1, 2, 5].map((n) => Number(`${n}e${i - 10}`))).flat();

const Y_LABELS = { mag: "AB magnitude", flux: "Flux (µJy)" };
const X_LABELS = { mjd: "MJD (UTC)", phase: "Phase" };

export function axes(scene, colours) {
  const common = axisStyle(colours);
  const bottom = { ...common, side: 2, label: X_LABELS[scene.xKind], values: decimals };
  Object.assign(bottom, { space: spaceBelow, size: 28 });
  const side = { ...common, side: 3, label: Y_LABELS[scene.unit], values: sideValues };
  side.size = sideSize;
  return scene.xKind === "mjd" ? [bottom, side, dateAxis(common)] : [bottom, side];
}

function axisStyle(colours) {
  return {
    incrs: STEPS,
    stroke: colours.text,
    font: FONT,
    labelFont: FONT,
    labelSize: 22,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { stroke: colours.grid, width: 1, size: 5 },
  };
}

function dateAxis(common) {
  let labels = [];
  return {
    ...common,
    scale: "x",
    side: 0, // top
    grid: { show: false },
    size: 34,
    splits: (u, _axis, min, max) => {
      const found = dateTicks(min, max, u.bbox.width / devicePixelRatio / DATE_WIDTH);
      labels = found.labels;
      return found.ticks;
    },
    values: () => labels,
  };
}

/** Pixels from one label to the next: as wide as their digits, and some air. */
function spaceBelow(_u, _axis, min, max, pixels) {
  const digits = Math.max(0, Math.ceil(-Math.log10(((max - min) * 70) / pixels)));
  return 7.2 * (5 + digits) + 26;
}

/** As many decimals as tell neighbouring ticks apart, without thousands separators. */
function decimals(_u, ticks, _axis, _space, step) {
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  return ticks.map((tick) => fixed(tick, Math.min(digits, 8)));
}

function sideValues(u, ticks, axis, space, step) {
  const large = Math.max(...ticks.map(Math.abs)) >= 1e6;
  return large ? ticks.map((tick) => short(tick, 5)) : decimals(u, ticks, axis, space, step);
}

/** Wide enough for the longest label. */
function sideSize(_u, labels) {
  const longest = Math.max(3, ...(labels ?? []).map((text) => text.length));
  return 18 + 7 * longest;
}
