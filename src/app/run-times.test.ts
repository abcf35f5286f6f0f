import { expect, test } from 'vitest'
import { fakeHost, type FakeHost } from '../../test/kit/fake-host.ts'
import type { Host } from '../host/index.ts'
import { recordingLog } from '../store/testing/frames.ts'
import { RunTimes } from './run-times.ts'

const minute = 60_000

async function machine(): Promise<FakeHost> {
  const host = fakeHost(1, { jitter: false })
  await host.disk.makeDirectory('data')
  return host
}

async function begun(host: Host, log = recordingLog(), on = 'files'): Promise<RunTimes> {
  const memory = () => ({ used: 480 << 20, limit: 512 << 20 })
  const runs = await RunTimes.open(
    { host, log, memory },
    { data: 'data', journal: { on: { type: on } }, store: { enabled: 'parquet' } },
  )
  runs.begin()
  return runs
}

test('a stop lasts from the end of a run to the next begin', async () => {
  const host = await machine()
  const first = await begun(host)
  expect(first.stops()).toEqual([])
  await host.advance(95_000)
  await first.end()
  const from = host.clock.now()
  await host.advance(minute)
  const second = await begun(host)
  expect(second.stops()).toEqual([{ from, to: from + minute }])
  await host.advance(minute)
  expect(second.stops()).toEqual([{ from, to: from + minute }])
})

test.each(['kill', 'crash'] as const)('after a %s a stop begins at most ten seconds too early', async (how) => {
  const host = await machine()
  await begun(host)
  await host.advance(95_000)
  const died = host.clock.now()
  const next = host[how]()
  await next.advance(minute)
  const [stop, ...more] = (await begun(next)).stops()
  expect(more).toEqual([])
  expect(stop?.to).toBe(died + minute)
  expect(died - (stop?.from ?? 0)).toBeGreaterThanOrEqual(0)
  expect(died - (stop?.from ?? 0)).toBeLessThanOrEqual(10_000)
})

test('a clock that was set back creates no stop', async () => {
  const host = await machine()
  await (await begun(host)).end()
  host.jump(-5 * minute)
  expect((await begun(host)).stops()).toEqual([])
})

test('a damaged file is logged, and replaced by the next run', async () => {
  const host = await machine()
  for (const text of ['', '{"runs":{}}', '{"runs":[{"from":5}]}', '[1']) {
    const file = await host.disk.open('data/runs.json', 'create').catch(() => host.disk.open('data/runs.json', 'write'))
    await file.write(Buffer.from(text), 0)
    await file.close()
    const log = recordingLog()
    const runs = await begun(host, log)
    await runs.end()
    expect([text, log.lines.map(({ level }) => level), runs.stops()]).toEqual([text, ['warn'], []])
    await host.disk.remove('data/runs.json')
  }
})

test('a disk that refuses writes is logged once and stops nothing', async () => {
  const host = await machine()
  const log = recordingLog()
  host.disk.fullAfter(0)
  const runs = await begun(host, log)
  await host.advance(minute)
  await runs.end()
  expect(log.lines.map(({ level }) => level)).toEqual(['warn'])
})

test('with a shared journal other instances receive, so that no stop is stated', async () => {
  const host = await machine()
  for (let run = 0; run < 2; run++) {
    const runs = await begun(host, recordingLog(), 'kafka')
    await host.advance(minute)
    await runs.end()
    await host.advance(minute)
    expect(runs.stops()).toEqual([])
  }
})

test.each(['files', 'kafka'])('a run that did not stop is logged at the next start only (journal: %s)', async (on) => {
  const host = await machine()
  await begun(host, recordingLog(), on)
  await host.advance(95_000)
  const next = host.kill()
  await next.advance(minute)
  const log = recordingLog()
  const runs = await begun(next, log, on)
  expect(log.lines).toMatchObject([
    {
      level: 'warn',
      message: expect.stringContaining('The previous run ended without a stop') as string,
      fields: { memory_mib: 480, memory_limit_mib: 512, last_seen: expect.stringMatching(/^\d{4}-.*Z$/) as string },
    },
  ])
  await runs.end()
  await runs.close()
  const later = recordingLog()
  await begun(next, later, on)
  expect(later.lines).toEqual([])
})
