import { expect, it } from 'vitest'
import { jsonType } from './sql.ts'
import { writerOf } from './values.ts'

it.each([
  ['UInt64', '9007199254740991', '9007199254740991'],
  ['UInt64', '18446744073709551615', '"18446744073709551615"'],
  ['Nullable(UInt128)', null, 'null'],
  ["DateTime64(6, 'UTC')", '2026-11-20T08:09:10.123456Z', '"2026-11-20T08:09:10.123Z"'],
  ["Nullable(DateTime('UTC'))", '2026-11-20T08:09:10Z', '"2026-11-20T08:09:10.000Z"'],
  ['Nullable(IPv6)', '::ffff:10.0.0.1', '"10.0.0.1"'],
  ['IPv6', '2001:db8::1', '"2001:db8::1"'],
  ['LowCardinality(Nullable(String))', 'a"b', String.raw`"a\"b"`],
  [jsonType, '{"a": 18446744073709551615}', '{"a": 18446744073709551615}'],
  [jsonType, 'no JSON', '"no JSON"'],
  ['Array(Nullable(UInt64))', ['1', null], '[1,null]'],
  ['Tuple(UInt64, String)', ['18446744073709551615', 'a'], '["18446744073709551615","a"]'],
  ['Tuple(n UInt64, name String)', { n: '1', name: 'a' }, '{"n":1,"name":"a"}'],
  ['Map(String, UInt64)', { a: '1' }, '{"a":1}'],
  ['Decimal(18, 2)', '1.50', '1.50'],
  ['Float64', null, 'null'],
  ['Bool', true, 'true'],
])('a value of %s has the JSON of the embedded store', (type, value, json) => {
  expect(writerOf(type)(value)).toBe(json)
})

it('an empty list of a flow is absent, another one is empty', () => {
  expect(writerOf('Array(String)', 'other')([])).toBe('[]')
  expect(writerOf('Array(String)', 'tls_types')([])).toBe('null')
})
