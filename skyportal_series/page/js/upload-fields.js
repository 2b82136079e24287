// The fields of an upload, one row each, and what can be found wrong before it is sent. Pure.

import { chooseColumns } from "./photometry.js";

const NAME = /^[\w\-+/\\]+$/;
const ID_TEXT = /^[\w\-+]+$/;
const ALIGNMENTS = ["", "start", "middle", "end"];

/** `columns`: names of data columns that give the value where the field is left empty. */
export const UPLOAD_FIELDS = [
  { name: "obj_id", label: "Object", kind: "text", required: true },
  { name: "instrument_id", label: "Instrument ID", kind: "whole", required: true },
  { name: "series_name", label: "Series", kind: "text", required: true, pattern: NAME,
    allowed: "letters, digits and _ - + / \\", hint: "e.g. the night or the sector" },
  { name: "series_obj_id", label: "Object in series", kind: "text", required: true,
    pattern: ID_TEXT, allowed: "letters, digits and _ - +", hint: "e.g. the star's number" },
  { name: "filter", label: "Filter", kind: "text", required: true, hint: "e.g. ztfg",
    columns: ["filter", "FILTER", "Filter", "filtercode"] },
  { name: "exp_time", label: "Exposure (s)", kind: "number", required: true, min: 0,
    columns: ["exp_time", "exptime", "exposure", "exposure_time", "EXPTIME", "EXP_TIME"] },
  { name: "ra", label: "RA (deg)", kind: "number", required: true, min: 0, max: 360,
    columns: ["ra", "RA", "Ra"] },
  { name: "dec", label: "Dec (deg)", kind: "number", required: true, min: -90, max: 90,
    columns: ["dec", "Dec", "DEC"] },
  { name: "group_ids", label: "Groups", kind: "groups", hint: "IDs, or all" },
  { name: "stream_ids", label: "Streams", kind: "ids", optional: true, hint: "IDs" },
  { name: "channel", label: "Channel", kind: "text", optional: true },
  { name: "origin", label: "Origin", kind: "text", optional: true },
  { name: "limiting_mag", label: "Limiting mag", kind: "number", optional: true },
  { name: "magref", label: "Reference mag", kind: "number", optional: true },
  { name: "e_magref", label: "… its error", kind: "number", optional: true, min: 0 },
  { name: "ra_unc", label: "RA error (deg)", kind: "number", optional: true, min: 0 },
  { name: "dec_unc", label: "Dec error (deg)", kind: "number", optional: true, min: 0 },
  { name: "time_stamp_alignment", label: "Times mark the exposure's", kind: "text",
    optional: true, choices: ALIGNMENTS.map((value) => [value, value || "middle (usual)"]) },
  { name: "altdata", label: "Further data (JSON object)", kind: "json", optional: true },
];

const READERS = {
  text: (text) => text,
  number: (text) => readNumber(text, Number.isFinite, "a number"),
  whole: (text) => readNumber(text, Number.isSafeInteger, "a whole number"),
  ids: readIds,
  groups: (text) => (text === "all" ? text : readIds(text)),
  json: readObject,
};

/**
 * Texts of the form ({name: text}) → {values, problems: {name: [text]}}. `columns` are the data's
 * column names, or null where the file can only be read by the server.
 */
export function readFields(texts, columns) {
  const values = {};
  const problems = {};
  for (const field of UPLOAD_FIELDS) {
    const text = (texts[field.name] ?? "").trim();
    const found = text ? readOne(field, text) : { problem: missing(field, columns) };
    if (found.problem) problems[field.name] = [found.problem];
    else if (text) values[field.name] = found.value;
  }
  return { values, problems };
}

function readOne(field, text) {
  try {
    const value = READERS[field.kind](text);
    return { value, problem: refuse(field, value) };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof RangeError)
      return { problem: error.message };
    throw error;
  }
}

function refuse({ pattern, allowed, min, max }, value) {
  if (pattern && !pattern.test(value)) return `May hold ${allowed} alone.`;
  if (min !== undefined && value < min) return `Must be ${min} or more.`;
  if (max !== undefined && value > max) return `Must be ${max} or less.`;
  return null;
}

/** An HDF5 file may carry its fields itself, so nothing is called missing there. */
function missing(field, columns) {
  if (!field.required || columns === null) return null;
  if (field.columns?.some((name) => columns.includes(name))) return null;
  const otherwise = field.columns ? `, or a column "${field.columns[0]}" in the data` : "";
  return `Needed${otherwise}.`;
}

function readNumber(text, isRight, what) {
  const value = Number(text);
  if (!isRight(value)) throw new RangeError(`Must be ${what}; found "${text}".`);
  return value;
}

function readIds(text) {
  const ids = text.replace(/^\[|\]$/g, "").split(/[\s,]+/).filter(Boolean);
  return ids.map((id) => readNumber(id, Number.isSafeInteger, "whole numbers"));
}

function readObject(text) {
  const value = JSON.parse(text);
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new RangeError('Must be a JSON object, such as {"night": 12}.');
  return value;
}

/** What is wrong with {column: list} as a light curve: a list of texts. */
export function columnProblems(columns) {
  const names = Object.keys(columns);
  const chosen = chooseColumns(names);
  const problems = [];
  if (!names.some((name) => name === "mjd" || name === "mjds"))
    problems.push(`No time column: name it mjd or mjds. Found: ${names.join(", ") || "none"}.`);
  if (!names.some((name) => chooseColumns(["mjd", name])))
    problems.push("No brightness column: name it flux, fluxes, mag, mags or magnitudes.");
  return [...problems, ...lengthProblems(columns), ...(chosen ? textProblems(columns, chosen) : [])];
}

function lengthProblems(columns) {
  const lengths = Object.entries(columns).map(([name, list]) => [name, list.length]);
  if (lengths.every(([, length]) => length === 0)) return ["There are no rows."];
  const [[first, rows], ...others] = lengths;
  return others
    .filter(([, length]) => length !== rows)
    .map(([name, length]) => `Column ${name} has ${length} rows; ${first} has ${rows}.`);
}

function textProblems(columns, { time, value, error }) {
  const texts = (name) => columns[name].find((cell) => cell !== null && typeof cell !== "number");
  return [time, value, error]
    .filter((name) => name && texts(name) !== undefined)
    .map((name) => `Column ${name} must hold numbers; found "${texts(name)}".`);
}
