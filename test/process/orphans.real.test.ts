import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EventReceiver } from '../kit/event-receiver.ts'
import { weirCommand } from '../kit/weir-command.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'

let folder = ''
let weir: WeirProcess
let receiver: EventReceiver

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-orphans-'))
  receiver = await EventReceiver.start()
  receiver.status = 503
  weir = await startWeir({ folder, config: withSink() })
  await weir.events(['a', 'b', 'c'].map(event))
})
afterEach(async () => {
  await weir.kill()
  await receiver.close()
  await rm(folder, { recursive: true, force: true })
})

const event = (id: string): object => ({ specversion: '1.0', id, source: '/s', type: 't' })
const withSink = (): Record<string, unknown> => ({
  sinks: { bus: { type: 'http', url: receiver.url, delivery: { retry_initial: '50ms', retry_max: '100ms' } } },
})
const bus = async (): Promise<unknown> => (await weir.ledger()).sinks.find(({ name }) => name === 'bus')

describe('a sink with pending rows that is removed by a reload', () => {
  beforeEach(async () => {
    await expect
      .poll(async () => (await weir.pipeline()).sinks.find(({ name }) => name === 'bus')?.state, { timeout: 20_000 })
      .toBe('retrying')
    weir.configure({})
    const report = await weir.post<{ ok: boolean; problems: string[] }>('/api/v1/reload', {})
    expect(report).toMatchObject({ ok: true, problems: [expect.stringContaining('sink bus: 3 rows are pending')] })
    expect(weir.log).toContain('sink bus is no longer configured and 3 rows are pending for it')
  })

  it('is reported as orphaned, keeps its rows over a restart, and delivers them once configured', async () => {
    expect(await bus()).toMatchObject({ state: 'orphaned', pending: 3 })
    expect((await weir.pipeline()).sinks.find(({ name }) => name === 'bus')).toMatchObject({ state: 'orphaned' })
    expect(await weir.metric('weir_sink_orphaned_rows', 'sink="bus"')).toBe(3)
    await weir.stop()
    await weir.start()
    expect(await bus()).toMatchObject({ state: 'orphaned', pending: 3 })
    receiver.status = 204
    weir.configure(withSink())
    await weir.post('/api/v1/reload', {})
    await expect.poll(() => receiver.received.map(({ id }) => id), { timeout: 20_000 }).toEqual(['a', 'b', 'c'])
    await expect.poll(bus, { timeout: 20_000 }).toMatchObject({ delivered: 3, pending: 0, dropped: {} })
  })

  it('is forgotten by `weir sink forget`, with a server and without one', async () => {
    const online = await weirCommand('sink', 'forget', 'bus', '--data', weir.data)
    expect(online).toMatchObject({ code: 0, stdout: '3 rows of sink bus dropped\n' })
    expect(await bus()).toMatchObject({ state: 'forgotten', pending: 0, dropped: { forgotten: 3 } })
    expect(weir.log).toMatch(/error sink bus was forgotten: its pending rows are dropped.*rows=3/)
    expect(await weirCommand('sink', 'forget', 'bus', '--data', weir.data)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no removed sink bus has pending rows'),
    })
  })

  it('is forgotten without a server, and `ledger --verify` agrees', async () => {
    await weir.stop()
    const offline = await weirCommand('sink', 'forget', 'bus', '--data', weir.data)
    expect(offline).toMatchObject({
      code: 0,
      stdout: '3 rows of sink bus dropped\n',
      stderr: expect.stringContaining('rows=3'),
    })
    const verified = await weirCommand('ledger', '--verify', '-o', 'json', '--data', weir.data)
    expect(JSON.parse(verified.stdout)).toMatchObject({
      balanced: true,
      sinks: [{ name: 'store' }, { name: 'bus', state: 'forgotten', pending: 0, dropped: { forgotten: 3 } }],
    })
    await weir.start()
    expect(await bus()).toMatchObject({ state: 'forgotten', dropped: { forgotten: 3 } })
  })
})

it('a journal that is full of an orphan drops its oldest rows, and continues to accept', async () => {
  await weir.stop()
  weir.configure({ journal: { segment: '64KiB', max: '1MiB', keep: '64KiB' } })
  await weir.start()
  const noise = (): string => Array.from({ length: 200 }, () => Math.random().toString(36)).join('')
  for (let batch = 0; batch < 20; batch++) {
    const events = Array.from({ length: 50 }, (_, at) => ({ ...event(`${batch}/${at}`), data: noise() }))
    // The store and the duplicate window need the newest rows, which are most of so small a journal.
    await expect
      .poll(
        () =>
          weir.events(events).then(
            () => 200,
            () => 503,
          ),
        { timeout: 30_000 },
      )
      .toBe(200)
  }
  const found = (await bus()) as { state: string; pending: number; dropped: { orphaned: number } }
  expect(found.state).toBe('orphaned')
  expect(found.dropped.orphaned).toBeGreaterThan(0)
  expect(found.pending + found.dropped.orphaned).toBe(1003)
  expect(weir.log).toContain(
    'error sink bus is no longer configured and the journal is full: its oldest pending rows are dropped',
  )
  expect((await weir.ledger()).balanced).toBe(true)
}, 120_000)
