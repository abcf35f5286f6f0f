import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { SinkPiece, TransformOutput } from '../../engine/contracts.ts'
import { realHost } from '../../host/index.ts'
import { frameHeader } from '../../journal/frame-header.ts'
import { toEventBatch } from '../../model/events.ts'
import { TapFeed } from '../tap/feed.ts'
import { start } from '../testing/kit.ts'
import { someEvents, someFlows, type RecordingControl } from '../testing/recording-control.ts'

type Line = Record<string, unknown>

/** Opens a tap, runs `act` once it is connected, and reads to its end. */
async function tapped(url: string, control: RecordingControl, query: string, act: () => void): Promise<Line[]> {
  const before = control.watchers
  const answer = await fetch(`${url}/api/v1/tap?${query}`)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/x-ndjson; charset=utf-8'])
  expect(control.watchers).toBe(before + 1)
  act()
  const lines = (await answer.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
  expect(control.watchers).toBe(before)
  return lines
}

test('a tap of a source returns each row with its stable id, and no rows of other sources', async () => {
  const { api, control } = await start()
  const lines = await tapped(api.url, control, 'source=netflow&limit=3', () => {
    control.publish(someEvents('elsewhere'), 'http')
    control.publish(someFlows(2))
    control.publish(someFlows(2, 2000))
  })
  expect(lines).toMatchObject([
    { _pos: 'netflow:1:2:0', src_addr: '10.0.0.1', src_port: 1000, bytes: '18446744073709551615' },
    { _pos: 'netflow:1:2:1', src_port: 1001 },
    { _pos: 'netflow:1:3:0', src_port: 2000 },
  ])
  const events = await tapped(api.url, control, 'source=http&limit=1', () => {
    control.publish(someFlows(2))
    control.publish(someEvents('a', 'b'), 'http')
  })
  expect(events).toEqual([
    {
      _pos: 'http:1:5:0',
      specversion: '1.0',
      id: 'a',
      source: '/test',
      type: 'test.event',
      subject: 's',
      time: '2023-11-14T22:13:20.000Z',
      data: { a: 1 },
    },
  ])
})

test('a tap of a transform returns each row before and after it', async () => {
  const { api, control } = await start()
  const rows = toEventBatch(['a', 'b', 'c'].map((id) => ({ id, source: '/s', type: 't', encoding: 'none' as const })))
  const header = frameHeader({ sequence: 7, kind: 'events', source: 'http', count: 3, received: 5 })
  const before = (row: number): SinkPiece => ({ header, batch: rows, rows: Uint32Array.of(row), firstRow: 0 })
  const output = (to: string, id: string): TransformOutput => ({
    to,
    batch: toEventBatch([{ id, source: '/s', type: 'made', encoding: 'none' }]),
  })
  const lines = await tapped(api.url, control, 'transform=masked&limit=5&filter=type%20in%20(t,%20made)', () =>
    control.derive(
      [
        { before: before(0), outputs: [output('', 'A')] },
        {
          before: before(1),
          outputs: [output('', 'window')],
          failure: { index: 0, is: 'filter', reason: 'aggregated', rows: Uint32Array.of(0) },
        },
        { before: before(2), outputs: [], failure: { index: 0, is: 'reject', reason: 'no' } },
        { outputs: [output('late', 'end')] },
      ],
      9,
    ),
  )
  expect(lines).toMatchObject([
    { skipped: 9 },
    { before: { _pos: 'http:1:7:0', id: 'a' }, after: [{ id: 'A', type: 'made' }] },
    { before: { id: 'b' }, after: [], outcome: 'aggregated' },
    { before: null, after: [{ id: 'window' }] },
    { before: { id: 'c' }, after: [], outcome: 'rejected: no' },
    { before: null, after: [{ _to: 'late', id: 'end' }] },
  ])
  const answer = await fetch(`${api.url}/api/v1/tap?transform=other`)
  expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'WEIR_SINK_UNKNOWN' }])
})

test('a tap of a sink returns what the sink writes, or why it cannot', async () => {
  const { api, control } = await start()
  const lines = await tapped(api.url, control, 'sink=bus&limit=3', () => void control.publish(someFlows(6)))
  expect(lines).toEqual([
    { _pos: 'netflow:1:1:0', problem: 'poison' },
    { _pos: 'netflow:1:1:2', to: 'subject', headers: { n: '2' }, body: 'row 2' },
    { _pos: 'netflow:1:1:4', to: 'subject', headers: { n: '4' }, body_base64: '/w==' },
  ])
})

