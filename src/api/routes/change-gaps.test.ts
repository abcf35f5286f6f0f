import { expect, test } from 'vitest'
import { gapEvent } from '../../connectors/kubernetes/map/change.ts'
import { toEventBatch } from '../../model/events.ts'
import { startStored } from '../testing/stored.ts'

const iso = (ms: number): string => new Date(ms).toISOString()

test('lists gaps that overlap the span with size and cause, newest first', async () => {
  const now = Date.now()
  const gap = (cluster: string, resource: string, found: number, since?: number) =>
    gapEvent(
      {
        cluster,
        group: resource === 'pods' ? '' : 'apps',
        resource,
        missing: 2,
        stale: 1,
        extra: 0,
        cause: 'the watch did not deliver it',
        ...(since === undefined ? {} : { from: iso(since) }),
        to: iso(found),
      },
      found,
    )
  const auth = {
    tokens: [
      { name: 'root', token: 'admin' },
      { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    ],
  } as const
  const api = await startStored({ auth })
  await api.addBatch(
    toEventBatch([gap('a', 'pods', now - 7_200_000, now - 10_800_000), gap('b', 'deployments', now - 60_000)]),
    now,
  )
  const runQuery = async (parameters: Record<string, string> = {}): Promise<unknown[]> => {
    const { status, body } = await api.get('changes/gaps', parameters, { authorization: 'Bearer admin' })
    expect(status, JSON.stringify(body)).toBe(200)
    const gaps = body['gaps'] as readonly Record<string, unknown>[]
    expect(body['total']).toBe(gaps.length)
    return gaps.map(({ cluster, resource, group, missing, stale, extra, cause, since }) => [
      cluster,
      group,
      resource,
      missing,
      stale,
      extra,
      cause,
      since === null ? null : Date.parse(String(since)),
    ])
  }
  const [first, second] = [
    ['a', '', 'pods', 2, 1, 0, 'the watch did not deliver it', now - 10_800_000],
    ['b', 'apps', 'deployments', 2, 1, 0, 'the watch did not deliver it', null],
  ]
  expect(await runQuery()).toEqual([second, first])
  expect(await runQuery({ cluster: 'a' })).toEqual([first])
  expect(await runQuery({ from: 'now-1h' })).toEqual([second])
  expect(await runQuery({ from: String(now - 9_000_000), to: String(now - 8_000_000) })).toEqual([first])
  expect(await runQuery({ from: String(now - 20_000_000), to: String(now - 11_000_000) })).toEqual([])
  expect((await api.get('changes/gaps', {}, { authorization: 'Bearer shop' })).status).toBe(403)
  expect((await api.get('changes/gaps', { from: 'soon' }, { authorization: 'Bearer admin' })).status).toBe(400)
})
