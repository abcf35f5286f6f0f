import { expect, test } from 'vitest'
import type { CloudResource } from '../../model/cloud.ts'
import { differences, type CollectorState, type Difference } from './diff.ts'

const day = 86_400_000

function vm(id: string, more: Partial<CloudResource> = {}): CloudResource {
  return {
    provider: 'exoscale',
    account: 'a',
    region: 'z',
    type: 'instance',
    id,
    name: id,
    state: 'running',
    size: 'small',
    addresses: ['192.0.2.1', '192.0.2.2'],
    tags: { env: 'prod', team: 'shop' },
    ...more,
  }
}

function read(
  before: CollectorState | undefined,
  found: readonly CloudResource[],
  now: number,
  complete = true,
): Readonly<{ events: readonly Difference[]; after: CollectorState }> {
  return differences(before, found, { complete, now, since: before?.since ?? 1 })
}

const kinds = (events: readonly Difference[]): readonly string[] => events.map(({ kind, body }) => `${kind} ${body.id}`)

test('case C20: the first list is observed, a later resource is created at its own time', () => {
  const { events, after } = read(undefined, [vm('one')], 1000)
  expect(kinds(events)).toEqual(['observed one'])
  const next = read(after, [vm('one'), vm('two', { createdAt: new Date(1500).toISOString() })], 2000)
  expect(kinds(next.events)).toEqual(['created two'])
  expect(next.events[0]).toMatchObject({ time: 1500, body: { detectedAt: 2000 } })
})

test('case C21: another size and another order of addresses and tags are one change of the size', () => {
  const { after } = read(undefined, [vm('one')], 1000)
  const changed = vm('one', {
    size: 'large',
    addresses: ['192.0.2.2', '192.0.2.1'],
    tags: { team: 'shop', env: 'prod' },
  })
  const { events } = read(after, [changed], 2000)
  expect(events).toMatchObject([{ kind: 'changed', body: { changes: [{ path: 'size', from: 'small', to: 'large' }] } }])
})

test('a tag is compared by its name', () => {
  const { after } = read(undefined, [vm('one')], 1000)
  const { events } = read(after, [vm('one', { tags: { env: 'test' } })], 2000)
  expect(events[0]?.body.changes).toEqual([
    { path: 'tags.env', from: 'prod', to: 'test' },
    { path: 'tags.team', from: 'shop' },
  ])
})

test('case C19: two complete lists without a resource delete it once, with the same id after a repetition', () => {
  const { after } = read(undefined, [vm('one'), vm('two')], 1000)
  const first = read(after, [vm('one')], 2000)
  expect(first.events).toEqual([])
  const partial = read(first.after, [vm('one')], 2500, false)
  expect(partial.events).toEqual([])
  const [second, again] = [read(partial.after, [vm('one')], 3000), read(partial.after, [vm('one')], 4000)]
  expect(kinds(second.events)).toEqual(['deleted two'])
  expect(again.events[0]?.id).toBe(second.events[0]?.id)
  expect(read(second.after, [vm('one')], 5000).events).toEqual([])
})

test('a resource that is back after one list was never deleted, and one that returns is created under a new id', () => {
  const { after } = read(undefined, [vm('one')], 1000)
  const back = read(read(after, [], 2000).after, [vm('one')], 3000)
  expect(back.events).toEqual([])
  const gone = read(read(back.after, [], 4000).after, [], 5000)
  const created = read(gone.after, [vm('one')], 6000)
  const again = read(read(read(created.after, [], 7000).after, [], 8000).after, [vm('one')], 9000)
  expect(kinds([...gone.events, ...created.events, ...again.events])).toEqual([
    'deleted one',
    'created one',
    'created one',
  ])
  expect(again.events[0]?.id).not.toBe(created.events[0]?.id)
})

test('changes to and fro have different ids, and a terminal state deletes at once', () => {
  const { after } = read(undefined, [vm('one')], 1000)
  const ids = new Set<string>()
  let state = after
  for (const size of ['large', 'small', 'large', 'small']) {
    const next = read(state, [vm('one', { size })], 2000)
    ids.add(next.events[0]?.id ?? '')
    state = next.after
  }
  expect(ids.size).toBe(4)
  expect(kinds(read(state, [vm('one', { state: 'deleted' })], 3000).events)).toEqual(['deleted one'])
})

test('an unchanged resource is observed again after a day, and the size of a bucket is no change', () => {
  const { after } = read(undefined, [vm('one', { type: 'bucket', diskBytes: 1 })], 1000)
  expect(read(after, [vm('one', { type: 'bucket', diskBytes: 2 })], 2000).events).toEqual([])
  expect(kinds(read(after, [vm('one', { type: 'bucket', diskBytes: 2 })], 1000 + day).events)).toEqual(['observed one'])
})