test('a filter selects rows by any alias of a field, of flows or of events', async () => {
  const { api, control } = await start()
  const filter = (text: string): string =>
    new URLSearchParams({ source: 'netflow', limit: '2', filter: text }).toString()
  const lines = await tapped(api.url, control, filter('dst.port = 53 and SrcPort > 1002'), () => {
    control.publish(someEvents('a'), 'netflow')
    control.publish(someFlows(8))
  })
  expect(lines).toMatchObject([{ src_port: 1003, dst_port: 53 }, { src_port: 1005 }])
  const events = await tapped(
    api.url,
    control,
    new URLSearchParams({ source: 'http', limit: '1', filter: 'subject = s and id = b' }).toString(),
    () => void control.publish(someEvents('a', 'b'), 'http'),
  )
  expect(events).toMatchObject([{ id: 'b' }])
  const wrong = await fetch(`${api.url}/api/v1/tap?${filter('dst_prt = 53')}`)
  expect(wrong.status).toBe(400)
  expect(await wrong.json()).toMatchObject({ code: 'WEIR_API_FILTER', errors: [{ from: 0 }] })
})

test('rejects a missing, double or unknown target', async () => {
  const { api } = await start()
  const status = async (query: string): Promise<[number, string]> => {
    const answer = await fetch(`${api.url}/api/v1/tap?${query}`)
    return [answer.status, ((await answer.json()) as { code: string }).code]
  }
  expect(await status('')).toEqual([400, 'WEIR_API_INVALID'])
  expect(await status('source=netflow&sink=bus')).toEqual([400, 'WEIR_API_INVALID'])
  expect(await status('source=netflw')).toEqual([404, 'WEIR_SOURCE_UNKNOWN'])
  expect(await status('sink=bs')).toEqual([404, 'WEIR_SINK_UNKNOWN'])
  expect(await status('source=netflow&limit=0')).toEqual([400, 'WEIR_API_INVALID'])
})

test('a disconnected client unsubscribes, and closing the server ends every tap', async () => {
  const { api, control } = await start()
  const before = control.watchers
  const leaving = new AbortController()
  await fetch(`${api.url}/api/v1/tap?source=netflow`, { signal: leaving.signal })
  expect(control.watchers).toBe(before + 1)
  leaving.abort()
  while (control.watchers > before) await sleep(5)
  const staying = await fetch(`${api.url}/api/v1/tap?source=netflow`)
  control.publish(someFlows(1))
  await api.close()
  expect((await staying.text()).trim().split('\n')).toHaveLength(1)
})

test('rejects a tap over the limit', async () => {
  const { api } = await start()
  const leaving = new AbortController()
  // A collected response would end its tap.
  const taps: Response[] = []
  for (let i = 0; i < 32; i++)
    taps.push(await fetch(`${api.url}/api/v1/tap?source=netflow`, { signal: leaving.signal }))
  expect((await fetch(`${api.url}/api/v1/tap?source=netflow`)).status).toBe(429)
  expect(taps).toHaveLength(32)
  leaving.abort()
})

test('skips and counts rows that are faster than a slow client', async () => {
  const { clock, timers } = realHost()
  const feed = new TapFeed({
    clock: { ...clock, monotonic: () => 1 },
    timers,
    limit: 100,
    bytes: 50,
    linesPerSecond: 10,
    quietMs: 10,
  })
  expect(feed.room(8)).toBe(8)
  for (let i = 0; i < 8; i++) feed.push('x'.repeat(10))
  expect(feed.room(1)).toBe(0)
  const reader = feed[Symbol.asyncIterator]()
  const text = async (): Promise<string> => String(Buffer.from((await reader.next()).value ?? []))
  expect(await text()).toBe('\n')
  expect(await text()).toBe(`{"skipped":1}\n${'xxxxxxxxxx\n'.repeat(8)}`)
  expect(feed.room(8)).toBe(2)
  feed.push('a')
  feed.push('b')
  expect(await text()).toBe('{"skipped":6}\na\nb\n')
  expect(await text()).toBe('\n')
  feed.end()
  expect((await reader.next()).done).toBe(true)
})
