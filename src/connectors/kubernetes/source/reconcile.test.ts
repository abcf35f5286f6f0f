import { expect, test } from 'vitest'
import { testContext } from '../../../../test/conformance/batches.ts'
import { realHost } from '../../../host/index.ts'
import type { WeirEvent } from '../../../model/events.ts'
import type { GapData } from '../../../model/kubernetes.ts'
import type { Answer, Ask } from '../../../net/kubernetes/types.ts'
import { KnownObjects } from './known.ts'
import type { Collection } from './steps.ts'
import { gapsOf, repair, type Compared } from './reconcile.ts'

const { signal } = new AbortController()

/** A server with these objects, at a version that a watch has reached. */
function answering(uids: readonly string[], version = '20'): Answer {
  const body = JSON.stringify({
    metadata: { resourceVersion: version },
    items: uids.map((uid) => ({ metadata: { uid, resourceVersion: '5' } })),
  })
  return {
    status: 200,
    headers: {},
    close: () => undefined,
    body: (async function* () {
      yield await Promise.resolve(Buffer.from(body))
    })(),
  }
}

function look(
  objects: Readonly<Record<string, string>>,
  ask: Ask,
): {
  collection: Collection
  ask: Ask
  path: string
  selectors: object & Readonly<Record<string, string>>
  host: ReturnType<typeof realHost>
} {
  const collection: Collection = {
    id: 1,
    key: '/pods',
    cursor: '20',
    whole: true,
    kept: true,
    objects: new KnownObjects(),
  }
  for (const [uid, version] of Object.entries(objects)) collection.objects.add(uid, 1).version = version
  return { collection, ask, path: '/api/v1/pods', selectors: {}, host: realHost() }
}

test('missing, stale and surplus objects in two comparisons are a gap; those in one of them are not', async () => {
  const compared: number[] = []
  const found = await gapsOf(
    look({ a: '5', b: '4', c: '3' }, async () => answering(['a', 'b', 'd'])),
    signal,
    (objects) => compared.push(objects),
  )
  expect(found).toEqual({ missing: ['d'], stale: ['b'], extra: ['c'], objects: 3 })
  expect(compared).toEqual([3])
  const answers = [answering(['a', 'd']), answering(['a'])]
  expect(
    await gapsOf(
      look({ a: '5' }, async () => answers.shift() as Answer),
      signal,
      () => undefined,
    ),
  ).toEqual({ missing: [], stale: [], extra: [], objects: 1 })
})

test('if the second comparison fails, the result is unknown', async () => {
  const one = look({ a: '5' }, async () => {
    // The watch must restart meanwhile.
    if (requests++ === 1) one.collection.cursor = undefined
    return answering(['a', 'd'])
  })
  let requests = 0
  expect(await gapsOf(one, signal, () => undefined)).toBeUndefined()
  expect(requests).toBe(2)
})

test('a kind without objects and with null as its list is compared like any other', async () => {
  const empty = (): Answer => ({
    ...answering([]),
    body: (async function* () {
      yield await Promise.resolve(Buffer.from('{"metadata":{"resourceVersion":"20"},"items":null}'))
    })(),
  })
  expect(
    await gapsOf(
      look({}, async () => empty()),
      signal,
      () => undefined,
    ),
  ).toEqual({ missing: [], stale: [], extra: [], objects: 0 })
  expect(
    await gapsOf(
      look({ a: '5' }, async () => empty()),
      signal,
      () => undefined,
    ),
  ).toEqual({ missing: [], stale: [], extra: ['a'], objects: 0 })
})

test('a failed comparison is no confirmation: a later gap reaches back to the last success', async () => {
  const recorded: WeirEvent[] = []
  let answers: (Answer | 'away')[] = []
  const { collection, path, selectors, host } = look({ a: '5' }, async () => answering([]))
  let relisted = 0
  const watched: Compared = {
    type: { group: '', resource: 'pods' },
    collection,
    path,
    selectors,
    reader: { relist: () => void relisted++ },
  }
  const parts = {
    cluster: 'c1',
    context: { ...testContext(), host },
    recorder: { record: (events: readonly WeirEvent[]) => void recorded.push(...events) },
    ask: async () => {
      const answer = answers.shift()
      if (answer === 'away' || answer === undefined) throw new Error('no answer')
      return answer
    },
  }
  answers = [answering(['a'])]
  await repair(watched, parts, signal)
  const right = watched.verified
  expect(right).toBeDefined()
  answers = [answering(['a', 'd']), 'away']
  await repair(watched, parts, signal)
  expect([watched.verified, relisted, recorded]).toEqual([right, 0, []])
  answers = [answering(['a', 'd']), answering(['a', 'd'])]
  await repair(watched, parts, signal)
  expect([watched.verified, relisted]).toEqual([right, 1])
  expect(recorded.map(({ data }) => JSON.parse(Buffer.from(data ?? []).toString()) as GapData)).toMatchObject([
    { missing: 1, stale: 0, extra: 0, from: new Date(right ?? 0).toISOString() },
  ])
})
