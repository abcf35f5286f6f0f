import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deadLetterAdmin, localDeadLetters, type DeadLetterStore } from './dead-letter-admin.ts'
import type { StoredDeadLetter } from './dead-letters.ts'
import type { SinkSet } from './sinks.ts'

const letter = (id: string, time: number): StoredDeadLetter => ({
  id,
  source: 'http',
  kind: 'events',
  epoch: 1,
  sourceSequence: 1,
  row: 0,
  sequence: 1,
  received: time,
  time,
  reason: 'no',
  attempts: 1,
  body: '',
  state: 'open',
})

function sinksOf(letters: Readonly<Record<string, readonly StoredDeadLetter[]>>): DeadLetterStore {
  return localDeadLetters({
    all: () =>
      Object.entries(letters).map(([id, waiting]) => ({
        entry: { id },
        delivery: { deadLetters: { waiting: () => waiting } },
      })),
  } as unknown as SinkSet)
}

test('pages of any size list every dead letter once, newest first, also with equal times', async () => {
  const times = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(times, times, fc.integer({ min: 1, max: 7 }), async (bus, partner, limit) => {
      const admin = deadLetterAdmin(
        sinksOf({
          bus: bus.map((time, index) => letter(`http:1:${index}:0`, time)),
          partner: partner.map((time, index) => letter(`http:1:${index}:0`, time)),
        }),
      )
      const all = await admin.list(undefined, 1000, false)
      expect(all.map(({ time }) => time)).toEqual([...bus, ...partner].sort((a, b) => b - a))
      const paged = []
      for (
        let page = await admin.list(undefined, limit, false);
        page.length > 0;
        page = await admin.list(undefined, limit, false, page.at(-1))
      )
        paged.push(...page)
      expect(paged).toEqual(all)
    }),
  )
})

test('a page continues after a dead letter that was settled meanwhile', async () => {
  const letters = { bus: [letter('a', 3), letter('b', 2), letter('c', 1)] }
  const [, second] = await deadLetterAdmin(sinksOf(letters)).list(undefined, 2, false)
  const left = deadLetterAdmin(sinksOf({ bus: letters.bus.filter(({ id }) => id !== 'b') }))
  expect((await left.list(undefined, 2, false, second)).map(({ id }) => id)).toEqual(['c'])
})
