// The page: one view, kept in the location hash, shown by the list and the open series.

import { byId } from "./dom.js";
import { DEFAULTS, format, parse } from "./link.js";
import { createList } from "./list.js";
import { createSeriesView } from "./series-view.js";
import { resume, signOut, startSignIn } from "./session.js";
import { startThemeButton } from "./theme-button.js";
import { createUpload } from "./upload.js";

const CLOSED = { series: null, x: null, y: null, period: null, epoch: null };
const REST = 250; // milliseconds; browsers limit how often the address may change

let view = parse(location.hash);
let writing = null; // the timer before the address follows the view
let signedIn = resume();

const list = createList({ onView: go, onLoaded: showNeighbours, onError: expelled });
const series = createSeriesView({ onView: adjust, onError: expelled });
const upload = createUpload({ onUploaded: uploaded });

/** Another page of history: what the back button returns from. */
function go(changes) {
  if (changes.series) changes = { ...CLOSED, ...changes };
  view = { ...view, ...changes };
  clearTimeout(writing);
  history.pushState(null, "", format(view));
  render();
}

/** The same page seen otherwise: the address follows, the history does not grow. */
function adjust(changes) {
  view = { ...view, ...changes };
  clearTimeout(writing);
  writing = setTimeout(() => history.replaceState(null, "", format(view)), REST);
  render();
}

function follow() {
  clearTimeout(writing);
  view = parse(location.hash);
  render();
}

function render() {
  document.body.classList.toggle("signed-in", signedIn);
  byId("sign-in").hidden = signedIn;
  byId("list").hidden = !signedIn || view.series !== null;
  byId("series").hidden = !signedIn || view.series === null;
  if (!signedIn) return;
  list.show(view);
  if (view.series === null) return leave();
  series.show(view);
  showNeighbours();
  document.title = `Series ${view.series} · Photometric series`;
}

function showNeighbours() {
  for (const [id, step] of [["series-before", -1], ["series-after", 1]])
    byId(id).disabled = list.neighbour(view.series, step) === null;
}

let left = null; // the series that was open last, whose row gets the focus back

function leave() {
  document.title = "Photometric series";
  series.close();
  if (left !== null) list.focus(left);
  left = null;
}

function expelled(error) {
  signedIn = false;
  signOut(error ? `Please sign in again. (${error.message})` : null);
  byId("upload").close();
  series.close();
  list.reload();
  render();
  byId("token").focus();
}

function uploaded(id) {
  list.reload();
  go({ series: id });
}

function closeSeries() {
  left = view.series;
  go(CLOSED);
}

function onKey(event) {
  const typing = event.target.matches("input, select, textarea");
  if (event.key === "Escape" && !typing) closeSeries();
}

startSignIn(() => {
  signedIn = true;
  render();
});
startThemeButton(() => {
  series.recolour();
  upload.recolour();
});
byId("sign-out").addEventListener("click", () => expelled(null));
byId("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the hash is the view's
  byId("main-content").focus();
});
byId("home").addEventListener("click", (event) => {
  event.preventDefault();
  go({ ...DEFAULTS });
});
byId("series-close").addEventListener("click", closeSeries);
byId("series").addEventListener("keydown", onKey);
byId("series-before").addEventListener("click", () => go({ series: list.neighbour(view.series, -1) }));
byId("series-after").addEventListener("click", () => go({ series: list.neighbour(view.series, 1) }));
addEventListener("popstate", follow);
addEventListener("hashchange", follow);
render();
