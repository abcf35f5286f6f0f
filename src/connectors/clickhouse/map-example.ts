import { BlockTexts, bytesOf, plainTexts, type NativeColumn } from '../../codecs/clickhouse-native/index.ts'
import { isPresent, type Column } from '../../model/columns.ts'
import type { FlowFieldName } from '../../model/fields.ts'
import { formatIp, mappedPrefix } from '../../model/ip.ts'
import type { ChosenRows } from './map-rows.ts'

const fields = {
  start: 'time_start',
  end: 'time_end',
  src_ip: 'src_addr',
  dst_ip: 'dst_addr',
  src_name: 'src_name',
  dst_name: 'dst_name',
  src_kind: 'src_kind',
  dst_kind: 'dst_kind',
  src_namespace: 'src_namespace',
  dst_namespace: 'dst_namespace',
  bytes: 'bytes',
  packets: 'packets',
} as const satisfies Readonly<Record<string, FlowFieldName>>

type ExampleColumn = keyof typeof fields

const counts: ReadonlySet<string> = new Set<ExampleColumn>(['bytes', 'packets'])
const times: ReadonlySet<string> = new Set<ExampleColumn>(['start', 'end'])

export const exampleColumns = Object.keys(fields).map((name) => {
  const type = times.has(name) ? 'Float64' : counts.has(name) ? 'UInt64' : 'String'
  return { name, type, definition: `\`${name}\` ${type}` }
})

/** `narrow`: columns of an existing table that are UInt32. */
export function exampleBlock(rows: ChosenRows, narrow: ReadonlySet<string>): NativeColumn[] {
  const texts = new BlockTexts()
  return (Object.keys(fields) as ExampleColumn[]).map((name) => {
    if (times.has(name)) return { name, type: 'Float64', data: [bytesOf(timesOf(name, rows))] }
    if (!counts.has(name))
      return { name, type: 'String', data: plainTexts(textsOf(name, rows, texts), texts, 'required') }
    const words = wordsOf(name, rows)
    return narrow.has(name)
      ? { name, type: 'UInt32', data: [bytesOf(words.filter((_, at) => at % 2 === 0))] }
      : { name, type: 'UInt64', data: [bytesOf(words)] }
  })
}

/** Rows with a count that a UInt32 column can't hold: the column, by index in the batch. */
export function tooLarge(rows: ChosenRows, narrow: ReadonlySet<string>): Map<number, string> {
  const results = new Map<number, string>()
  for (const name of narrow) {
    const words = wordsOf(name as ExampleColumn, rows)
    for (let row = 0; row < rows.count; row++) if (words[2 * row + 1] !== 0) results.set(rows.indexes[row]!, name)
  }
  return results
}

function forEachRow(
  name: ExampleColumn,
  { slices }: ChosenRows,
  visit: (column: Column, row: number, at: number, dictionary: readonly string[]) => void,
) {
  let at = 0
  for (const { piece, rows } of slices) {
    const column = piece.batch.kind === 'flows' ? piece.batch.columns[fields[name]] : undefined
    if (column !== undefined)
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i]!
        if (!('valid' in column) || isPresent(column.valid, row)) visit(column, row, at + i, piece.batch.dictionary)
      }
    at += rows.length
  }
}

function timesOf(name: ExampleColumn, rows: ChosenRows): Float64Array {
  const values = new Float64Array(rows.count)
  forEachRow(name, rows, (column, row, at) => {
    if (column.kind === 'time') values[at] = column.values[row]!
  })
  return values
}

function wordsOf(name: ExampleColumn, rows: ChosenRows): Uint32Array {
  const words = new Uint32Array(2 * rows.count)
  forEachRow(name, rows, (column, row, at) => {
    if (column.kind !== 'u64') return
    words[2 * at] = column.words[2 * row]!
    words[2 * at + 1] = column.words[2 * row + 1]!
  })
  return words
}

function textsOf(name: ExampleColumn, rows: ChosenRows, texts: BlockTexts): Uint32Array {
  const numbers = new Uint32Array(rows.count)
  const quads = new Map<number, number>()
  forEachRow(name, rows, (column, row, at, dictionary) => {
    if (column.kind === 'dict') numbers[at] = texts.of(texts.dictionary(dictionary), dictionary, column.codes[row]!)
    else if (column.kind === 'ip') numbers[at] = addressNumber(column.words, 4 * row, texts, quads)
  })
  return numbers
}

function addressNumber(words: Uint32Array, at: number, texts: BlockTexts, quads: Map<number, number>): number {
  const quad = words[at + 3]!
  if (words[at] !== 0 || words[at + 1] !== 0 || words[at + 2] !== mappedPrefix) return texts.number(formatIp(words, at))
  let number = quads.get(quad)
  if (number === undefined) quads.set(quad, (number = texts.number(formatIp(words, at))))
  return number
}
