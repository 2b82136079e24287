// One row per filter: its query argument, what it is called, and how what is typed is sent. Pure.

import { decDegrees, raDegrees, radiusDegrees } from "./angles.js";
import { toIsoDate } from "./dates.js";

const YES_NO = [["", "Any"], ["true", "Yes"], ["false", "No"]];
const number = { numeric: true };
const date = { hint: "UTC date or MJD", send: toIsoDate };

export const FILTER_GROUPS = [
  {
    title: null,
    fields: [
      { name: "objectID", label: "Object", hint: "any part of it" },
      { name: "seriesName", label: "Series" },
      { name: "seriesObjID", label: "Object in series" },
      { name: "filter", label: "Filter", hint: "e.g. ztfg" },
      { name: "instrumentID", label: "Instrument ID", ...number },
      { name: "detected", label: "Detected", choices: YES_NO },
    ],
  },
  {
    title: "Brightness",
    fields: [
      { name: "magBrighterThan", label: "Mean mag at most", ...number },
      { name: "magFainterThan", label: "Mean mag at least", ...number },
      { name: "minRMS", label: "RMS at least", ...number },
      { name: "maxRMS", label: "RMS at most", ...number },
      { name: "minMedianSNR", label: "Median S/N at least", ...number },
      { name: "minBestSNR", label: "Best S/N at least", ...number },
    ],
  },
  {
    title: "Sampling",
    fields: [
      { name: "minNumExposures", label: "Points at least", ...number },
      { name: "maxNumExposures", label: "Points at most", ...number },
      { name: "minExpTime", label: "Exposure at least (s)", ...number },
      { name: "maxExpTime", label: "Exposure at most (s)", ...number },
      { name: "startAfter", label: "Starts after", ...date },
      { name: "endBefore", label: "Ends before", ...date },
    ],
  },
  {
    title: "Position",
    fields: [
      { name: "ra", label: "RA", hint: "deg or h:m:s", send: raDegrees },
      { name: "dec", label: "Dec", hint: "deg or d:m:s", send: decDegrees },
      { name: "radius", label: "Radius", hint: "deg, or 5\", 2'", send: radiusDegrees },
    ],
  },
  {
    title: "Origin",
    fields: [
      { name: "channel", label: "Channel" },
      { name: "origin", label: "Origin" },
      { name: "ownerID", label: "Owner ID", ...number },
    ],
  },
];

export const FILTER_FIELDS = FILTER_GROUPS.flatMap((group) => group.fields);
export const FILTER_NAMES = FILTER_FIELDS.map((field) => field.name);

/** Filters as typed ({name: text}) → as the server takes them. */
export function queryOf(filters) {
  const query = {};
  for (const { name, send } of FILTER_FIELDS) {
    if (filters[name]) query[name] = send ? send(filters[name]) : filters[name].trim();
  }
  return query;
}
