// A chosen file → what it is and what is in it, as far as the browser can tell.

import { parseCsv } from "./csv.js";
import { columnProblems } from "./upload-fields.js";
import { bytes, plural } from "./text.js";

const HDF5_SIGNATURE = [0x89, 0x48, 0x44, 0x46];
const LARGEST_TEXT = 100e6; // bytes that a browser tab parses without trouble

/**
 * {file, kind: "hdf5" | "columns", about: text, columns, fields, problems: [text]}; `columns` is
 * null for HDF5, which the server reads; `fields` are those that a JSON file brings along.
 */
export async function readUpload(file) {
  if (await isHdf5(file)) {
    const about = `HDF5, ${bytes(file.size)}`;
    return { file, kind: "hdf5", about, columns: null, fields: {}, problems: [] };
  }
  if (file.size > LARGEST_TEXT)
    return unreadable(file, `Text of ${bytes(file.size)} is too much for a page; send it as HDF5.`);
  const text = await file.text();
  return /^\s*[{[]/.test(text) ? fromJson(file, text) : fromCsv(file, text);
}

async function isHdf5(file) {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  return HDF5_SIGNATURE.every((byte, i) => start[i] === byte);
}

function unreadable(file, problem) {
  return { file, kind: "columns", about: bytes(file.size), columns: null, fields: {}, problems: [problem] };
}

function fromCsv(file, text) {
  if (text.includes("\0")) return unreadable(file, "This is neither HDF5, CSV nor JSON.");
  const { columns, problems } = parseCsv(text);
  return withColumns(file, "CSV", columns, {}, problems);
}

function fromJson(file, text) {
  let parsed;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    return unreadable(file, `This is not JSON: ${error.message}`);
  }
  const { data, ...fields } = parsed.data ? parsed : { data: parsed };
  const lists = data && !Array.isArray(data) && Object.values(data).every(Array.isArray);
  if (!lists) return unreadable(file, "JSON must be an object of columns: {\"mjd\": […], \"mag\": […]}.");
  return withColumns(file, "JSON", data, fields, []);
}

function withColumns(file, name, columns, fields, found) {
  const rows = Math.max(0, ...Object.values(columns).map((list) => list.length));
  const names = Object.keys(columns).join(", ");
  return {
    file,
    kind: "columns",
    about: `${name}, ${plural(rows, "row")}: ${names}`,
    columns,
    fields,
    problems: found.length ? found : columnProblems(columns),
  };
}
