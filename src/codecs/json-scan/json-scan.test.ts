import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import { JsonFault, JsonScan } from './index.ts'

function verified(text: string | Uint8Array): JsonScan {
  const scan = new JsonScan(Buffer.from(text as string))
  for (const _ of scan.verify());
  return scan
}

test('exactly the texts that JSON.parse reads are valid', () => {
  const texts = [
    '1',
    '-0',
    '01',
    '1.',
    '.5',
    '1e5',
    '-',
    '+1',
    'true',
    'tru',
    'truex',
    'null',
    '"a"',
    '"\\u00e9"',
    '"\\u00g0"',
    '"\\x"',
    '"a',
    '"\n"',
    '[]',
    '[1,]',
    '[,1]',
    '[1 2]',
    '{}',
    '{"a":1}',
    '{"a":1,}',
    '{"a"}',
    '{a:1}',
    '{"a":[{"b":[]}]}',
    ']',
    '[}',
    '',
    ' ',
    '1 2',
    ' [ 1 , { "a" : null } ] ',
    '{"a":1}}',
  ]
  const reads = (read: () => unknown) => {
    try {
      read()
      return true
    } catch {
      return false
    }
  }
  for (const text of texts)
    expect([text, reads(() => verified(text))]).toEqual([text, reads(() => JSON.parse(text) as unknown)])
})

test('any value is skipped as a whole, and its items have the values of JSON.parse', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (values) => {
      const scan = verified(JSON.stringify(values, null, 1))
      scan.enter()
      const found: unknown[] = []
      while (scan.item()) found.push(scan.value(Number.POSITIVE_INFINITY)?.value)
      expect(found).toEqual(JSON.parse(JSON.stringify(values)))
      expect(scan.at).toBe(scan.bytes.length)
    }),
  )
})

test('keys are read with escapes, values are counted, and too many are left out', () => {
  const scan = verified('{"a\\u0062":[1,[2,{}]], "c" : "d"}')
  scan.enter()
  expect([scan.key(), scan.isList, scan.value(4), scan.key(), scan.value(1), scan.key()]).toEqual([
    'ab',
    true,
    undefined,
    'c',
    { value: 'd' },
    undefined,
  ])
})

test('deep nesting and invalid UTF-8 are refused', () => {
  expect(() => verified('['.repeat(20_000))).toThrow(new JsonFault('the JSON nests deeper than 200 levels'))
  expect(() => verified(Uint8Array.of(34, 255, 34))).toThrow(JsonFault)
})
