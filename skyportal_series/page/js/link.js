// The view as a link: everything that is needed to see the same again, never the token. Pure.

import { FILTER_NAMES } from "./filter-fields.js";

export const DEFAULTS = Object.freeze({
  filters: Object.freeze({}),
  sortBy: "obj_id",
  sortOrder: "asc",
  page: 1,
  perPage: 50,
  series: null, // id of the open series
  x: null, // [min, max] of what is seen, in MJD or phase; null for all of it
  y: null,
  unit: "mag",
  period: null, // days; null where nothing is folded
  epoch: null, // MJD of phase 0; null for the first point
});

const PER_PAGE = [25, 50, 100, 500];

/** A location hash ("#a=1&b=2", possibly wrong or empty) → a whole view. */
export function parse(hash) {
  const asked = new URLSearchParams(hash.replace(/^#/, ""));
  const filters = {};
  for (const name of FILTER_NAMES) if (asked.get(name)) filters[name] = asked.get(name);
  const perPage = whole(asked.get("perPage"));
  return {
    filters,
    sortBy: /^\w+$/.test(asked.get("sortBy") ?? "") ? asked.get("sortBy") : DEFAULTS.sortBy,
    sortOrder: asked.get("sortOrder") === "desc" ? "desc" : "asc",
    page: whole(asked.get("page")) ?? 1,
    perPage: PER_PAGE.includes(perPage) ? perPage : DEFAULTS.perPage,
    series: whole(asked.get("series")),
    x: range(asked.get("x")),
    y: range(asked.get("y")),
    unit: asked.get("unit") === "flux" ? "flux" : "mag",
    period: positive(asked.get("period")),
    epoch: finite(asked.get("epoch")),
  };
}

/** A view → the hash that `parse` turns into the same view; what is as usual is left out. */
export function format(view) {
  const parts = new URLSearchParams(view.filters);
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    if (name === "filters" || view[name] === null || view[name] === usual) continue;
    parts.set(name, String(view[name]));
  }
  const text = parts.toString().replaceAll("%2C", ",").replaceAll("%3A", ":");
  return text ? `#${text}` : "#";
}

/** Whether two views ask the server for the same list. */
export function sameList(a, b) {
  const asked = ({ filters, sortBy, sortOrder, page, perPage }) =>
    format({ ...DEFAULTS, filters, sortBy, sortOrder, page, perPage });
  return asked(a) === asked(b);
}

function finite(text) {
  const value = text ? Number(text) : NaN;
  return Number.isFinite(value) ? value : null;
}

function positive(text) {
  const value = finite(text);
  return value > 0 ? value : null;
}

function whole(text) {
  const value = positive(text);
  return Number.isSafeInteger(value) ? value : null;
}

function range(text) {
  const ends = (text ?? "").split(",").map(finite);
  return ends.length === 2 && !ends.includes(null) && ends[0] < ends[1] ? ends : null;
}
