// Seed data of docs/guide/graph.md: events of clouds and a cluster, and their traffic.
import { readFileSync } from 'node:fs'
import type { FlowBatch } from '../../src/model/batches.ts'
import type { Column } from '../../src/model/columns.ts'
import { DictionaryBuilder } from '../../src/model/dictionary.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { flowField } from '../../src/model/fields.ts'
import { parseIp } from '../../src/model/ip.ts'

function linesOf<Line>(file: string): Line[] {
  return readFileSync(new URL(file, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)
}

const utf8 = new TextEncoder()

export function seedEvents(): WeirEvent[] {
  return linesOf<Omit<WeirEvent, 'data' | 'encoding'> & { readonly data: object }>('events.jsonl').map(
    ({ data, ...event }) => ({ ...event, encoding: 'json', data: utf8.encode(JSON.stringify(data)) }),
  )
}

type Row = Readonly<Record<string, string | number | undefined>>

export function seedFlows(): FlowBatch {
  return rowsBatch(linesOf<Row>('flows.jsonl'))
}

export function rowsBatch(rows: readonly Row[]): FlowBatch {
  const words = new DictionaryBuilder()
  const columns: Record<string, Column> = {}
  for (const name of new Set(rows.flatMap((row) => Object.keys(row)))) {
    const { kind } = flowField(name) ?? {}
    const numbers = rows.map((row) => Number(row[name] ?? 0))
    if (kind === 'dict')
      columns[name] = { kind, codes: Uint32Array.from(rows, (row) => words.code(row[name] as string | undefined)) }
    else if (kind === 'ip')
      columns[name] = { kind, words: Uint32Array.from(rows.flatMap((row) => [...(parseIp(String(row[name])) ?? [])])) }
    else if (kind === 'time') columns[name] = { kind, values: Float64Array.from(numbers) }
    else if (kind === 'u64') columns[name] = { kind, words: Uint32Array.from(numbers.flatMap((number) => [number, 0])) }
    else if (kind === 'u16') columns[name] = { kind, values: Uint16Array.from(numbers) }
    else if (kind === 'u8') columns[name] = { kind, values: Uint8Array.from(numbers) }
    else throw new Error(`the seed's flows have no field ${name}`)
  }
  return { kind: 'flows', count: rows.length, dictionary: words.strings, columns }
}
