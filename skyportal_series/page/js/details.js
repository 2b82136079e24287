// What is known about a series, as tables.

import { dateText } from "./dates.js";
import { h } from "./dom.js";
import { NONE, count, fixed, short } from "./text.js";

const text = (value) => (value === null || value === undefined || value === "" ? NONE : String(value));
const degrees = (value) => (Number.isFinite(value) ? `${fixed(value, 6)}°` : NONE);
const mag = (value) => fixed(value, 3);
const time = (mjd) => (Number.isFinite(mjd) ? [`MJD ${fixed(mjd, 5)}`, dateText(mjd)] : NONE);
const stamp = (iso) => (iso ? iso.slice(0, 19).replace("T", " ") : NONE);
const seconds = (value) => (Number.isFinite(value) ? `${short(value)} s` : NONE);
const pair = (value, error) => (Number.isFinite(value) ? `${mag(value)} ± ${mag(error)}` : NONE);
const names = (list) => text((list ?? []).map((one) => one.name).join(", "));

const GROUPS = [
  ["Series", [
    ["Object", (s) => s.obj_id],
    ["Series", (s) => s.series_name],
    ["Object in series", (s) => s.series_obj_id],
    ["Filter", (s) => s.filter],
    ["Instrument", (s) => s.instrument_id],
    ["Channel", (s) => text(s.channel)],
    ["Origin", (s) => text(s.origin)],
    ["RA", (s) => degrees(s.ra)],
    ["Dec", (s) => degrees(s.dec)],
  ]],
  ["Brightness", [
    ["Mean mag ± RMS", (s) => pair(s.mean_mag, s.rms_mag)],
    ["Robust", (s) => pair(s.robust_mag, s.robust_rms)],
    ["S/N median", (s) => short(s.median_snr, 4)],
    ["S/N best, worst", (s) => `${short(s.best_snr, 4)}, ${short(s.worst_snr, 4)}`],
    ["Detected", (s) => (s.is_detected ? "yes" : "no")],
    ["Last detection", (s) => time(s.mjd_last_detected)],
    ["Limiting magnitude", (s) => mag(s.limiting_mag)],
    ["Reference flux", (s) => (Number.isFinite(s.ref_flux) ? `${short(s.ref_flux)} µJy` : NONE)],
  ]],
  ["Times", [
    ["First", (s) => time(s.mjd_first)],
    ["Last", (s) => time(s.mjd_last)],
    ["Span", (s) => `${short(s.mjd_last - s.mjd_first)} d`],
    ["Points", (s) => count(s.num_exp)],
    ["Exposure", (s) => seconds(s.exp_time)],
    ["Pace", (s) => seconds(s.frame_rate > 0 ? 1 / s.frame_rate : NaN)],
    ["Times mark", (s) => `${s.time_stamp_alignment} of exposure`],
  ]],
  ["Record", [
    ["ID", (s) => s.id],
    ["Owner", (s) => text(s.owner_id)],
    ["Groups", (s) => names(s.groups)],
    ["Streams", (s) => names(s.streams)],
    ["Created", (s) => stamp(s.created_at)],
    ["Modified", (s) => stamp(s.modified)],
    ["MD5", (s) => text(s.hash)],
  ]],
];

/** The fields of `series` in groups, then its further data and the statistics of its columns. */
export function showDetails(host, series) {
  const groups = GROUPS.map(([title, rows]) => group(title, rows, series));
  host.replaceChildren(...groups, statistics(series), ...furtherData(series.altdata));
}

function group(title, rows, series) {
  const pairs = rows.map(([name, read]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, ...unbroken(read(series)))),
  );
  return h("section", { class: "facts" }, h("h3", {}, title), h("dl", {}, ...pairs));
}

/** Parts of a value that a narrow column may set on lines of their own. */
function unbroken(value) {
  if (!Array.isArray(value)) return [text(value)];
  return value.flatMap((part) => [h("span", {}, part), " "]);
}

function statistics({ medians, minima, maxima, stds }) {
  const columns = ["Column", "Median", "Minimum", "Maximum", "Std"];
  const cell = (value) => h("td", { class: "number" }, short(value ?? NaN, 9));
  const rows = Object.keys(medians ?? {}).map((name) =>
    h("tr", {}, h("th", { scope: "row" }, name),
      ...[medians, minima, maxima, stds].map((values) => cell(values?.[name]))),
  );
  const head = h("tr", {}, ...columns.map((name) => h("th", { scope: "col" }, name)));
  const table = h("table", { class: "plain" }, h("thead", {}, head), h("tbody", {}, ...rows));
  return h("details", { class: "facts wide" }, h("summary", {}, "Columns"),
    h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Columns" }, table));
}

function furtherData(altdata) {
  if (!altdata || Object.keys(altdata).length === 0) return [];
  const code = h("pre", {}, JSON.stringify(altdata, null, 2));
  return [h("details", { class: "facts wide" }, h("summary", {}, "Further data"), code)];
}
