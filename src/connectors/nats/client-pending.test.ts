import { expect, test } from 'vitest'
import { fakeHost } from '../../../test/kit/fake-host.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import { PendingPublishes } from './client-pending.ts'

const late: Attempt = { is: 'retry', reason: 'late' }
const never = new AbortController().signal

function publishes() {
  const host = fakeHost(1)
  const waiting = new PendingPublishes(host, { ms: 1000, late })
  const settled: [string, Attempt][] = []
  const numbers: number[] = []
  const publish = (subject: string, signal = never): void => {
    waiting
      .add(subject, signal, (number) => numbers.push(number))
      .then(
        (outcome) => settled.push([subject, outcome]),
        () => undefined,
      )
  }
  return { host, waiting, settled, numbers, publish }
}

test('each publish times out separately, and a settled one is not settled again', async () => {
  const { host, waiting, settled, numbers, publish } = publishes()
  publish('a')
  await host.advance(600)
  publish('b')
  publish('c')
  waiting.settle(numbers[2] ?? 0, undefined)
  await host.advance(399)
  expect(settled).toEqual([['c', undefined]])
  await host.advance(1)
  expect(settled).toEqual([
    ['c', undefined],
    ['a', late],
  ])
  await host.advance(599)
  expect(settled).toHaveLength(2)
  await host.advance(1)
  waiting.settle(numbers[1] ?? 0, undefined)
  expect(settled.slice(2)).toEqual([['b', late]])
  expect(numbers.map((number) => waiting.subjectOf(number))).toEqual([undefined, undefined, undefined])
})

test('only publishes of that signal fail together, and later ones start a new timeout', async () => {
  const { host, waiting, settled, publish } = publishes()
  const other = new AbortController().signal
  publish('a')
  publish('a', other)
  waiting.settleAll(undefined, ({ signal }) => signal === other)
  await host.advance(0)
  expect(settled).toEqual([['a', undefined]])
  waiting.settleAll({ is: 'retry', reason: 'gone' })
  await host.advance(900)
  publish('b')
  await host.advance(999)
  expect(settled).toEqual([
    ['a', undefined],
    ['a', { is: 'retry', reason: 'gone' }],
  ])
  await host.advance(1)
  expect(settled.at(-1)).toEqual(['b', late])
})
