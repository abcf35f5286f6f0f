import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configMap, live, ModelJournal } from '../../../../test/kit/kubernetes-model.ts'
import type { ChangeData, ResourceData } from '../../../model/kubernetes.ts'
import type { KubeObject } from '../client/types.ts'

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-times-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const iso = (time: string): string => `2026-11-20T${time}Z`
let files = 0

/** The changes emitted for `a` and then `steps`, each at its receive time. */
async function changesOf(
  steps: readonly (readonly [received: string, type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject])[],
): Promise<unknown[]> {
  const journal = new ModelJournal()
  let now = Date.parse(iso('10:00:00'))
  const { tracker, stop } = await live(journal, join(dir, `objects-${files++}.sqlite`), { begun: now, now: () => now })
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await tracker.listed('1')
  for (const [received, type, object] of steps) {
    now = Date.parse(iso(received))
    await tracker.changed(type, object)
  }
  await stop()
  return journal
    .events()
    .filter(({ family }) => family === 'change')
    .map(({ time, data }) => {
      const { operation, deletionRequested } = JSON.parse(Buffer.from(data ?? []).toString()) as ChangeData
      const requested = deletionRequested === undefined ? '' : ` requested ${deletionRequested.slice(11, 19)}`
      return `${operation} ${new Date(time ?? 0).toISOString().slice(11, 23)}${requested}`
    })
}

const written = (time: string): object => ({
  managedFields: [{ manager: 'kubectl', operation: 'Update', time: iso(time), fieldsV1: { 'f:data': { 'f:x': {} } } }],
})

test('a late change has the time of the write, and none is later than its receipt', async () => {
  expect(
    await changesOf([
      ['10:00:05.300', 'MODIFIED', configMap('a', 'u1', 2, { x: '2' }, written('10:00:05'))],
      ['10:30:00.000', 'MODIFIED', configMap('a', 'u1', 3, { x: '3' }, written('10:10:00'))],
      ['10:31:00.000', 'MODIFIED', configMap('a', 'u1', 4, { x: '3', y: '1' }, written('10:10:00'))],
      ['10:32:00.000', 'MODIFIED', configMap('a', 'u1', 5, { x: '5', y: '1' }, written('10:32:09'))],
      ['10:33:00.000', 'ADDED', configMap('b', 'u2', 6, {}, { creationTimestamp: iso('10:20:00') })],
      ['10:34:00.000', 'ADDED', configMap('c', 'u3', 7, {}, { creationTimestamp: iso('10:35:00') })],
    ]),
  ).toEqual([
    'updated 10:00:05.300',
    'updated 10:10:00.000',
    'updated 10:31:00.000',
    'updated 10:32:00.000',
    'created 10:20:00.000',
    'created 10:34:00.000',
  ])
})

test('a deletion has its own time, unless finalizers delayed it; it has the time of the first request', async () => {
  const [held, ends] = [
    { finalizers: ['example.com/hold'] },
    (time: string, grace: number): object => ({ deletionTimestamp: iso(time), deletionGracePeriodSeconds: grace }),
  ]
  expect(
    await changesOf([
      ['10:10:00.000', 'MODIFIED', configMap('a', 'u1', 2, { x: '1' }, { ...held, ...ends('10:00:05', 0) })],
      ['10:20:00.000', 'DELETED', configMap('a', 'u1', 3, { x: '1' }, { ...held, ...ends('10:00:05', 0) })],
    ]),
  ).toEqual(['updated 10:00:05.000 requested 10:00:05', 'deleted 10:20:00.000 requested 10:00:05'])
  expect(
    await changesOf([
      ['10:00:05.100', 'MODIFIED', configMap('a', 'u1', 2, { x: '1' }, ends('10:00:35', 30))],
      ['10:00:20.100', 'MODIFIED', configMap('a', 'u1', 3, { x: '1' }, ends('10:00:20', 0))],
      ['10:00:29.000', 'DELETED', configMap('a', 'u1', 4, { x: '1' }, ends('10:00:20', 0))],
    ]),
  ).toEqual([
    'updated 10:00:05.100 requested 10:00:05',
    'updated 10:00:20.100 requested 10:00:20',
    'deleted 10:00:20.100 requested 10:00:05',
  ])
  expect(await changesOf([['10:00:05.100', 'DELETED', configMap('a', 'u1', 2, { x: '1' })]])).toEqual([
    'deleted 10:00:05.100',
  ])
})

test('resource facts are valid from the time of the change', async () => {
  const journal = new ModelJournal()
  let now = Date.parse(iso('10:00:00'))
  const { tracker, stop } = await live(journal, join(dir, 'objects-since.sqlite'), { begun: now, now: () => now })
  await tracker.listing()
  await tracker.present(configMap('a', 'u1', 1, { x: '1' }))
  await tracker.listed('1')
  now = Date.parse(iso('10:30:00'))
  await tracker.changed(
    'MODIFIED',
    configMap('a', 'u1', 2, { x: '2' }, { labels: { app: 'a' }, ...written('10:10:00') }),
  )
  await tracker.changed(
    'DELETED',
    configMap('a', 'u1', 3, { x: '2' }, { labels: { app: 'a' }, deletionTimestamp: iso('10:20:00') }),
  )
  await stop()
  const resources = journal
    .events()
    .filter(({ family }) => family === 'resource')
    .map(({ data }) => JSON.parse(Buffer.from(data ?? []).toString()) as ResourceData)
  expect(resources.map(({ state, since }) => `${state} ${since.slice(11, 19)}`)).toEqual([
    'present 10:00:00',
    'present 10:10:00',
    'gone 10:20:00',
  ])
})
