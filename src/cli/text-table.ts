import { colour } from './colour.ts'

export function textTable(titles: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const lines = [titles, ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? grouped(cell) : cell)))]
  const widths = titles.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)))
  const right = titles.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'))
  const laid = lines.map((line) =>
    line
      .map((cell, column) => {
        const width = widths[column] ?? 0
        return right[column] === true ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
  const [head = '', ...body] = laid
  return `${[colour('bold', head), ...body].join('\n')}\n`
}

/** Replaces line breaks and control characters of external text, so that a terminal does not act on them. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\s]+/gu, ' ').trim()
}

function grouped(value: number) {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 })
}
