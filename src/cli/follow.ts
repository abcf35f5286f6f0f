/** `--follow`: the rows of a list, oldest first, and then each new one until the process ends. */
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { csvLine, outputText, print, type OutputFormat, type Row } from './output.ts'
import { isVertical, showsHeaders } from './text-table.ts'
import { VerticalBlocks } from './vertical.ts'

type Page = Readonly<{ rows: readonly Row[]; columns: readonly string[] }>

/** `from` reaches back beyond the rows that the store commits late. */
export type PageOf = (span: Readonly<{ from: string; limit: string }>) => Promise<Page>

type Flags = Readonly<{ output: OutputFormat; from: string; limit: string }>

const blocks = new VerticalBlocks()

const everyMs = 1000
const later = { from: 'now-1m', limit: '1000' }

export async function follow(
  flags: Flags,
  pageOf: PageOf,
  tableOf: (rows: readonly Row[], columns: readonly string[]) => string,
): Promise<void> {
  // Rows before those of the first page are not new.
  let known = countsOf(await pageOf(later))
  let page = await pageOf(flags)
  let isFirst = true
  let hasHead = false
  for (;;) {
    const counts = new Map<string, number>()
    const fresh: Row[] = []
    for (const row of page.rows) {
      const key = JSON.stringify(row)
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      if (isFirst || count > (known.get(key) ?? 0)) fresh.push(row)
    }
    if (!isFirst && fresh.length === Number(later.limit))
      self.stderr('weir: more rows arrive than are shown; a filter selects fewer\n')
    if (fresh.length > 0) {
      await print(await textOf(flags.output, fresh.toReversed(), page.columns, hasHead, tableOf))
      hasHead = true
    }
    isFirst = false
    for (const [key, count] of counts) known.set(key, Math.max(count, known.get(key) ?? 0))
    // The next pages repeat at most the rows of this one.
    if (known.size > 4 * Number(later.limit)) known = counts
    await realHost().timers.sleep(everyMs)
    page = await pageOf(later)
  }
}

function countsOf({ rows }: Page) {
  const counts = new Map<string, number>()
  for (const row of rows) counts.set(JSON.stringify(row), (counts.get(JSON.stringify(row)) ?? 0) + 1)
  return counts
}

async function textOf(
  output: OutputFormat,
  rows: readonly Row[],
  columns: readonly string[],
  hasHead: boolean,
  tableOf: (rows: readonly Row[], columns: readonly string[]) => string,
): Promise<string> {
  const lines = (): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  switch (output) {
    case 'json':
    case 'ndjson':
      return lines()
    case 'csv': {
      const text = await outputText('csv', { whole: rows, rows, columns })
      return hasHead ? text.slice(csvLine(columns).length) : text
    }
    case 'yaml':
      return outputText('yaml', { whole: rows, rows, columns })
    case 'table': {
      if (isVertical()) return blocks.text(rows, columns)
      const text = tableOf(rows, columns)
      return hasHead && showsHeaders() ? text.slice(text.indexOf('\n') + 1) : text
    }
  }
}
