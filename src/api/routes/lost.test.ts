import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { toEventBatch } from '../../model/events.ts'
import { changeEvent, identity } from '../../store/testing/cluster.ts'
import { event } from '../../store/testing/frames.ts'
import { traceEvent } from '../../store/testing/traces.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

const minute = 60_000
const begin = Math.floor(Date.now() / (5 * minute)) * 5 * minute - 14 * minute
const iso = (ms: number): string => new Date(ms).toISOString()

test('answers about times of a damaged file are not exact, and state these times', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weir-lost-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const api = await startStored({}, { directory })
  await api.add([{ src: '10.0.0.1', dst: '10.0.0.9', bytes: 100 }], begin)
  await api.add([{ src: '10.0.0.2', dst: '10.0.0.9', bytes: 7 }], begin + 3 * minute)
  const [first] = (await readdir(directory)).filter((name) => name.startsWith('flows-')).toSorted()
  const path = join(directory, String(first))
  const bytes = await readFile(path)
  await writeFile(path, bytes.fill(0xff, 4, bytes.length - 8))

  const received = { from: String(begin - minute), to: String(begin + 5 * minute), time: 'time_received' }
  const lost = [{ from: iso(begin), to: iso(begin + 1) }]
  const short = { exact: false, lost }
  expect((await api.get('series', { ...received, step: '1m', source: 'raw' })).body).toMatchObject({
    ...short,
    rows: [[iso(begin + 3 * minute), 7, 10, 1]],
  })
  expect((await api.get('flows', { ...received, columns: 'src_addr' })).body).toMatchObject({
    ...short,
    rows: [['10.0.0.2']],
  })
  expect((await api.get('conversations', received)).body).toMatchObject(short)
  expect((await api.get('topology', { ...received, source: 'raw' })).body).toMatchObject(short)
  const file = await fetch(`${api.url}/api/v1/export?${new URLSearchParams({ ...received, format: 'csv' }).toString()}`)
  await file.text()
  expect(file.headers.get('x-weir-lost')).toBe(`${iso(begin)}/${iso(begin + 1)}`)

  const later = { ...received, from: String(begin + 2 * minute) }
  expect((await api.get('series', { ...later, source: 'raw' })).body).not.toHaveProperty('lost')
  const rollup = await api.get('series', { from: received.from, to: received.to, step: '5m' })
  expect(rollup.body).toMatchObject({ source: 'flows_1m', exact: true })
  expect(rollup.body).not.toHaveProperty('lost')
})

test('answers state when Weir did not run; sums of the stored flows stay exact', async () => {
  const api = await startStored()
  await api.add([{ src: '10.0.0.1', dst: '10.0.0.9', bytes: 100 }], begin)
  const [from, to] = [begin + minute, begin + 2 * minute]
  api.control.stops = () => [{ from, to }]
  const range = { from: String(begin), to: String(begin + 5 * minute) }
  const stopped = [{ from: iso(from), to: iso(to + 1) }]
  for (const path of ['series', 'topology', 'flows', 'conversations'])
    expect([path, (await api.get(path, range)).body]).toMatchObject([path, { exact: true, stopped }])
  expect((await api.get('flows', { ...range, group: 'src.addr' })).body).toMatchObject({ exact: true, stopped })
  const file = await fetch(`${api.url}/api/v1/export?${new URLSearchParams({ ...range, format: 'csv' }).toString()}`)
  await file.text()
  expect(file.headers.get('x-weir-stopped')).toBe(`${iso(from)}/${iso(to + 1)}`)
  const earlier = await api.get('series', { from: range.from, to: String(from) })
  expect(earlier.body).not.toHaveProperty('stopped')
})

const change = (ms: number) =>
  changeEvent(identity('Deployment/shop/web', String(ms)), iso(ms), { operation: 'updated' })
const cost = (ms: number) => event(`cost-${ms}`, { source: '/c', type: 'c', family: 'cost', time: ms, json: {} })

/** Changes with costs of an earlier time beside them. */
async function withChanges(directory?: string): Promise<StoredApi> {
  const api = await startStored({}, directory === undefined ? {} : { directory })
  await api.addBatch(toEventBatch([cost(begin - 60 * minute), change(begin)]), begin)
  await api.addBatch(toEventBatch([change(begin + 3 * minute)]), begin + 3 * minute)
  return api
}

test('sums of changes state the time of the oldest change, and when Weir did not run', async () => {
  const api = await withChanges()
  const sums = async (from: number, to = begin + 5 * minute) =>
    (await api.get('changes/sums', { from: String(from), to: String(to) })).body
  expect(await sums(begin - 10 * minute)).toMatchObject({ total: 2, since: iso(begin) })
  expect(await sums(begin - 10 * minute, begin - minute)).toMatchObject({ total: 0, since: iso(begin - minute) })
  for (const from of [begin, begin + minute]) expect(await sums(from)).not.toHaveProperty('since')
  api.control.stops = () => [{ from: begin + minute, to: begin + 2 * minute }]
  const stopped = [{ from: iso(begin + minute), to: iso(begin + 2 * minute + 1) }]
  expect(await sums(begin)).toMatchObject({ total: 2, stopped })
  expect((await api.get('audit/sums', { from: String(begin), to: String(begin + minute) })).body).toMatchObject({
    total: 0,
    since: iso(begin + minute),
  })
  expect(
    (await api.get('events/series', { family: 'change', field: '/n', from: String(begin - 10 * minute) })).body,
  ).toMatchObject({ series: [], since: iso(begin), stopped })
})

test('sums of audit events begin with the oldest event, which may be from before its receipt', async () => {
  const api = await startStored()
  const old = begin - 120 * minute
  await api.addBatch(toEventBatch([traceEvent(1, old)]), begin)
  const range = { from: String(old - 10 * minute), to: String(begin + 5 * minute) }
  expect((await api.get('audit/sums', range)).body).toMatchObject({ total: 1, since: iso(old) })
})

test('sums of changes state the times of a damaged file', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'weir-lost-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const api = await withChanges(directory)
  const path = join(
    directory,
    String((await readdir(directory)).filter((name) => name.startsWith('events-')).sort()[0]),
  )
  const bytes = await readFile(path)
  await writeFile(path, bytes.fill(0xff, 4, bytes.length - 8))
  const sums = async (name: string) => (await api.get(`${name}/sums`, { from: String(begin), to: 'now' })).body
  await sums('changes')
  expect(await sums('changes')).toMatchObject({ total: 1, lost: [{ from: iso(begin), to: iso(begin + 1) }] })
  expect(await sums('audit')).not.toHaveProperty('lost')
})
