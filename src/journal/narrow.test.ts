import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FlowBatch } from '../model/batches.ts'
import { isPresent, type Column } from '../model/columns.ts'
import { flowFields } from '../model/fields.ts'
import { decodeBatch, encodeBatch } from './bodies.ts'

const startOfTime = Date.UTC(2026, 0, 1)
const fieldOf = (kind: string) => flowFields.find((field) => field.kind === kind)!.name

function afterFrame(name: string, column: Column, count: number): Column {
  const batch: FlowBatch = { kind: 'flows', count, dictionary: [''], columns: { [name]: column } }
  const decoded = decodeBatch('flows', encodeBatch(batch))
  if (decoded.kind !== 'flows') throw new Error('not flows')
  return decoded.columns[name]!
}

/** Items of absent rows have no meaning. */
function present(column: Column, count: number): unknown[] {
  const items =
    'words' in column ? column.words : 'values' in column ? column.values : 'codes' in column ? column.codes : []
  const width = items.length / count
  const valid = 'valid' in column ? column.valid : undefined
  return Array.from({ length: count }, (_, row) =>
    isPresent(valid, row) ? items.slice(width * row, width * (row + 1)) : 'absent',
  )
}

const word = fc.oneof(
  fc.integer({ min: 0, max: 0xff }),
  fc.integer({ min: 0, max: 0xffff }),
  fc.integer({ min: 0, max: 0xffff_ffff }),
)
const time = fc.oneof(
  fc.integer({ min: 0, max: 0xffff }).map((ms) => startOfTime + ms),
  fc.integer({ min: 0, max: 2 ** 33 }).map((ms) => startOfTime + ms),
  fc.double().filter((value) => !Object.is(value, -0)),
  fc.constantFrom(Number.NaN, Number.MAX_VALUE, 0, 0.1, 1.1, startOfTime + 0.5),
)
const ipv4 = word.map((last) => [0, 0, 0xffff, last])
const address = fc.oneof({ weight: 40, arbitrary: ipv4 }, fc.array(word, { minLength: 4, maxLength: 4 }))
const u64 = fc.oneof(
  { weight: 40, arbitrary: word.map((low) => [low, 0]) },
  fc.array(word, { minLength: 2, maxLength: 2 }),
)

/** Sequences of one kind of value, so that columns of each width occur. */
const listOf = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: 1, maxLength: 40 })

const columns = fc.oneof(
  fc
    .oneof(listOf(fc.nat(0xff)), listOf(fc.nat(0xffff)))
    .map((items): [Column, number] => [{ kind: 'u16', values: Uint16Array.from(items) }, items.length]),
  ...(['u32', 'dict', 'json'] as const).map((kind) =>
    fc
      .oneof(listOf(fc.nat(0xff)), listOf(word))
      .map((items): [Column, number] => [
        kind === 'u32' ? { kind, values: Uint32Array.from(items) } : { kind, codes: Uint32Array.from(items) },
        items.length,
      ]),
  ),
  listOf(u64).map((items): [Column, number] => [{ kind: 'u64', words: Uint32Array.from(items.flat()) }, items.length]),
  fc
    .oneof(listOf(ipv4), listOf(address))
    .map((items): [Column, number] => [{ kind: 'ip', words: Uint32Array.from(items.flat()) }, items.length]),
  fc
    .oneof(listOf(time), listOf(fc.nat(0xffff).map((ms) => startOfTime + ms)))
    .map((items): [Column, number] => [{ kind: 'time', values: Float64Array.from(items) }, items.length]),
)

describe('narrow columns', () => {
  it('give the same values, of all kinds and widths, with and without absent rows', () => {
    fc.assert(
      fc.property(columns, fc.option(fc.uint8Array({ minLength: 5, maxLength: 5 })), ([column, count], bits) => {
        const valid = bits === null || !('words' in column || 'values' in column) ? {} : { valid: bits }
        const given = { ...column, ...valid } as Column
        const name = fieldOf(column.kind)
        expect(present(afterFrame(name, given, count), count)).toEqual(present(given, count))
      }),
      { numRuns: 2000 },
    )
  })

  it.each([
    ['u16', { kind: 'u16', values: Uint16Array.of(1, 255) }, 1],
    ['u32', { kind: 'u32', values: Uint32Array.of(1, 65535) }, 2],
    ['u64', { kind: 'u64', words: Uint32Array.of(1500, 0, 65536, 0) }, 4],
    ['ip', { kind: 'ip', words: Uint32Array.of(0, 0, 0xffff, 1, 0, 0, 0xffff, 2) }, 4],
    ['time', { kind: 'time', values: Float64Array.of(startOfTime, startOfTime + 65535) }, 2],
  ] as const)('need few bytes per row: %s', (kind, column: Column, width) => {
    const rows = 1000
    const items = 'words' in column ? column.words : 'values' in column ? column.values : new Uint8Array(0)
    const many = Float64Array.from({ length: (items.length / 2) * rows }, (_, i) => items[i % items.length]!)
    const long =
      'words' in column
        ? { ...column, words: Uint32Array.from(many) }
        : {
            ...column,
            values: kind === 'u16' ? Uint16Array.from(many) : kind === 'u32' ? Uint32Array.from(many) : many,
          }
    const raw = encodeBatch({
      kind: 'flows',
      count: rows,
      dictionary: [''],
      columns: { [fieldOf(kind)]: long as Column },
    })
    expect(raw.length).toBeLessThan(width * rows + 100)
  })

  it('of an unknown packing are refused', () => {
    const raw = encodeBatch({
      kind: 'flows',
      count: 2,
      dictionary: [''],
      columns: { [fieldOf('u32')]: { kind: 'u32', values: Uint32Array.of(1, 2) } },
    })
    const flags = raw.findLastIndex((byte) => byte === 1 << 2)
    raw[flags] = 63 << 2
    expect(() => decodeBatch('flows', raw)).toThrow('unknown packing 63')
  })
})
