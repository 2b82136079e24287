// Modified Julian Dates (UTC) ↔ calendar dates, and ticks on round dates. Pure.

const DAY = 86_400_000; // milliseconds
const UNIX_EPOCH = 40587; // as an MJD

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR),
  ...[1, 2, 5, 10].map((n) => n * DAY),
];
const MONTH_STEPS = [1, 2, 3, 4, 6, 12, 24, 60, 120, 240, 600, 1200];

export function mjdToDate(mjd) {
  return new Date(Math.round((mjd - UNIX_EPOCH) * DAY));
}

export function dateToMjd(date) {
  return date.getTime() / DAY + UNIX_EPOCH;
}

/** "2018-08-23 14:35:12", or "" for what is not a date. */
export function dateText(mjd) {
  const date = mjdToDate(mjd);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString().slice(0, 19).replace("T", " ");
}

/** What someone typed as a date: an MJD becomes ISO 8601, anything else is left to the server. */
export function toIsoDate(text) {
  const trimmed = text.trim();
  if (!/^\d{5,6}(\.\d+)?$/.test(trimmed)) return trimmed;
  return mjdToDate(Number(trimmed)).toISOString().replace("Z", "");
}

/** At most about `count` round dates between two MJDs: {ticks: MJDs, labels: texts}. */
export function dateTicks(min, max, count) {
  const [from, to] = [mjdToDate(min).getTime(), mjdToDate(max).getTime()];
  if (!(to > from)) return { ticks: [], labels: [] };
  const wanted = (to - from) / Math.max(count, 1);
  const step = STEPS.find((size) => size >= wanted);
  const times = step ? stepTicks(from, to, step) : monthTicks(from, to, wanted);
  return {
    ticks: times.map((time) => time / DAY + UNIX_EPOCH),
    labels: times.map((time) => label(time, step)),
  };
}

function stepTicks(from, to, step) {
  const times = [];
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) times.push(time);
  return times;
}

function monthTicks(from, to, wanted) {
  const step = MONTH_STEPS.find((months) => months * 30.4 * DAY >= wanted) ?? MONTH_STEPS.at(-1);
  const start = new Date(from);
  const first = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / step) * step;
  const times = [];
  for (let month = first; monthStart(month) <= to; month += step) times.push(monthStart(month));
  return times.filter((time) => time >= from);
}

/** Start of a month counted from the year 0; Date.UTC alone takes years below 100 as 19xx. */
function monthStart(month) {
  const date = new Date(0);
  date.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
  return date.getTime();
}

function label(time, step) {
  const text = new Date(time).toISOString();
  if (!step) return text.slice(0, 7);
  if (step < SECOND) return text.slice(11, 23);
  if (step < MINUTE) return text.slice(11, 19);
  if (step < DAY) return text.slice(5, 16).replace("T", " ");
  return text.slice(0, 10);
}
