// The bytes of a batch against records that are built as objects, field by field.
import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { seeds } from '../../../test/kit/seeds.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { ByteBuffer, type RowWriter } from '../../model/byte-buffer.ts'
import { isPresent, type Column } from '../../model/columns.ts'
import { flowFields, type Field } from '../../model/fields.ts'
import { formatIp } from '../../model/ip.ts'
import { columnWriter, flowJsonWriter } from '../flow-json/index.ts'
import { randomBatch } from '../flow-json/testing/random-batch.ts'
import { conditionsOf, netobservWriter } from './index.ts'
import { parseExact, stringifyExact } from '../../model/exact-json.ts'
import { fieldOfKey, flagBits, keyOf, quicVersionName } from './keys.ts'
import { withTotals } from './totals.ts'

const drawn = seeds(100, 500)

class Json {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

function rowsOf(batch: FlowBatch, write: RowWriter): string[] {
  const out = new ByteBuffer(16)
  const starts = [0]
  for (let row = 0; row < batch.count; row++) {
    write(row, out)
    starts.push(out.at)
  }
  return starts.slice(1).map((end, row) => out.text(starts[row], end))
}

/** Lone surrogates in raw JSON become U+FFFD. */
const asUtf8 = (text: string): string => Buffer.from(text).toString()

/** A value for JSON.stringify; undefined: absent. */
function valueOf(field: Field, column: Column, dictionary: readonly string[], row: number, names: boolean): unknown {
  const notZero = ['bytes', 'packets', 'sampling'].includes(field.name)
  if ('valid' in column && !isPresent(column.valid, row)) return undefined
  const text = (code = 0): string => dictionary[code] ?? ''
  const listed = <T>(offsets: Uint32Array, of: (item: number) => T): T[] | undefined => {
    const items = Array.from(
      { length: (offsets[row + 1] ?? 0) - (offsets[row] ?? 0) },
      (_, at) => (offsets[row] ?? 0) + at,
    )
    return items.length === 0 ? undefined : items.map(of)
  }
  switch (column.kind) {
    case 'dict':
      return text(column.codes[row]) || undefined
    case 'json':
      return text(column.codes[row]) === '' ? undefined : new Json(asUtf8(text(column.codes[row])))
    case 'list<u8>':
      return listed(column.offsets, (item) => column.items[item])
    case 'list<dict>':
      return listed(column.offsets, (item) => text(column.items[item]))
    case 'ip':
      return formatIp(column.words, 4 * row)
    case 'mac':
    case 'u64': {
      const [low = 0, high = 0] = column.words.subarray(2 * row)
      const value = (BigInt(high) << 32n) | BigInt(low)
      if (column.kind === 'u64') return notZero && value === 0n ? undefined : new Json(String(value))
      return (value & 0xffff_ffff_ffffn).toString(16).padStart(12, '0').match(/../g)?.join(':')
    }
    default: {
      const value = column.values[row] ?? Number.NaN
      if (!Number.isFinite(value) || (notZero && value === 0)) return undefined
      if (field.name === 'time_received') return Math.floor(value / 1000)
      if (column.kind === 'time') return Math.floor(value)
      if (column.kind === 'f64') return Math.round(value)
      if (field.name === 'conversation_first') return value === 1
      if (field.name === 'quic_version') return quicVersionName(value)
      if (field.name === 'tcp_flags' && names)
        return flagBits.filter(([, bit]) => (value & bit) !== 0).map(([name]) => name)
      return value
    }
  }
}

function etypeOf({ columns }: FlowBatch, row: number): number | undefined {
  for (const column of [columns['src_addr'], columns['dst_addr']])
    if (column?.kind === 'ip' && isPresent(column.valid, row))
      return formatIp(column.words, 4 * row).includes(':') ? 34525 : 2048
  return undefined
}

function record(given: FlowBatch, row: number, { names, sorted }: { names: boolean; sorted: boolean }): string {
  const batch = withTotals(given)
  const conditions = conditionsOf(batch)
  const members: (readonly [key: string, json: string])[] = []
  for (const field of flowFields) {
    const column = batch.columns[field.name]
    if (field.name === 'extra') continue
    const own = column === undefined ? undefined : valueOf(field, column, batch.dictionary, row, names)
    const value = field.name === 'etype' ? (own ?? etypeOf(batch, row)) : own
    if (value === undefined || conditions(field.name)?.(row) === false) continue
    members.push([keyOf(field), value instanceof Json ? value.text : JSON.stringify(value)])
  }
  const { extra } = batch.columns
  const further = extra?.kind === 'json' ? parseExact(batch.dictionary[extra.codes[row] ?? 0] || '{}') : {}
  for (const [key, value] of Object.entries(further as object))
    if (!fieldOfKey.has(key)) members.push([key, stringifyExact(value) ?? 'null'])
  if (sorted) members.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, json]) => `${JSON.stringify(key)}:${json}`).join(',')}}`
}

test.each([[{ names: false, sorted: false }], [{ names: true, sorted: false }], [{ names: false, sorted: true }]])(
  'a record is the JSON of its values, for any batch (%j)',
  (form) => {
    for (const seed of drawn) {
      const batch = randomBatch(new SeededRandom(seed))
      const options = { flags: form.names ? 'names' : 'raw', sorted: form.sorted } as const
      expect(rowsOf(batch, netobservWriter(batch, options)), `seed ${seed}`).toEqual(
        Array.from({ length: batch.count }, (_, row) => record(batch, row, form)),
      )
    }
  },
)

test('a flow is an object of its columns as texts, for any batch', () => {
  for (const seed of drawn) {
    const batch = randomBatch(new SeededRandom(seed))
    const members = flowFields.flatMap(({ name }) => {
      const column = batch.columns[name]
      return column === undefined ? [] : [[name, columnWriter(column, batch.dictionary)] as const]
    })
    expect(rowsOf(batch, flowJsonWriter(batch)), `seed ${seed}`).toEqual(
      Array.from({ length: batch.count }, (_, row) => {
        const texts = members.map(([name, text]) => [name, text(row)] as const).filter(([, text]) => text !== '')
        return `{${texts.map(([name, text]) => asUtf8(`"${name}":${text}`)).join(',')}}`
      }),
    )
  }
})
