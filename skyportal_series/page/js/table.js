// The rows of the list: sorted by their headers, walked with the arrow keys, opened with Enter.

import { dateText } from "./dates.js";
import { byId, h } from "./dom.js";
import { NONE, count, fixed, short } from "./text.js";

const COLUMNS = [
  { key: "obj_id", label: "Object", read: (s) => s.obj_id },
  { key: "series_name", label: "Series", read: (s) => s.series_name, level: "second" },
  { key: "series_obj_id", label: "In series", read: (s) => s.series_obj_id, level: "third" },
  { key: "filter", label: "Filter", read: (s) => s.filter },
  { key: "instrument_id", label: "Instr.", read: (s) => s.instrument_id, level: "third", number: true },
  { key: "mjd_first", label: "Start (UTC)", read: start, level: "second", number: true },
  { key: "num_exp", label: "Points", read: (s) => count(s.num_exp), number: true },
  { key: "mean_mag", label: "Mag", read: (s) => fixed(s.mean_mag, 2), number: true },
  { key: "rms_mag", label: "RMS", read: (s) => fixed(s.rms_mag, 3), level: "second", number: true },
  { key: "median_snr", label: "S/N", read: (s) => short(s.median_snr, 3), level: "third", number: true },
  { key: "is_detected", label: "Detected", read: (s) => (s.is_detected ? "yes" : "no"), level: "second" },
];

function start({ mjd_first: mjd }) {
  return dateText(mjd ?? NaN).slice(0, 16) || NONE;
}

/** `onSort(sortBy, sortOrder)` and `onOpen(id)` are asked for; `linkOf(id)` gives a series' link. */
export function createTable({ onSort, onOpen, linkOf }) {
  const head = byId("list-head");
  const body = byId("list-body");
  const headers = COLUMNS.map((column) => header(column, onSort));
  head.replaceChildren(...headers);
  body.addEventListener("click", (event) => opened(event, onOpen));
  body.addEventListener("keydown", (event) => walk(event, onOpen));

  function show(series, { sortBy, sortOrder }) {
    const order = sortOrder === "desc" ? "descending" : "ascending";
    headers.forEach((th) => {
      if (th.dataset.key === sortBy) th.setAttribute("aria-sort", order);
      else th.removeAttribute("aria-sort");
    });
    body.replaceChildren(...series.map((one, i) => row(one, i === 0, linkOf(one.id))));
  }

  function focus(id) {
    const found = body.querySelector(`tr[data-id="${Number(id)}"]`) ?? body.firstElementChild;
    if (found) focusRow(found);
  }

  return { show, focus };
}

function classOf({ level, number }) {
  return [level, number ? "number" : null].filter(Boolean).join(" ") || null;
}

function header(column, onSort) {
  const th = h("th", { scope: "col", class: classOf(column), "data-key": column.key },
    h("button", { type: "button" }, column.label));
  th.addEventListener("click", () => {
    const again = th.getAttribute("aria-sort") === "ascending";
    onSort(column.key, again ? "desc" : "asc");
  });
  return th;
}

function row(series, isFirst, link) {
  const cells = COLUMNS.map((column, i) => {
    const text = String(column.read(series) ?? NONE);
    if (i > 0) return h("td", { class: classOf(column) }, text);
    return h("th", { scope: "row" }, h("a", { href: link, tabindex: -1 }, text));
  });
  return h("tr", { tabindex: isFirst ? 0 : -1, "data-id": series.id }, ...cells);
}

/** A plain click opens here; with a modifier key the link does what the browser does. */
function opened(event, onOpen) {
  const found = event.target.closest("tr");
  if (!found || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (String(getSelection())) return; // someone is copying a name
  event.preventDefault();
  focusRow(found);
  onOpen(Number(found.dataset.id));
}

function walk(event, onOpen) {
  const here = event.target.closest("tr");
  const { parentElement: all } = here;
  const to = {
    ArrowDown: here.nextElementSibling,
    ArrowUp: here.previousElementSibling,
    Home: all.firstElementChild,
    End: all.lastElementChild,
  }[event.key];
  if (event.key === "Enter") onOpen(Number(here.dataset.id));
  else if (to) focusRow(to);
  else return;
  event.preventDefault();
}

/** One row at a time can be reached with the tab key: the one that had the focus last. */
function focusRow(row) {
  for (const other of row.parentElement.querySelectorAll('tr[tabindex="0"]')) other.tabIndex = -1;
  row.tabIndex = 0;
  row.focus();
}
