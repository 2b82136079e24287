// The list of series: filters, table and pages, filled from one request.

import { ApiError, listSeries } from "./api.js";
import { aboveForm, byId, say } from "./dom.js";
import { FILTER_NAMES, queryOf } from "./filter-fields.js";
import { createFilters } from "./filters.js";
import { format, sameList } from "./link.js";
import { createTable } from "./table.js";
import { count, plural } from "./text.js";

/**
 * `onView(changes)` asks for another view, `onLoaded` follows each new list, and `onError` is told
 * what the page itself must handle.
 */
export function createList({ onView, onLoaded, onError }) {
  const filters = createFilters((chosen) => onView({ filters: chosen, page: 1 }));
  const table = createTable({
    onSort: (sortBy, sortOrder) => onView({ sortBy, sortOrder, page: 1 }),
    onOpen: (id) => onView({ series: id }),
    linkOf: (id) => format({ ...shown, series: id }),
  });
  let shown = null; // the view that was asked for last
  let answer = null;
  let request = null;
  startPaging((page) => onView({ page: shown.page + page }), (perPage) => onView({ perPage, page: 1 }));

  function show(view) {
    if (shown && sameList(shown, view)) return;
    shown = { ...view, series: null, x: null, y: null, period: null, epoch: null };
    filters.show(view.filters);
    load();
  }

  async function load() {
    request?.abort();
    const mine = (request = new AbortController());
    byId("list").setAttribute("aria-busy", "true");
    try {
      present(await listSeries(queryFor(shown), mine.signal));
    } catch (error) {
      if (error.name !== "AbortError") fail(error);
    } finally {
      if (mine === request) byId("list").removeAttribute("aria-busy");
    }
  }

  function present(found) {
    answer = found;
    say(byId("list-error"), null);
    table.show(found.series, shown);
    showPaging(found, shown);
    byId("list-table").hidden = found.series.length === 0;
    say(byId("list-empty"), found.series.length ? null : nothing(found, shown));
    onLoaded();
  }

  function fail(error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return onError(error);
    filters.showProblems(error.fields);
    say(byId("list-error"), aboveForm(error.message, error.fields, FILTER_NAMES));
    answer = null;
    byId("list-count").textContent = "";
    byId("paging").hidden = byId("list-table").hidden = true;
    say(byId("list-empty"), null);
  }

  function reload() {
    shown = null;
  }

  /** The id of the series `step` rows after the one with `id`, null where there is none here. */
  function neighbour(id, step) {
    const ids = (answer?.series ?? []).map((one) => one.id);
    const at = ids.indexOf(id);
    return at < 0 ? null : ids[at + step] ?? null;
  }

  return { show, reload, neighbour, focus: table.focus };
}

function queryFor({ filters, sortBy, sortOrder, page, perPage }) {
  return { ...queryOf(filters), sortBy, sortOrder, pageNumber: page, numPerPage: perPage };
}

function nothing({ totalMatches }, { filters }) {
  if (totalMatches) return "There is no such page; the list is shorter than that.";
  if (Object.keys(filters).length) return "No series match these filters.";
  return "There are no series yet. Upload one to begin.";
}

function startPaging(onStep, onPerPage) {
  byId("page-before").addEventListener("click", () => onStep(-1));
  byId("page-after").addEventListener("click", () => onStep(1));
  byId("per-page").addEventListener("change", (event) => onPerPage(Number(event.target.value)));
}

function showPaging({ totalMatches, series }, { page, perPage }) {
  const pages = Math.max(1, Math.ceil(totalMatches / perPage));
  const first = (page - 1) * perPage + 1;
  const span = `${count(first)}–${count(first + series.length - 1)} of `;
  const part = series.length && pages > 1 ? span : "";
  byId("list-count").textContent = `${part}${plural(totalMatches, "series", "series")}`;
  byId("page-number").textContent = `Page ${count(page)} of ${count(pages)}`;
  byId("page-before").disabled = page <= 1;
  byId("page-after").disabled = page >= pages;
  byId("per-page").value = String(perPage);
  byId("paging").hidden = totalMatches === 0;
}
