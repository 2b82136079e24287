// What the browser keeps: for this tab (session) or on this device (local).

const PREFIX = "skyportal-series.";

/** A browser may forbid storage altogether; then nothing is kept, and nothing fails. */
function allowed(action) {
  try {
    return action() ?? null;
  } catch (error) {
    if (error instanceof DOMException) return null;
    throw error;
  }
}

export function load(name) {
  return (
    allowed(() => sessionStorage.getItem(PREFIX + name)) ??
    allowed(() => localStorage.getItem(PREFIX + name))
  );
}

export function save(name, value, { onDevice }) {
  forget(name);
  allowed(() => (onDevice ? localStorage : sessionStorage).setItem(PREFIX + name, value));
}

export function forget(name) {
  allowed(() => sessionStorage.removeItem(PREFIX + name));
  allowed(() => localStorage.removeItem(PREFIX + name));
}
