import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FlowBatch } from '../../model/batches.ts'
import type { Column } from '../../model/columns.ts'
import { parseIp } from '../../model/ip.ts'
import { flowJson, isoTime } from './index.ts'

const ip = (...texts: string[]): Column => ({
  kind: 'ip',
  words: Uint32Array.from(texts.flatMap((text) => [...(parseIp(text) ?? [])])),
})
const batch = (columns: Record<string, Column>, dictionary = ['']): FlowBatch => ({
  kind: 'flows',
  count: 2,
  dictionary,
  columns,
})

test('a flow is a flat object by registry names, in the order of the registry', () => {
  const json = flowJson(
    batch(
      {
        protocol: { kind: 'dict', codes: Uint32Array.of(1, 0) },
        src_addr: ip('10.0.0.1', '2001:db8::1'),
        time_start: { kind: 'time', values: Float64Array.of(1_700_000_000_007, Number.NaN) },
        bytes: { kind: 'u64', words: Uint32Array.of(1500, 0, 0xffffffff, 0xffffffff) },
        src_port: { kind: 'u16', values: Uint16Array.of(443, 9), valid: Uint8Array.of(0b01) },
      },
      ['', 'netflow5'],
    ),
  )
  expect(json(0)).toBe(
    '{"time_start":"2023-11-14T22:13:20.007Z","src_addr":"10.0.0.1","src_port":443,"bytes":1500,"protocol":"netflow5"}',
  )
  expect(json(1)).toBe('{"src_addr":"2001:db8::1","bytes":"18446744073709551615"}')
})

test('a row that has nothing is an empty object', () => {
  expect(flowJson(batch({ vlan: { kind: 'u16', values: new Uint16Array(2), valid: Uint8Array.of(0) } }))(1)).toBe('{}')
})

test('every u64 is exact: a number up to 2^53 - 1, a string above', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (value) => {
      const words = Uint32Array.of(Number(value & 0xffffffffn), Number(value >> 32n), 0, 0)
      const read = (JSON.parse(flowJson(batch({ packets: { kind: 'u64', words } }))(0)) as { packets: number | string })
        .packets
      expect(BigInt(read)).toBe(value)
      expect(typeof read).toBe(value < 2n ** 53n ? 'number' : 'string')
    }),
  )
})

test('kinds that no flow field has yet are written too', () => {
  // A column under an arbitrary name represents its kind.
  const value = (column: Column, dictionary = ['']): unknown =>
    (JSON.parse(flowJson(batch({ scope: column }, dictionary))(0)) as { scope?: unknown }).scope
  expect(value({ kind: 'mac', words: Uint32Array.of(0xccddeeff, 0xaabb, 0, 0) })).toBe('aa:bb:cc:dd:ee:ff')
  expect(value({ kind: 'f64', values: Float64Array.of(0.5, 0) })).toBe(0.5)
  expect(value({ kind: 'f64', values: Float64Array.of(Number.POSITIVE_INFINITY, 0) })).toBeUndefined()
  expect(value({ kind: 'i32', values: Int32Array.of(-7, 0) })).toBe(-7)
  expect(value({ kind: 'list<u8>', offsets: Uint32Array.of(0, 2, 2), items: Uint8Array.of(1, 2) })).toEqual([1, 2])
  expect(value({ kind: 'list<u8>', offsets: Uint32Array.of(0, 0, 2), items: Uint8Array.of(1, 2) })).toBeUndefined()
  expect(
    value({ kind: 'list<dict>', offsets: Uint32Array.of(0, 3, 3), items: Uint32Array.of(1, 0, 2) }, ['', 'a"b', 'c']),
  ).toEqual(['a"b', '', 'c'])
  expect(value({ kind: 'json', codes: Uint32Array.of(1, 0) }, ['', '{"a":[1]}'])).toEqual({ a: [1] })
  expect(value({ kind: 'json', codes: Uint32Array.of(0, 0) })).toBeUndefined()
})

test('times are those of the platform, also before 1970', () => {
  fc.assert(
    fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (ms) => {
      expect(isoTime(ms)).toBe(new Date(ms).toISOString())
    }),
  )
  expect(isoTime(1.75)).toBe('1970-01-01T00:00:00.001Z')
  expect(isoTime(Number.POSITIVE_INFINITY)).toBe('')
})
