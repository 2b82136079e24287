// Talking to the server: the token goes in a header, errors come out as ApiError.

const PREFIX = document.querySelector('meta[name="api"]').content;
const SERIES = `${PREFIX}/photometric_series`;

let token = null;

export function setToken(value) {
  token = value;
}

/** `fields` maps a field or query argument to what the server says about it. */
export class ApiError extends Error {
  constructor(status, message, fields = {}) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

export function listSeries(query, signal) {
  return envelope(send(withQuery(SERIES, query), { signal }));
}

export function getSeries(id, signal) {
  return envelope(send(withQuery(`${SERIES}/${id}`, { dataFormat: "none" }), { signal }));
}

/** Part of a light curve: {columns: {name: list}, total, returned}. */
export async function getColumns(id, query, signal) {
  const url = withQuery(`${SERIES}/${id}/data`, { format: "json", ...query });
  const response = await send(url, { signal });
  const columns = await response.json();
  const returned = Object.values(columns)[0]?.length ?? 0;
  return { columns, returned, total: Number(response.headers.get("X-Total-Rows") ?? returned) };
}

/** A file made from a series; `what` is "data" or "plot". Gives {blob, name}. */
export async function getFile(id, what, query) {
  const response = await send(withQuery(`${SERIES}/${id}/${what}`, query), {});
  const disposition = response.headers.get("Content-Disposition") ?? "";
  const name = /filename="?([^";]+)"?/.exec(disposition)?.[1] ?? null;
  return { blob: await response.blob(), name };
}

export function postColumns(fields, columns, signal) {
  const body = JSON.stringify({ ...fields, data: columns });
  const headers = { "Content-Type": "application/json" };
  return envelope(send(SERIES, { method: "POST", body, headers, signal }));
}

export function postFile(fields, file, signal) {
  const body = new FormData();
  body.append("metadata", new Blob([JSON.stringify(fields)], { type: "application/json" }));
  body.append("data", file, file.name);
  return envelope(send(SERIES, { method: "POST", body, signal }));
}

function withQuery(url, query) {
  const text = new URLSearchParams(query).toString();
  return text ? `${url}?${text}` : url;
}

async function send(url, options) {
  const headers = { ...options.headers };
  if (token) headers.Authorization = `token ${token}`;
  const response = await reach(url, { ...options, headers });
  if (!response.ok) throw await errorOf(response);
  return response;
}

async function reach(url, options) {
  try {
    return await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError(0, "The server cannot be reached. Is it running, and are you online?");
  }
}

async function envelope(sent) {
  return (await (await sent).json()).data;
}

/** A proxy in between may answer with something other than the envelope. */
async function errorOf(response) {
  const text = await response.text();
  const body = parseJson(text);
  const message = body?.message ?? `The server answered ${response.status}.`;
  return new ApiError(response.status, message, body?.data?.errors ?? {});
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
