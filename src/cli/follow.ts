/** `--follow`: the rows of a list, oldest first, and then each new one until the process ends. */
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { ServerAway } from './command-error.ts'
import { csvLine, outputText, print, type OutputFormat, type Row } from './output.ts'
import { isVertical, showsHeaders } from './text-table.ts'
import { VerticalBlocks } from './vertical.ts'

type Page = Readonly<{ rows: readonly Row[]; columns: readonly string[] }>

export type PageOf = (span: Readonly<{ from: string; limit: string }>) => Promise<Page>

type Flags = Readonly<{ output: OutputFormat; from: string; limit: string }>

type TableOf = (rows: readonly Row[], columns: readonly string[]) => string

export type Outside = Readonly<{
  /** Monotonic, in ms. */
  now: () => number
  sleep: (ms: number) => Promise<void>
  print: (text: string) => Promise<void>
  report: (text: string) => void
}>

const everyMs = 1000
/** Reaches back beyond the rows that the store commits late. */
const overlapMs = 60_000
const pageRows = 1000
const mostKnown = 40_000
/** `mostRows`: limit of one request. */
export async function follow(
  flags: Flags,
  { pageOf, tableOf, mostRows }: Readonly<{ pageOf: PageOf; tableOf: TableOf; mostRows: number }>,
  outside = realOutside(),
): Promise<void> {
  let lastAt = outside.now()
  const newest = (limit: number) =>
    pageOf({ from: `now-${Math.ceil((outside.now() - lastAt + overlapMs) / 1000)}s`, limit: String(limit) })
  const text = new FollowText(flags.output, tableOf)
  // Rows before those of the first page are not new.
  const knownRows = new KnownRows()
  knownRows.fresh((await newest(pageRows)).rows)
  const first = await pageOf(flags)
  knownRows.fresh(first.rows)
  await outside.print(await text.of(first.rows, first.columns))
  let isAway = false
  for (;;) {
    await outside.sleep(everyMs)
    try {
      const at = outside.now()
      let page = await newest(pageRows)
      // Known rows are behind those that are new.
      if (page.rows.length === pageRows && mostRows > pageRows && knownRows.areNew(page.rows))
        page = await newest(mostRows)
      if (isAway) outside.report('weir: the server responds again\n')
      isAway = false
      lastAt = at
      const fresh = knownRows.fresh(page.rows)
      if (fresh.length === mostRows) outside.report('weir: more rows arrive than are shown; a filter selects fewer\n')
      await outside.print(await text.of(fresh, page.columns))
    } catch (error) {
      if (!(error instanceof ServerAway)) throw error
      if (!isAway) outside.report(`weir: ${error.message} Waiting for the server.\n`)
      isAway = true
    }
  }
}

function realOutside(): Outside {
  const { clock, timers } = realHost()
  return {
    now: () => clock.monotonic(),
    sleep: (ms) => timers.sleep(ms),
    print,
    report: (text) => self.stderr(text),
  }
}

/** Rows have no id: of equal ones the number counts. */
class KnownRows {
  #counts = new Map<string, number>()

  /** Adds them, and returns those that are new. */
  fresh(rows: readonly Row[]): readonly Row[] {
    const counts = new Map<string, number>()
    const fresh = rows.filter((row) => {
      const key = JSON.stringify(row)
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return count > (this.#counts.get(key) ?? 0)
    })
    for (const [key, count] of counts) this.#counts.set(key, Math.max(count, this.#counts.get(key) ?? 0))
    // The next pages repeat at most the rows of this one.
    if (this.#counts.size > mostKnown) this.#counts = counts
    return fresh
  }

  /** Whether all of them are new. */
  areNew(rows: readonly Row[]): boolean {
    return !rows.some((row) => this.#counts.has(JSON.stringify(row)))
  }
}

/** Oldest first, with one head. */
class FollowText {
  readonly #output: OutputFormat
  readonly #tableOf: TableOf
  readonly #blocks = new VerticalBlocks()
  #hasHead = false

  constructor(output: OutputFormat, tableOf: TableOf) {
    this.#output = output
    this.#tableOf = tableOf
  }

  /** `newestFirst`: rows as a list has them. */
  async of(newestFirst: readonly Row[], columns: readonly string[]): Promise<string> {
    if (newestFirst.length === 0) return ''
    const text = await this.#text(newestFirst.toReversed(), columns)
    this.#hasHead = true
    return text
  }

  async #text(rows: readonly Row[], columns: readonly string[]) {
    switch (this.#output) {
      case 'json':
      case 'ndjson':
        return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
      case 'csv': {
        const text = await outputText('csv', { whole: rows, rows, columns })
        return this.#hasHead ? text.slice(csvLine(columns).length) : text
      }
      case 'yaml':
        return outputText('yaml', { whole: rows, rows, columns })
      case 'table': {
        if (isVertical()) return this.#blocks.text(rows, columns)
        const text = this.#tableOf(rows, columns)
        return this.#hasHead && showsHeaders() ? text.slice(text.indexOf('\n') + 1) : text
      }
    }
  }
}
