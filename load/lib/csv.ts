/** A row of a CSV file, and the line it begins at, from 1. */
export interface CsvRow {
  readonly fields: readonly string[];
  readonly line: number;
}

/** The text is no CSV from that line on. */
export class CsvError extends Error {
  constructor(
    message: string,
    readonly line: number,
  ) {
    super(message);
  }
}

/**
 * Reads CSV as RFC 4180 has it: fields between quotes may contain the delimiter, line breaks, and quotes written twice.
 * Empty lines are left out.
 *
 * @throws {@link CsvError}
 */
export function* readCsv(text: string, delimiter: string): Generator<CsvRow> {
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;
  while (at < text.length) {
    const fields: string[] = [];
    const begun = line;
    for (let isMore = true; isMore;) {
      const isQuoted = text[at] === '"';
      const end = isQuoted ? closingQuote(text, at, line) : endOfField(text, at, delimiter);
      const field = text.slice(isQuoted ? at + 1 : at, end);
      fields.push(isQuoted ? field.replaceAll('""', '"') : field);
      line += isQuoted ? countLines(field) : 0;
      at = isQuoted ? end + 1 : end;
      if (!isQuoted && field.includes('"')) {
        throw new CsvError('A quote within a field that does not begin with one', line);
      }
      isMore = text[at] === delimiter;
      if (isMore) at++;
    }
    const [all = ''] = /^\r?\n/.exec(text.slice(at, at + 2)) ?? [];
    if (all === '' && at < text.length) {
      throw new CsvError(
        'A closing quote is followed by neither a delimiter nor a line break',
        line,
      );
    }
    at += all.length;
    line++;
    if (fields.length > 1 || fields[0] !== '') yield { fields, line: begun };
  }
}

function closingQuote(text: string, from: number, line: number): number {
  let at = text.indexOf('"', from + 1);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  if (at < 0) throw new CsvError('A quote that is not closed', line);
  return at;
}

function endOfField(text: string, from: number, delimiter: string): number {
  let at = from;
  while (at < text.length && text[at] !== delimiter && text[at] !== '\n') at++;
  return text[at] === '\n' && text[at - 1] === '\r' && at > from ? at - 1 : at;
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
