// Uploading: choose or drop a file, look at it, fill in the fields, send.

import { ApiError, postColumns, postFile } from "./api.js";
import { createChart } from "./chart.js";
import { aboveForm, byId, h, say } from "./dom.js";
import { chooseColumns, lightCurve, toPoints } from "./photometry.js";
import { padded } from "./ranges.js";
import { UPLOAD_FIELDS } from "./upload-fields.js";
import { readUpload } from "./upload-file.js";
import { createUploadForm } from "./upload-form.js";

const PREVIEW_POINTS = 5000;
const FIELD_NAMES = UPLOAD_FIELDS.map((field) => field.name);

/** `onUploaded(id)` is told of the new series. */
export function createUpload({ onUploaded }) {
  const dialog = byId("upload");
  const input = byId("upload-file");
  const form = createUploadForm();
  const preview = createChart(byId("upload-preview"), {});
  let chosen = null; // what readUpload gave
  let request = null;

  byId("upload-open").addEventListener("click", () => open());
  byId("upload-close").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => request?.abort());
  input.addEventListener("click", () => (input.value = "")); // the same file, mended, counts anew
  input.addEventListener("change", () => input.files[0] && take(input.files[0]));
  byId("upload-form").addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  acceptDrops((file) => {
    open();
    take(file);
  });

  function open() {
    if (!dialog.open) dialog.showModal();
  }

  async function take(file) {
    chosen = await readUpload(file);
    byId("upload-name").textContent = file.name;
    say(byId("upload-about"), chosen.about);
    say(byId("upload-error"), null);
    problems(chosen.problems);
    form.fill(chosen.fields);
    form.show(chosen.columns && Object.keys(chosen.columns));
    byId("upload-rest").hidden = false;
    drawPreview();
  }

  function problems(texts) {
    byId("upload-problems").replaceChildren(...texts.map((text) => h("li", {}, text)));
  }

  function drawPreview() {
    const columns = chosen.problems.length ? null : chosen.columns;
    byId("upload-preview").hidden = !columns;
    if (!columns) return preview.destroy();
    const names = chooseColumns(Object.keys(columns));
    const points = toPoints(lightCurve(thinned(columns), names), names.native);
    const x = padded([points.x[0] ?? 0, points.x.at(-1) ?? 1], 0.03);
    preview.draw({ points, xKind: "mjd", unit: names.native, x, y: null });
  }

  async function send() {
    const fields = form.read();
    if (!chosen) return say(byId("upload-error"), "Choose a file first.");
    if (chosen.problems.length)
      return say(byId("upload-error"), "The file cannot be sent as it is: see above.");
    if (!fields) return say(byId("upload-error"), "Nothing was sent: see the marked fields.");
    say(byId("upload-error"), null);
    request = new AbortController();
    busy(true);
    try {
      uploaded(await post(fields, request.signal));
    } catch (error) {
      if (error.name !== "AbortError") refused(error);
    } finally {
      busy(false);
    }
  }

  function post(fields, signal) {
    if (chosen.kind === "hdf5") return postFile(fields, chosen.file, signal);
    return postColumns(fields, chosen.columns, signal);
  }

  function uploaded({ id }) {
    chosen = null;
    input.value = "";
    form.clear();
    byId("upload-rest").hidden = true;
    byId("upload-name").textContent = "";
    dialog.close();
    onUploaded(id);
  }

  /** Even 401 only says that this token may not upload; it may well read. */
  function refused(error) {
    if (!(error instanceof ApiError)) throw error;
    form.showProblems(error.fields);
    say(byId("upload-error"), aboveForm(error.message, error.fields, FIELD_NAMES));
  }

  return { recolour: preview.recolour };
}

function busy(isBusy) {
  byId("upload-send").disabled = isBusy;
  byId("upload-send").textContent = isBusy ? "Sending…" : "Upload";
}

/** Every n-th row, so that a long file shows at once. */
function thinned(columns) {
  const rows = Math.max(0, ...Object.values(columns).map((list) => list.length));
  const step = Math.ceil(rows / PREVIEW_POINTS) || 1;
  const every = (list) => list.filter((_, i) => i % step === 0);
  return Object.fromEntries(Object.entries(columns).map(([name, list]) => [name, every(list)]));
}

/** A file dropped anywhere on the page. */
function acceptDrops(onFile) {
  const hasFile = (event) => event.dataTransfer?.types.includes("Files");
  const ready = () => document.body.classList.contains("signed-in");
  document.addEventListener("dragover", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    document.body.classList.toggle("dropping", ready());
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dropping");
  });
  document.addEventListener("drop", (event) => {
    if (!hasFile(event)) return;
    event.preventDefault();
    document.body.classList.remove("dropping");
    if (ready() && event.dataTransfer.files[0]) onFile(event.dataTransfer.files[0]);
  });
}
