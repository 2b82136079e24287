// One series: its light curve, what is known about it, and its files.

import { ApiError, getColumns, getSeries } from "./api.js";
import { showDetails } from "./details.js";
import { byId, h, say } from "./dom.js";
import { startDownloads } from "./downloads.js";
import { chooseColumns } from "./photometry.js";
import { createPlotView } from "./plot-view.js";
import { createSource } from "./source.js";
import { count } from "./text.js";

/** `onView` asks for a change of the view; `onError` is told what the page itself must handle. */
export function createSeriesView({ onView, onError }) {
  const plot = createPlotView({ onView, onError: fail });
  let series = null;
  let opened = null; // the id that is open or on its way
  let view = null;
  startDownloads(() => ({ series, view }));

  function show(newView) {
    view = newView;
    if (view.series !== opened) open(view.series);
    else if (series) plot.show(view);
  }

  async function open(id) {
    close();
    opened = id;
    byId("series-title").textContent = `Series ${id}`;
    byId("series").setAttribute("aria-busy", "true");
    try {
      const answer = await getSeries(id);
      if (id === opened) present(answer);
    } catch (error) {
      if (id === opened) fail(error);
    } finally {
      if (id === opened) byId("series").removeAttribute("aria-busy");
    }
  }

  function present(answer) {
    series = answer;
    byId("series-title").textContent = series.obj_id;
    byId("series-subtitle").replaceChildren(...subtitle(series).map((part) => h("span", {}, part)));
    byId("series-body").hidden = false;
    showDetails(byId("details"), series);
    focusPlot();
    const chosen = chooseColumns(Object.keys(series.medians ?? {}));
    if (!chosen) return plot.fail("This series has no numbers to draw.");
    plot.open(createSource(chosen, (query, signal) => getColumns(series.id, query, signal)));
    plot.show(view);
  }

  function fail(error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) return onError(error);
    say(byId("series-error"), error.message);
  }

  function close() {
    plot.close();
    series = opened = null;
    say(byId("series-error"), null);
    say(byId("download-message"), null);
    byId("series-subtitle").replaceChildren();
    byId("plot-status").textContent = "Loading the points…";
    byId("series-body").hidden = true;
  }

  return { show, close, recolour: plot.recolour };
}

/** For the keys to work at once; not for a page just loaded, nor for who walks by the buttons. */
function focusPlot() {
  const elsewhere = byId("series").contains(document.activeElement);
  if (navigator.userActivation.hasBeenActive && !elsewhere) byId("plot").focus({ preventScroll: true });
}

function subtitle(series) {
  return [
    series.filter,
    series.series_name,
    series.series_obj_id,
    `instrument ${series.instrument_id}`,
    `${count(series.num_exp)} points`,
  ];
}
