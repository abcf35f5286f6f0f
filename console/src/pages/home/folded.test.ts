import { expect, test } from 'vitest'
import { folded } from './folded.ts'

test('repeated writes of an actor to an object are one entry, the newest, with their number', () => {
  const change = (pos: string, name: string, actor: string | null) =>
    ({ pos, ref: `k8s:c/core/ConfigMap/shop/${name}`, operation: 'updated', actor, actor_ref: null }) as never
  const shown = folded([
    change('5', 'prices', 'price-bot'),
    change('4', 'limits', 'alice'),
    change('3', 'prices', 'price-bot'),
    change('2', 'prices', 'alice'),
    change('1', 'prices', null),
  ])
  expect(shown.map(({ pos, times }) => [pos, times])).toEqual([
    ['5', 2],
    ['4', 1],
    ['2', 1],
    ['1', 1],
  ])
})
