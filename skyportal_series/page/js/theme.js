// Light or dark, before the first paint: as chosen here before, otherwise as the system says.
// A classic script, because modules only run after the page is parsed.
{
  let saved = null;
  try {
    saved = localStorage.getItem("skyportal-series.theme");
  } catch {
    // The browser forbids storage; the system's choice holds.
  }
  if (saved === "light" || saved === "dark") document.documentElement.dataset.theme = saved;
}
