import { auditFieldsOf } from '../../model/audit-columns.ts'
import type { EventBatch } from '../../model/batches.ts'
import { costColumns } from '../../model/cost-columns.ts'
import type { Column } from '../../model/columns.ts'
import { DictionaryBuilder } from '../../model/dictionary.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import { insightFamilies, insightFieldsOf } from '../../model/image-insights.ts'
import { auditColumns, insightColumns } from '../schema.ts'
import type { EventRows, FlowRows } from '../table-writer.ts'
import { CostBodies } from './cost-bodies.ts'

/** Codes of the columns of a row, in their order; 0 without a value. Valid until the next row. */
type CodesOfRow = (row: number) => Uint32Array

export type BodyColumns = Readonly<{
  names: readonly string[]
  /** Families of events with these columns. */
  families: readonly string[]
  read: (batch: EventBatch, words: DictionaryBuilder) => CodesOfRow
}>

const maxLength = 4096

type Fields = Readonly<Record<string, string | undefined>>

function parsed(
  names: readonly string[],
  fieldsOf: (event: WeirEvent) => Fields | undefined,
): Pick<BodyColumns, 'names' | 'read'> {
  return {
    names,
    read: (batch, words) => {
      const codes = new Uint32Array(names.length)
      return (row) => {
        const fields = fieldsOf(eventAt(batch, row)) ?? {}
        for (const [index, name] of names.entries()) codes[index] = words.code(fields[name]?.slice(0, maxLength))
        return codes
      }
    },
  }
}

export const bodyColumns: readonly BodyColumns[] = [
  { ...parsed(auditColumns, auditFieldsOf), families: ['audit'] },
  { ...parsed(insightColumns, insightFieldsOf), families: insightFamilies },
  {
    names: costColumns,
    families: ['cost'],
    // Texts are whole: views read them in place of the bodies.
    read: (batch, words) => {
      const bodies = new CostBodies(batch, words)
      return (row) => bodies.codes(row)
    },
  },
]

export function columnRows({ names, families, read }: BodyColumns, { batch, origin }: EventRows): FlowRows | undefined {
  const wanted = codesOf(batch, families)
  if (wanted.size === 0 || !batch.family.some((code) => wanted.has(code))) return undefined
  const words = new DictionaryBuilder()
  const codesOfRow = read(batch, words)
  const codes = names.map((name) => [name, new Uint32Array(batch.count)] as const)
  for (let row = 0; row < batch.count; row++) {
    if (!wanted.has(batch.family[row]!)) continue
    const numbers = codesOfRow(row)
    for (let index = 0; index < names.length; index++) codes[index]![1][row] = numbers[index]!
  }
  const columns = Object.fromEntries(
    codes.map(([name, values]): [string, Column] => [name, { kind: 'dict', codes: values }]),
  )
  return {
    stream: 'flows',
    batch: { kind: 'flows', count: batch.count, dictionary: words.strings, columns },
    origin,
    endpoints: {},
    words: new Uint32Array(0),
  }
}

function codesOf({ dictionary }: EventBatch, families: readonly string[]): ReadonlySet<number> {
  return new Set(families.map((family) => dictionary.indexOf(family)).filter((code) => code > 0))
}
