// Making elements. Text goes in as text, never as markup.

/** An element with attributes, listeners (onclick: function) and children (elements or texts). */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else element.setAttribute(name, value === true ? "" : value);
}

export function byId(id) {
  return document.getElementById(id);
}

/** Show a message in `element`, or hide the element where there is none. */
export function say(element, text) {
  element.textContent = text ?? "";
  element.hidden = !text;
}

/**
 * What is said above a form whose fields are marked with `problems` ({name: texts}): the whole
 * `message` only where it is about more than the `names` of its fields.
 */
export function aboveForm(message, problems, names) {
  const found = Object.keys(problems);
  const allMarked = found.length > 0 && found.every((name) => names.includes(name));
  return allMarked ? "This was not accepted: see the marked fields." : message;
}

/** Hand `blob` to the person as a file. */
export function saveBlob(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
