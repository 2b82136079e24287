// Taking a series home, in the format that one's tools read.

import { ApiError, getFile } from "./api.js";
import { byId, h, saveBlob, say } from "./dom.js";

const FORMATS = [
  ["data", "hdf5", "HDF5", "h5"],
  ["data", "csv", "CSV", "csv"],
  ["data", "json", "JSON", "json"],
  ["data", "parquet", "Parquet", "parquet"],
  ["data", "arrow", "Arrow", "arrow"],
  ["data", "votable", "VOTable", "vot"],
  ["data", "ecsv", "ECSV", "ecsv"],
  ["data", "fits", "FITS", "fits"],
  ["plot", "png", "Picture (PNG)", "png"],
  ["plot", "svg", "Picture (SVG)", "svg"],
];

/** `current()` gives {series, view}: the open series and how it is seen. */
export function startDownloads(current) {
  const buttons = FORMATS.map((format) => {
    const button = h("button", { type: "button", "data-format": format[1] }, format[2]);
    button.addEventListener("click", () => download(button, format, current()));
    return button;
  });
  byId("download-buttons").replaceChildren(...buttons);
}

async function download(button, [what, format, label, ending], { series, view }) {
  const message = byId("download-message");
  const seen = what === "plot" ? look(view) : part(view);
  say(message, null);
  button.disabled = true;
  try {
    const { blob, name } = await getFile(series.id, what, { format, ...seen });
    saveBlob(blob, name ?? `series_${series.id}.${ending}`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say(message, `${label}: ${error.message}`);
  } finally {
    button.disabled = false;
  }
}

/** The stretch of data that is asked for: all of it, or what is in view. */
function part({ x, period }) {
  const limited = byId("download-view").checked && x && !period;
  return limited ? { mjdMin: x[0], mjdMax: x[1] } : {};
}

/** A picture is drawn in the unit and with the folding that is seen. */
function look({ unit, period, epoch }) {
  const folding = period ? { fold: period, ...(epoch === null ? {} : { epoch }) } : {};
  return { y: unit, ...folding };
}
