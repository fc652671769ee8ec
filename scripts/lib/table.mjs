// Rows of text in aligned columns.
export function table(rows) {
  const widths = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const markdownRow = (cells) => `| ${cells.join(' | ')} |`;

// The same in Markdown, whose columns its formatter aligns. The first row is the head.
export const markdownTable = ([head, ...rows]) =>
  [head, head.map(() => '---'), ...rows].map(markdownRow).join('\n');
