import { expect, test } from 'vitest'
import { flowNames, type QueryField } from '../../query/index.ts'
import { ValueCache } from './remembered.ts'
import type { UsedValue } from './values.ts'

const field = flowNames.field('src_name') as QueryField
const answer = (names: readonly string[], whole: boolean, textual = true): Parameters<ValueCache['put']>[2] => ({
  values: names.map((value): UsedValue => ({ field, value, count: 1 })),
  source: 'raw',
  span: { from: 0n, to: 1n },
  exact: true,
  whole,
  textual,
})

test('a longer prefix is completed from a complete earlier result', () => {
  const memory = new ValueCache()
  memory.put('a', 'We', answer(['web-1', 'web-2'], true), 0)
  expect(memory.find('a', 'web', 10)?.values).toHaveLength(2)
  expect(memory.find('a', 'eb', 10)).toBeUndefined()
  expect(memory.find('b', 'web', 10)).toBeUndefined()
  memory.put('c', 'w', answer(['web-1'], false), 0)
  expect(memory.find('c', 'w', 10)?.values).toHaveLength(1)
  expect(memory.find('c', 'we', 10)).toBeUndefined()
})

test('numbers match by their digits or words, so that only a complete list serves other prefixes', () => {
  const memory = new ValueCache()
  memory.put('a', '4', answer(['443'], true, false), 0)
  expect(memory.find('a', '44', 10)).toBeUndefined()
  memory.put('a', '', answer(['443', '80'], true, false), 0)
  expect(memory.find('a', '44', 10)?.values).toHaveLength(2)
})

test('an old result is queried again', () => {
  const memory = new ValueCache()
  memory.put('a', '', answer([], true), 0)
  expect(memory.find('a', '', 14_000)).toBeDefined()
  expect(memory.find('a', '', 16_000)).toBeUndefined()
})
