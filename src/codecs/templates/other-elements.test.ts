import { expect, test } from 'vitest'
import { flowRows } from '../../../test/kit/flow-rows.ts'
import type { KeptElements } from './other-elements.ts'
import { Bench, ip4, netflow9, set, template, u32, u8, type FieldOf } from './testing/datagrams.ts'

const fields: readonly FieldOf[] = [
  [366, 4],
  [367, 6],
  [147, 5],
  [61_001, 4],
  [57_590, 2],
  [210, 2],
  [1, 4],
  [85, 4],
]

function extraOf(elements: KeptElements): unknown {
  const bench = new Bench({ elements })
  const station = [ip4('192.0.2.7'), u8(2, 0, 0, 0, 0, 9), Buffer.from('guest'), u32(8), u8(0, 7), u8(0, 0)]
  bench.take(netflow9({}, set(0, template(300, fields)), set(300, ...station, u32(100), u32(900))))
  const extra = flowRows(bench.flows.batch())[0]?.extra
  return extra === undefined ? undefined : JSON.parse(String(extra))
}

const named = {
  staIPv4Address: '192.0.2.7',
  wtpMacAddress: '02:00:00:00:00:09',
  wlanSSID: 'guest',
  octetTotalCount: 900,
}

test('elements without a column are stored by name, and without padding', () => {
  expect(extraOf('all')).toMatchObject({ ...named, element_61001: 8 })
  expect(Object.keys(extraOf('all') as object)).toHaveLength(6)
})

test('only elements with a known name are listed', () => {
  expect(extraOf('listed')).toMatchObject(named)
  expect(extraOf('listed')).not.toHaveProperty('element_61001')
})

test('none of them are stored without the setting', () => {
  expect(extraOf('none')).toBeUndefined()
})
