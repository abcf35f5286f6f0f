import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startStored } from '../testing/stored.ts'

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
