// The button that switches between light and dark.

import { byId } from "./dom.js";
import { save } from "./storage.js";

const system = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : system.matches;
}

/** `onChange` is called whenever the colours have changed, by hand or by the system. */
export function startThemeButton(onChange) {
  const button = byId("theme");
  const show = () => {
    button.textContent = isDark() ? "Light" : "Dark";
  };
  const changed = () => {
    show();
    onChange();
  };
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    save("theme", theme, { onDevice: true });
    changed();
  });
  system.addEventListener("change", changed);
  show();
}
