// Angles as people type them → degrees as the server takes them. Pure.

const UNITS = [
  [/^([\d.]+)\s*(?:"|″|''|arcsec|as)$/i, 3600],
  [/^([\d.]+)\s*(?:'|′|arcmin|am)$/i, 60],
  [/^([\d.]+)\s*(?:°|deg)$/i, 1],
];

/** "5 arcsec", "2'" or "0.1" → degrees as text; what is not understood is left to the server. */
export function radiusDegrees(text) {
  for (const [pattern, perDegree] of UNITS) {
    const match = pattern.exec(text.trim());
    if (match) return String(Number(match[1]) / perDegree);
  }
  return text.trim();
}

/** "05:34:31.9" or "05h34m31.9s" → degrees as text, the hours counting 15 degrees each. */
export function raDegrees(text) {
  return sexagesimal(text, 15);
}

export function decDegrees(text) {
  return sexagesimal(text, 1);
}

function sexagesimal(text, degreesEach) {
  const match = /^([+-]?)(\d+)[:hd°\s]\s*(\d+)(?:[:m'′\s]\s*([\d.]+)[s"″]?)?$/i.exec(text.trim());
  if (!match) return text.trim();
  const [, sign, whole, minutes, seconds = 0] = match;
  const size = Number(whole) + Number(minutes) / 60 + Number(seconds) / 3600;
  return String(Number(((sign === "-" ? -size : size) * degreesEach).toFixed(8)));
}
