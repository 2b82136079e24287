// Numbers and names as people read them. Pure.

const COUNT = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
export const NONE = "–";

export function count(value) {
  return COUNT.format(value);
}

/** A number with a fixed number of decimals; a dash for none. */
export function fixed(value, decimals) {
  return Number.isFinite(value) ? value.toFixed(decimals).replace("-", "−") : NONE;
}

/** A number with as many digits as matter, without an exponent where that is readable. */
export function short(value, digits = 6) {
  if (!Number.isFinite(value)) return NONE;
  const size = Math.abs(value);
  const plain = value === 0 || (size >= 1e-4 && size < 1e9);
  const text = plain ? String(Number(value.toPrecision(digits))) : value.toExponential(digits - 2);
  return text.replace("-", "−");
}

export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

export function bytes(size) {
  if (size < 1000) return plural(size, "byte");
  const units = ["kB", "MB", "GB"];
  const power = Math.min(Math.floor(Math.log10(size) / 3), units.length);
  return `${short(size / 1000 ** power, 3)} ${units[power - 1]}`;
}
