import type { QueryField } from '../../query/index.ts'
import { isoOf, type ExportRequest } from '../../query/plan/index.ts'
import { lineWriter, type LineFormat } from '../export/lines.ts'
import { cellReader } from '../live/cells.ts'
import type { Cell } from '../../topics/cells.ts'
import { ApiError } from '../problems.ts'
import { compareKeys, keyReader, type Key } from './page.ts'
import { scanRing, timeReader, type Found, type RingSource } from './scan.ts'
import { sortInSlices } from './sort.ts'

const maxRows = 512
/** More rows are not sorted, because they would be in memory. */
export const maxSorted = 100_000

/** Without a sort, oldest first. Rejects before the first byte if there are too many rows to sort. */
export async function ringText(
  source: RingSource,
  request: ExportRequest,
  format: LineFormat,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const [first, ...more] = request.sort
  const byReceipt = first === undefined || (more.length === 0 && first.field.name === 'time_received')
  const writer = lineWriter(
    format,
    request.columns.map(({ name }) => name),
  )
  const batches = byReceipt
    ? linesByReceipt(source, request, first?.descending === true ? 'newest' : 'oldest', writer.line, signal)
    : inChunks(await sortedLines(source, request, writer.line, signal))
  return (async function* () {
    if (writer.head !== '') yield Buffer.from(writer.head)
    for await (const lines of batches) yield Buffer.from(lines.join(''))
    signal.throwIfAborted()
  })()
}

type LineOf = (cells: readonly Cell[]) => string

/** Rows within a frame may be unordered. */
async function* linesByReceipt(
  source: RingSource,
  request: ExportRequest,
  order: 'newest' | 'oldest',
  line: LineOf,
  signal: AbortSignal,
): AsyncGenerator<string[], void, undefined> {
  for await (const match of scanRing(source, request, signal, { order })) {
    const write = rowWriter(match, request, source, line)
    const received = timeReader(match.batch, match.header, 'time_received')
    const rows = match.rows.filter((row) => received(row) <= Number(request.upTo))
    if (request.sort.length > 0)
      rows.sort((a, b) => (order === 'newest' ? received(b) - received(a) : received(a) - received(b)))
    for (let from = 0; from < rows.length; from += maxRows) yield rows.slice(from, from + maxRows).map(write)
  }
}

async function sortedLines(
  source: RingSource,
  request: ExportRequest,
  line: LineOf,
  signal: AbortSignal,
): Promise<string[]> {
  const lines: Readonly<{ keys: readonly Key[]; text: string }>[] = []
  for await (const match of scanRing(source, request, signal, { order: 'oldest' })) {
    const write = rowWriter(match, request, source, line)
    const keys = request.sort.map(({ field }) => keyReader(match, field, source.resolver))
    const received = timeReader(match.batch, match.header, 'time_received')
    for (const row of match.rows)
      if (received(row) <= Number(request.upTo)) lines.push({ keys: keys.map((read) => read(row)), text: write(row) })
    if (lines.length > maxSorted) {
      throw new ApiError(
        'WEIR_API_INVALID',
        `More than ${maxSorted} flows match; without a store, so many cannot be sorted.`,
        {
          hints: [
            'Sort by time_received or omit "sort": rows are then in receive order.',
            'A narrower filter or time range helps, too.',
          ],
        },
      )
    }
  }
  const compare = compareKeys(request.sort)
  return (await sortInSlices(lines, (a, b) => compare(a.keys, b.keys), source.scheduler)).map(({ text }) => text)
}

async function* inChunks(lines: readonly string[]): AsyncGenerator<readonly string[], void, undefined> {
  for (let from = 0; from < lines.length; from += maxRows) yield lines.slice(from, from + maxRows)
}

function rowWriter(
  match: Found,
  { columns }: ExportRequest,
  { resolver }: RingSource,
  line: LineOf,
): (row: number) => string {
  const readers = columns.map((field) => exactReader(match, field, resolver))
  return (row) => line(readers.map((read) => read(row)))
}

function exactReader(
  { batch, header }: Found,
  { name, kind }: QueryField,
  resolver: RingSource['resolver'],
): (row: number) => Cell {
  if (kind !== 'time' || name === 'time_received') return cellReader(batch, header, name, resolver)
  const time = timeReader(batch, header, name)
  return (row) => {
    const at = time(row)
    return Number.isNaN(at) ? null : isoOf(BigInt(at))
  }
}
