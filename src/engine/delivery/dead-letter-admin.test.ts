import fc from 'fast-check'
import { expect, test } from 'vitest'
import { deadLetterAdmin, localDeadLetters, type DeadLetterStore } from './dead-letter-admin.ts'
import type { StoredDeadLetter } from './dead-letters.ts'
import type { SinkSet } from './sinks.ts'

const letter = (id: string, time: number, more: Partial<StoredDeadLetter> = {}): StoredDeadLetter => ({
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
  ...more,
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
      const all = await admin.list({}, 1000, false)
      expect(all.map(({ time }) => time)).toEqual([...bus, ...partner].sort((a, b) => b - a))
      const paged = []
      for (
        let page = await admin.list({}, limit, false);
        page.length > 0;
        page = await admin.list({}, limit, false, page.at(-1))
      )
        paged.push(...page)
      expect(paged).toEqual(all)
    }),
  )
})

test('a page continues after a dead letter that was settled meanwhile', async () => {
  const letters = { bus: [letter('a', 3), letter('b', 2), letter('c', 1)] }
  const [, second] = await deadLetterAdmin(sinksOf(letters)).list({}, 2, false)
  const left = deadLetterAdmin(sinksOf({ bus: letters.bus.filter(({ id }) => id !== 'b') }))
  expect((await left.list({}, 2, false, second)).map(({ id }) => id)).toEqual(['c'])
})

test('reasons count the unresolved dead letters of each sink, most frequent first', async () => {
  const [full, late] = [{ reason: 'full' }, { reason: 'late', state: 'retrying' as const }]
  const admin = deadLetterAdmin(
    sinksOf({
      bus: [letter('a', 5, full), letter('b', 1, late), letter('c', 3, full)],
      partner: [letter('a', 5, full)],
    }),
  )
  const [first, second, third] = [
    { sink: 'bus', reason: 'full', open: 2, retrying: 0, oldest: 3, newest: 5 },
    { sink: 'bus', reason: 'late', open: 0, retrying: 1, oldest: 1, newest: 1 },
    { sink: 'partner', reason: 'full', open: 1, retrying: 0, oldest: 5, newest: 5 },
  ]
  expect(await admin.reasons(undefined, 10)).toEqual([first, second, third])
  expect(await admin.reasons(undefined, 1)).toEqual([first])
  expect(await admin.reasons('partner', 10)).toEqual([third])
  expect((await admin.list({ sink: 'bus', reason: 'full' }, 10, false)).map(({ id }) => id)).toEqual(['a', 'c'])
})

test('an action on a reason moves its open dead letters, and none that was rejected later', async () => {
  const moved: unknown[] = []
  const waiting = [
    letter('counted', 3, { reason: 'full' }),
    letter('later', 4, { reason: 'full' }),
    letter('moving', 2, { reason: 'full', state: 'retrying' }),
    letter('other', 1),
  ]
  const admin = deadLetterAdmin({
    ...sinksOf({ bus: waiting }),
    move: async (...of) => {
      moved.push(of)
      return 1
    },
  })
  await admin.drop('bus', { reason: 'full', until: 3 })
  await admin.retry('bus', { reason: 'full' })
  await admin.retry('bus', { ids: ['later', 'other'], reason: 'full' })
  await admin.drop('bus', { reason: 'unknown' })
  await admin.retry('bus', { ids: ['other'] })
  await admin.retry('bus', {})
  expect(moved).toEqual([
    ['bus', ['counted'], 'dropped'],
    ['bus', ['counted', 'later'], 'retrying'],
    ['bus', ['later'], 'retrying'],
    ['bus', [], 'dropped'],
    ['bus', ['other'], 'retrying'],
    ['bus', undefined, 'retrying'],
  ])
})
