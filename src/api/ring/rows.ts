import type { QueryField } from '../../query/index.ts'
import { isoOf, type ExportRequest } from '../../query/plan/index.ts'
import { lineWriter, type LineFormat } from '../export/lines.ts'
import { cellReader, type Cell } from '../live/cells.ts'
import { scanRing, timeReader, type Found, type RingSource } from './scan.ts'

/** Rows after which text is handed on. */
const mostRows = 512

/** Every matching row of the ring as text, oldest first. */
export async function* ringText(source: RingSource, request: ExportRequest, format: LineFormat, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  const writer = lineWriter(format, request.columns.map(({ name }) => name))
  const upTo = Number(request.upTo)
  if (writer.head !== '') yield Buffer.from(writer.head)
  for await (const found of scanRing(source, request, signal, { order: 'oldest' })) {
    const readers = request.columns.map((field) => exactReader(found, field, source.resolver))
    const received = timeReader(found.batch, found.header, 'time_received')
    for (let from = 0; from < found.rows.length; from += mostRows) {
      const rows = found.rows.slice(from, from + mostRows).filter((row) => received(row) <= upTo)
      yield Buffer.from(rows.map((row) => writer.line(readers.map((read) => read(row)))).join(''))
    }
  }
  signal.throwIfAborted()
}

/** Times with all the digits that they have. */
function exactReader({ batch, header }: Found, { name, kind }: QueryField, resolver: RingSource['resolver']): (row: number) => Cell {
  if (kind !== 'time' || name === 'time_received') return cellReader(batch, header, name, resolver)
  const time = timeReader(batch, header, name)
  return (row) => {
    const at = time(row)
    return Number.isNaN(at) ? null : isoOf(BigInt(at))
  }
}
