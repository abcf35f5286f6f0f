import type { DuckDBConnection } from '@duckdb/node-api'
import type { EdgeSums } from './edge-sums.ts'
import { Column, eachChunk, startsOf, textsIn } from './read-columns.ts'
import type { Codes, Refs } from './refs.ts'

type TalkNodes = Readonly<{
  workloads: Codes
  /** Hours from `from` to before `to`, in µs. */
  from: number
  to: number
}>

type Rows = Readonly<{
  starts: Uint32Array
  hours: Float64Array
  from: Uint32Array
  to: Uint32Array
  bytes: Float64Array
  flows: Float64Array
}>

export class Talks {
  readonly #refs: Refs
  readonly #rows: Rows
  readonly bytes: number

  private constructor(refs: Refs, rows: Rows, named: number) {
    this.#refs = refs
    this.#rows = rows
    this.bytes = Object.values(rows as unknown as Readonly<Record<string, Uint32Array | Float64Array>>).reduce(
      (sum, { byteLength }) => sum + byteLength,
      named,
    )
  }

  /** `sql` selects file (index), hour, from_ref, to_ref, bytes, flows. */
  static async read(connection: DuckDBConnection, sql: string, files: number, refs: Refs): Promise<Talks> {
    const before = refs.bytes
    const [file, hours, bytes, flows] = [
      new Column(Uint32Array),
      new Column(Float64Array),
      new Column(Float64Array),
      new Column(Float64Array),
    ]
    const ends: [number[], number[]] = [[], []]
    await eachChunk(
      connection,
      `SELECT file, epoch_us(hour)::DOUBLE, bytes::DOUBLE, flows::DOUBLE, from_ref, to_ref FROM (${sql}) ORDER BY file`,
      (chunk) => {
        for (const [at, column] of [file, hours, bytes, flows].entries()) column.take(chunk, at)
        for (const [at, end] of ends.entries()) for (const text of textsIn(chunk, 4 + at)) end.push(refs.take(text))
      },
    )
    const rows = {
      starts: startsOf(file.values(), files),
      hours: hours.values(),
      from: Uint32Array.from(ends[0]),
      to: Uint32Array.from(ends[1]),
      bytes: bytes.values(),
      flows: flows.values(),
    }
    return new Talks(refs, rows, refs.bytes - before)
  }

  release(): void {
    for (const column of [this.#rows.from, this.#rows.to]) this.#refs.release(column)
  }

  addTo(sums: EdgeSums, { workloads, from, to }: TalkNodes, without: ReadonlySet<number>): void {
    const rows = this.#rows
    const relation = 'talks-to'
    const [there, back] = [sums.of({ relation, forward: true }), sums.of({ relation, forward: false })]
    for (let file = 0; file + 1 < rows.starts.length; file++) {
      if (without.has(file)) continue
      for (let row = rows.starts[file] ?? 0, end = rows.starts[file + 1] ?? 0; row < end; row++) {
        const hour = rows.hours[row]!
        if (hour < from || hour >= to) continue
        const [source, target] = [rows.from[row]!, rows.to[row]!]
        const [isSource, isTarget] = [workloads.marks[source] === 1, workloads.marks[target] === 1]
        if (!isSource && !isTarget) continue
        const [flows, bytes] = [rows.flows[row]!, rows.bytes[row]!]
        if (isSource) {
          const edge = there.edge(source, target)
          there.add(edge, flows, hour, hour)
          there.addBytes(edge, bytes)
        }
        if (isTarget) {
          const edge = back.edge(target, source)
          back.add(edge, flows, hour, hour)
          back.addBytes(edge, bytes)
        }
      }
    }
  }
}
