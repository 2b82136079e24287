// Delimited text → columns. Pure.

const SEPARATORS = [",", "\t", ";", "|"];
const MISSING = new Set(["", "nan", "null", "none", "na", "n/a", "inf", "-inf", "+inf", "--"]);
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const REPORTED = 5; // uneven rows are named one by one up to here

/**
 * Text with one header line, separated by comma, tab, semicolon or bar; lines that begin with #
 * are comments. Gives {columns: {name: list}, rows, problems: [text]}: columns of numbers hold
 * numbers and nulls, all others texts and nulls.
 */
export function parseCsv(text) {
  const lines = contentLines(text);
  if (lines.length === 0) return { columns: {}, rows: 0, problems: ["The file is empty."] };
  const separator = guessSeparator(lines[0].text);
  const header = split(lines[0].text, separator).map((name) => name.trim());
  const body = lines.slice(1).map((line) => ({ ...line, cells: split(line.text, separator) }));
  const problems = [...headerProblems(header), ...unevenRows(body, header.length)];
  const columns = {};
  header.forEach((name, i) => {
    columns[name] = typed(body.map((line) => (line.cells[i] ?? "").trim()));
  });
  return { columns, rows: body.length, problems };
}

function contentLines(text) {
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r\n|\n|\r/)
    .map((line, i) => ({ text: line, number: i + 1 }))
    .filter((line) => line.text.trim() !== "" && !line.text.startsWith("#"));
}

function guessSeparator(header) {
  const counts = SEPARATORS.map((separator) => split(header, separator).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))];
}

function split(line, separator) {
  return line.includes('"') ? splitQuoted(line, separator) : line.split(separator);
}

function splitQuoted(line, separator) {
  const cells = [""];
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const isQuote = line[i] === '"';
    if (isQuote && quoted && line[i + 1] === '"') cells[cells.length - 1] += line[i++];
    else if (isQuote) quoted = !quoted;
    else if (line[i] === separator && !quoted) cells.push("");
    else cells[cells.length - 1] += line[i];
  }
  return cells;
}

function headerProblems(header) {
  const problems = [];
  const repeated = header.filter((name, i) => name && header.indexOf(name) !== i);
  if (repeated.length) problems.push(`Columns appear more than once: ${repeated.join(", ")}.`);
  if (header.includes("")) problems.push("A column has no name in the header line.");
  if (header.every((name) => NUMBER.test(name)))
    problems.push("The first line holds numbers; it should name the columns.");
  return problems;
}

function unevenRows(body, width) {
  const uneven = body.filter((line) => line.cells.length !== width);
  const problems = uneven.slice(0, REPORTED).map(
    (line) => `Line ${line.number} has ${line.cells.length} values; the header has ${width}.`,
  );
  const rest = uneven.length - problems.length;
  if (rest > 0) problems.push(`So have ${rest} more lines another number of values.`);
  return problems;
}

function typed(cells) {
  const values = cells.map((cell) => (MISSING.has(cell.toLowerCase()) ? null : cell));
  return values.every((value) => value === null || isNumber(value))
    ? values.map((value) => (value === null ? null : Number(value)))
    : values;
}

/** Identifiers too long for a float (19 digits, say) stay text, so that no digit is lost. */
function isNumber(text) {
  if (!NUMBER.test(text)) return false;
  const value = Number(text);
  const isExact = !Number.isInteger(value) || Number.isSafeInteger(value) || /[.e]/i.test(text);
  return Number.isFinite(value) && isExact;
}
