import { expect, test } from 'vitest'
import { cloudTypes } from '../../model/cloud.ts'
import { toEventBatch } from '../../model/events.ts'
import { cloudEvent } from '../../store/testing/cloud-events.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const start = Date.parse('2026-11-20T10:00:00Z')
const hour = 3_600_000
const iso = (moment: number): string => new Date(moment).toISOString()

/** At 10:00 the list is a baseline; at 11:00 and 12:00 resources change. */
async function started(): Promise<StoredApi> {
  const api = await startStored()
  const { changed, created, deleted, observed } = cloudTypes
  const list = [
    cloudEvent({ id: 'same', time: start, event: observed }),
    cloudEvent({ id: 'grown', size: 'small', tags: { team: 'web', env: 'prod' }, time: start, event: observed }),
    cloudEvent({ id: 'gone', time: start, event: observed }),
    cloudEvent({ id: 'restarted', state: 'stopped', time: start, event: observed }),
    cloudEvent({ id: 'same', time: start + hour, event: observed }),
    cloudEvent({ id: 'grown', size: 'large', tags: { team: 'web', env: 'test' }, time: start + hour, event: changed }),
    cloudEvent({ id: 'gone', time: start + hour, event: deleted }),
    cloudEvent({ id: 'made', type: 'volume', attachedTo: [], time: start + hour, event: created }),
    cloudEvent({ id: 'restarted', state: 'running', time: start + hour, event: changed }),
    cloudEvent({ id: 'restarted', state: 'stopped', time: start + 2 * hour, event: changed }),
    cloudEvent({ id: 'brief', time: start + hour, event: created }),
    cloudEvent({ id: 'brief', time: start + 2 * hour, event: deleted }),
    cloudEvent({ id: 'found', account: 'later', time: start + 2 * hour, event: observed }),
  ]
  await api.addBatch(toEventBatch(list), start)
  return api
}

test('resources that differ between two times are listed with their fields, and all others are not', async () => {
  const { get } = await started()
  const { body } = await get('inventory/diff', { from: iso(start), to: iso(start + 3 * hour) })
  expect(body).toEqual({
    from: iso(start),
    to: iso(start + 3 * hour),
    counts: { created: 1, found: 1, deleted: 1, changed: 1 },
    more: false,
    resources: [
      expect.objectContaining({ kind: 'found', id: 'found', account: 'later', changes: [] }),
      expect.objectContaining({ kind: 'deleted', id: 'gone', state: 'running', changes: [] }),
      expect.objectContaining({
        kind: 'changed',
        id: 'grown',
        changes: [
          { path: 'size', from: 'small', to: 'large' },
          { path: 'tags.env', from: 'prod', to: 'test' },
        ],
      }),
      expect.objectContaining({ kind: 'created', id: 'made', type: 'volume', finding: 'detached' }),
    ],
  })
})

test('the comparison is of the two times only, of matching resources, and has a limit', async () => {
  const { get } = await started()
  const differences = async (
    from: number,
    to: number,
    query: Readonly<Record<string, string>> = {},
  ): Promise<unknown> => {
    const { body } = await get('inventory/diff', {
      from: iso(start + from * hour),
      to: iso(start + to * hour),
      ...query,
    })
    return (body['resources'] as { kind: string; id: string }[]).map(({ kind, id }) => `${id} ${kind}`)
  }
  expect(await differences(1, 2)).toEqual(['found found', 'brief deleted', 'restarted changed'])
  expect(await differences(0, 1, { state: 'stopped' })).toEqual(['restarted changed'])
  expect(await differences(0, 3, { filter: 'type = volume' })).toEqual(['made created'])
  expect(await differences(0, 3, { account: 'later' })).toEqual(['found found'])
  const { body } = await get('inventory/diff', { from: iso(start), to: iso(start + 3 * hour), limit: '1' })
  expect(body).toMatchObject({ more: true, counts: { changed: 1, deleted: 1 }, resources: [{ id: 'found' }] })
})

test('wrong times get the reason', async () => {
  const { get } = await started()
  expect(await get('inventory/diff')).toMatchObject({ status: 400 })
  expect(await get('inventory/diff', { from: 'soon' })).toMatchObject({ status: 400 })
  expect(await get('inventory/diff', { from: 'now', to: 'now-1d' })).toMatchObject({
    status: 400,
    body: { detail: expect.stringContaining('must be before') as string },
  })
})
