// The fields of an upload on the page: drawn from their table, read, and marked where wrong.

import { byId, h, say } from "./dom.js";
import { UPLOAD_FIELDS, readFields } from "./upload-fields.js";

export function createUploadForm() {
  const form = byId("upload-form");
  let columns = null; // names of the data's columns; null where the server reads them
  const needed = UPLOAD_FIELDS.filter((field) => !field.optional);
  const optional = UPLOAD_FIELDS.filter((field) => field.optional);
  byId("upload-needed").replaceChildren(...needed.map(fieldOf));
  byId("upload-optional").replaceChildren(...optional.map(fieldOf));

  function texts() {
    return Object.fromEntries(UPLOAD_FIELDS.map(({ name }) => [name, form.elements[name].value]));
  }

  /** For data with these columns, say what need not be filled in. */
  function show(columnNames) {
    columns = columnNames;
    for (const field of needed) {
      const source = field.columns?.find((name) => columns?.includes(name));
      const inFile = columns === null && field.required ? "or in the file" : null;
      const hint = source ? `from column ${source}` : inFile ?? field.hint ?? "";
      form.elements[field.name].placeholder = hint;
    }
    showProblems({});
  }

  /** The values to send, or null after marking what is wrong. */
  function read() {
    const { values, problems } = readFields(texts(), columns);
    showProblems(problems);
    const [first] = Object.keys(problems);
    if (first) form.elements[first].focus();
    return first ? null : values;
  }

  /** Problems by field name; a name without a field of its own is shown with the message. */
  function showProblems(problems) {
    for (const { name, optional: isOptional } of UPLOAD_FIELDS) {
      const text = (problems[name] ?? []).join(" ");
      say(byId(`upload-${name}-problem`), text);
      form.elements[name].setAttribute("aria-invalid", String(Boolean(text)));
      if (text && isOptional) byId("upload-more").open = true;
    }
  }

  function fill(fields) {
    for (const { name, kind } of UPLOAD_FIELDS) {
      const value = fields[name];
      if (value === undefined || value === null) continue;
      form.elements[name].value = kind === "json" ? JSON.stringify(value) : String(value);
    }
  }

  function clear() {
    form.reset();
    showProblems({});
  }

  return { show, read, fill, clear, showProblems };
}

function fieldOf(field) {
  const id = `upload-${field.name}`;
  const star = field.required ? h("span", { class: "needed", "aria-hidden": "true" }, " *") : null;
  return h("div", { class: field.kind === "json" ? "field wide" : "field" },
    h("label", { for: id }, field.label, star),
    inputOf(field, id),
    h("p", { class: "problem", id: `${id}-problem`, hidden: true }),
  );
}

function inputOf({ name, kind, hint, choices }, id) {
  const common = { id, name, "aria-describedby": `${id}-problem` };
  if (choices)
    return h("select", common, ...choices.map(([value, text]) => h("option", { value }, text)));
  if (kind === "json") return h("textarea", { ...common, rows: 2, spellcheck: "false" });
  const mode = kind === "number" || kind === "whole" ? "decimal" : "text";
  return h("input", { ...common, type: "text", inputmode: mode, placeholder: hint ?? "",
    autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
}
