// The form of filters above the list, and the filters that are on.

import { byId, h, say } from "./dom.js";
import { FILTER_FIELDS, FILTER_GROUPS } from "./filter-fields.js";

/** `onFilter(filters)` asks for a list with these filters ({name: text}). */
export function createFilters(onFilter) {
  const form = byId("filters");
  const [main, ...more] = FILTER_GROUPS;
  byId("filters-main").replaceChildren(...main.fields.map(fieldOf));
  byId("filters-more").append(...more.map(groupOf));
  const toggle = byId("filters-toggle");
  toggle.addEventListener("click", () => unfold(byId("filters-more").hidden));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    onFilter(typed(form));
  });
  form.addEventListener("change", (event) => {
    if (event.target.tagName === "SELECT") onFilter(typed(form));
  });
  byId("filters-clear").addEventListener("click", () => onFilter({}));

  function unfold(isOpen) {
    byId("filters-more").hidden = !isOpen;
    toggle.setAttribute("aria-expanded", String(isOpen));
  }

  function show(filters) {
    for (const { name } of FILTER_FIELDS) form.elements[name].value = filters[name] ?? "";
    const hidden = more.flatMap((group) => group.fields).some(({ name }) => filters[name]);
    if (hidden) unfold(true);
    byId("filters-on").replaceChildren(...chips(filters, onFilter));
    byId("filters-clear").hidden = Object.keys(filters).length === 0;
    showProblems({});
  }

  /** What the server says about each query argument, beside its field. */
  function showProblems(fields) {
    for (const { name } of FILTER_FIELDS) {
      const problem = (fields[name] ?? []).join(" ");
      say(byId(`filter-${name}-problem`), problem);
      form.elements[name].setAttribute("aria-invalid", String(Boolean(problem)));
    }
  }

  return { show, showProblems };
}

function typed(form) {
  const filled = FILTER_FIELDS.map(({ name }) => [name, form.elements[name].value.trim()]);
  return Object.fromEntries(filled.filter(([, text]) => text));
}

function groupOf({ title, fields }) {
  return h("fieldset", {}, h("legend", {}, title), h("div", { class: "fields" }, ...fields.map(fieldOf)));
}

function fieldOf(field) {
  const id = `filter-${field.name}`;
  return h("div", { class: "field" },
    h("label", { for: id }, field.label),
    inputOf(field, id),
    h("p", { class: "problem", id: `${id}-problem`, hidden: true }),
  );
}

function inputOf({ name, hint, numeric, choices }, id) {
  const common = { id, name, "aria-describedby": `${id}-problem` };
  if (choices)
    return h("select", common, ...choices.map(([value, text]) => h("option", { value }, text)));
  const mode = numeric ? "decimal" : "text";
  return h("input", { ...common, type: "text", inputmode: mode, placeholder: hint,
    autocomplete: "off", autocapitalize: "off", spellcheck: "false" });
}

/** A button for each filter that is on, which takes it off. */
function chips(filters, onFilter) {
  return FILTER_FIELDS.filter(({ name }) => filters[name]).map(({ name, label }) => {
    const { [name]: value, ...others } = filters;
    return h("li", {},
      h("button", { type: "button", class: "chip", onclick: () => onFilter(others),
        "aria-label": `Remove the filter ${label} ${value}` },
      `${label}: ${value}`, h("span", { "aria-hidden": "true" }, " ×")));
  });
}
