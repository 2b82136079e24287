// The controls for folding: on or off, the period by number, slider and steps, the epoch.

import { byId } from "./dom.js";
import { finePeriod, periodLimits, periodText, periodToSlider, sliderToPeriod } from "./fold.js";
import { short } from "./text.js";

const SLIDER_STEPS = 10000;

/** `onChange({period, epoch})` asks for another folding; a period of null unfolds. */
export function createFoldPanel(onChange) {
  const on = byId("fold-on");
  const period = byId("period");
  const slider = byId("period-slider");
  const epoch = byId("epoch");
  let series = { span: 1, count: 2, first: 0 };
  let last = null; // the period that folding goes back to

  const limits = () => periodLimits(series.span, series.count);
  const ask = (value) => value > 0 && Number.isFinite(value) && onChange({ period: value });
  const step = (change) => ask(change(Number(period.value) || usual()));
  const usual = () => last ?? sliderToPeriod(0.5, limits());

  on.addEventListener("change", () => onChange({ period: on.checked ? usual() : null }));
  period.addEventListener("change", () => ask(Number(period.value)));
  slider.addEventListener("input", () =>
    ask(Number(periodText(sliderToPeriod(slider.value / SLIDER_STEPS, limits()), series.span))),
  );
  epoch.addEventListener("change", () => onChange({ epoch: epochOf(epoch.value) }));
  byId("period-half").addEventListener("click", () => step((value) => value / 2));
  byId("period-double").addEventListener("click", () => step((value) => value * 2));
  byId("period-shorter").addEventListener("click", () =>
    step((value) => finePeriod(value, series.span, -1)),
  );
  byId("period-longer").addEventListener("click", () =>
    step((value) => finePeriod(value, series.span, 1)),
  );

  /** Show `view` ({period, epoch}) for a series of {span (days), count, first (MJD)}. */
  function show(view, about) {
    series = about;
    last = view.period ?? last;
    on.checked = view.period !== null;
    const shown = view.period ?? usual();
    if (Number(period.value) !== shown) period.value = periodText(shown, series.span);
    slider.value = SLIDER_STEPS * periodToSlider(shown, limits());
    slider.setAttribute("aria-valuetext", `${short(shown)} days`);
    epoch.value = view.epoch ?? "";
    epoch.placeholder = short(series.first, 10);
  }

  return { show, reset: () => (last = null) };
}

function epochOf(text) {
  const value = Number(text);
  return text.trim() && Number.isFinite(value) ? value : null;
}
