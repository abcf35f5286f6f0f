import { expect, onTestFinished, test } from 'vitest'
import type { Resolver } from '../../engine/contracts.ts'
import { realHost, type Host } from '../../host/index.ts'
import { pod } from '../../identity/testing/objects.ts'
import { WorkloadResolver } from '../../identity/workload-resolver.ts'
import { Workloads } from '../../identity/workloads.ts'
import type { Frame } from '../../journal/types.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { flowBatch, FrameMaker, recordingLog, resolver as networks, startOfDay } from '../testing/frames.ts'
import { queryRows } from '../testing/query-rows.ts'
import { NewestFlows } from './index.ts'

type Options = Readonly<{ host?: Host; resolver?: Resolver; rows?: number; bytes?: number }>

/** Tables over frames that the test adds and evicts. */
function opened({ host = realHost(), resolver = networks, rows = 1_000_000, bytes = 1 << 28 }: Options = {}) {
  const frames: Frame[] = []
  const log = recordingLog()
  const source = {
    evicted: 0,
    since: startOfDay,
    reads: [] as number[],
    after(sequence: number) {
      source.reads.push(sequence)
      return frames.filter(({ header }) => header.sequence > sequence).map((frame) => ({ frame }))
    },
  }
  const newest = new NewestFlows({ host, log, resolver, frames: source, rows, bytes })
  onTestFinished(() => newest.close())
  const select = (sql: string) => queryRows(newest.reader, sql)
  const count = async () => Number((await select('SELECT count(*) AS n FROM flows'))[0]?.['n'])
  return { newest, source, frames, log, select, count }
}

function someFlows(count: number, net = 0) {
  return Array.from({ length: count }, (_, row) => ({ src: `10.${net}.0.${row % 250}`, dst: '10.9.0.1', bytes: row }))
}

test('a query sees every frame that arrived before it, and none that was evicted', async () => {
  const { newest, source, frames, select, count } = opened()
  expect(await count()).toBe(0)
  const make = new FrameMaker()
  for (let at = 1; at <= 5; at++) {
    frames.push(make.flows(someFlows(10, at), startOfDay + at))
    expect(await count()).toBe(10 * at)
  }
  source.evicted = 2
  source.since = startOfDay + 3
  expect(await count()).toBe(30)
  expect(newest.since).toBe(startOfDay + 3)
  expect(await select("SELECT DISTINCT split_part(src_addr, '.', 2) AS net FROM flows ORDER BY 1")).toEqual(
    ['3', '4', '5'].map((net) => ({ net })),
  )
  source.evicted = 5
  expect(await count()).toBe(0)
  frames.push(make.flows(someFlows(7), startOfDay + 6))
  expect(await count()).toBe(7)
})

test('a segment of which all frames were evicted is dropped, while older statements still read it', async () => {
  const { newest, source, frames, count } = opened({ rows: 4000 })
  const make = new FrameMaker()
  for (let at = 1; at <= 6; at++) frames.push(make.flows(someFlows(1000), startOfDay + at))
  const signal = new AbortController().signal
  const stream = await newest.reader.query('SELECT bytes FROM flows ORDER BY ALL', 'ndjson', signal)
  source.evicted = 5
  expect(await count()).toBe(1000)
  let lines = 0
  for await (const piece of stream) lines += Buffer.from(piece).toString().split('\n').length - 1
  expect(lines).toBe(6000)
})

test('tables above their bytes drop the oldest rows, and state since when they are complete', async () => {
  const { newest, frames, count } = opened({ bytes: 400_000 })
  const make = new FrameMaker()
  for (let at = 1; at <= 40; at++) frames.push(make.flows(someFlows(500), startOfDay + at))
  const rows = await count()
  expect(rows).toBeGreaterThan(500)
  expect(rows).toBeLessThan(20_000)
  const kept = rows / 500
  expect(newest.since).toBe(startOfDay + 40 - kept + 1)
})

test('columns that appear later are null in earlier rows', async () => {
  const { frames, select } = opened()
  const make = new FrameMaker()
  const narrow = flowBatch(someFlows(2), startOfDay)
  const mac = { kind: 'mac', words: Uint32Array.of(0x33445566, 0x1122, 0, 0), valid: Uint8Array.of(1) } as const
  const wide: FlowBatch = {
    ...narrow,
    dictionary: ['', 'netflow5', 'eth0', '{"a":1}'],
    columns: {
      ...narrow.columns,
      src_mac: mac,
      extra: { kind: 'json', codes: Uint32Array.of(3, 0) },
      interfaces: { kind: 'list<dict>', offsets: Uint32Array.of(0, 2, 2), items: Uint32Array.of(2, 2) },
      rtt: { kind: 'u64', words: Uint32Array.of(0, 1, 5, 0) },
    },
  }
  for (const batch of [narrow, wide, narrow]) frames.push(make.batch(batch, startOfDay, 'netflow'))
  const rows = await select('SELECT src_mac, extra, interfaces, rtt FROM flows ORDER BY rtt DESC NULLS LAST LIMIT 3')
  expect(rows).toMatchObject([
    { src_mac: '11:22:33:44:55:66', interfaces: ['eth0', 'eth0'], rtt: 2 ** 32 },
    { src_mac: null, extra: null, interfaces: null, rtt: 5 },
    { src_mac: null, extra: null, interfaces: null, rtt: null },
  ])
})

test('a frame that cannot be decoded is logged with its rows, and costs no other row', async () => {
  const { frames, log, count } = opened()
  const make = new FrameMaker()
  const damaged = { ...make.flows(someFlows(3)), body: () => Uint8Array.of(1, 2, 3) }
  frames.push(make.flows(someFlows(4)), damaged, make.flows(someFlows(5)))
  expect(await count()).toBe(9)
  expect(await count()).toBe(9)
  expect(log.lines).toMatchObject([{ level: 'error', fields: { source: 'netflow', rows: 3 } }])
})

test('names that arrive after the flows are those of the next query', async () => {
  const workloads = new Workloads()
  const resolver = new WorkloadResolver(
    { ...networks, reload: () => Promise.resolve(), close: () => {}, resolve: () => ({ is: 'unknown' }) },
    workloads,
    () => true,
  )
  const emit = (...objects: ReturnType<typeof pod>[]) => {
    for (const object of objects) workloads.apply(object)
    workloads.settle()
  }
  emit(pod('first', '10.1.0.1', 0))
  const { frames, select } = opened({ resolver })
  const make = new FrameMaker()
  frames.push(make.flows([{ src: '10.1.0.7', dst: '192.0.2.1', start: startOfDay }], startOfDay))
  const name = async () => (await select('SELECT src_name FROM flows'))[0]?.['src_name']
  expect(await name()).toBeNull()
  emit(pod('late', '10.1.0.7', 0))
  expect(await name()).toBe('late')
})

test('changed networks name all flows again', async () => {
  let label = 'net=old'
  const resolver = { ...networks, generation: 1, resolve: () => ({ is: 'endpoint', endpoint: { label } }) as const }
  const { frames, select } = opened({ resolver })
  frames.push(new FrameMaker().flows(someFlows(2)))
  const labels = () => select('SELECT DISTINCT src_label FROM flows')
  expect(await labels()).toEqual([{ src_label: 'net=old' }])
  label = 'net=new'
  resolver.generation++
  expect(await labels()).toEqual([{ src_label: 'net=new' }])
})

test('after minutes without queries there are no tables, and the next query fills them', async () => {
  const host = realHost()
  let [now, tick] = [0, () => {}]
  const clock = { ...host.clock, now: () => Date.now(), monotonic: () => now }
  const every = (_ms: number, run: () => void) => ((tick = run), { cancel: () => (tick = () => {}) })
  const timers = { ...host.timers, every } as unknown as Host['timers']
  const { newest, source, frames, count } = opened({ host: { ...host, clock, timers } })
  frames.push(new FrameMaker().flows(someFlows(3)))
  expect(await count()).toBe(3)
  tick()
  await newest.update()
  expect(source.reads.at(-1)).toBe(1)
  now = 300_001
  tick()
  await newest.update()
  expect(source.reads.at(-1)).toBe(0)
  expect(await count()).toBe(3)
})

test('tables of a large load are compressed', async () => {
  const host = realHost()
  // The timer also compresses.
  const timers = { ...host.timers, every: () => ({ cancel: () => {} }) } as unknown as Host['timers']
  const { newest, frames, count } = opened({ host: { ...host, timers }, rows: 400_000 })
  const make = new FrameMaker()
  const flows = someFlows(10_000)
  for (let at = 1; at <= 12; at++) frames.push(make.flows(flows, startOfDay + at))
  expect(await count()).toBe(120_000)
  const before = await newest.memory()
  await newest.compress()
  expect(await newest.memory()).toBeLessThan(before / 2)
  expect(await count()).toBe(120_000)
})

test('a frame that fails to be stored fails one query; the next ones have the later frames', async () => {
  const failing = {
    ...networks,
    resolve: () => {
      throw new Error('no memory')
    },
  }
  let current: Resolver = networks
  const resolver: Resolver = { ...networks, resolve: (...of) => current.resolve(...of) }
  const { newest, frames, count } = opened({ resolver })
  const make = new FrameMaker()
  frames.push(make.flows(someFlows(3, 1), startOfDay + 1))
  expect(await count()).toBe(3)
  frames.push(make.flows(someFlows(4, 2), startOfDay + 2))
  current = failing
  await expect(count()).rejects.toThrow('no memory')
  current = networks
  frames.push(make.flows(someFlows(5, 3), startOfDay + 3))
  expect(await count()).toBe(5)
  expect(newest.since).toBe(startOfDay + 3)
})

test('the same applies if DuckDB has no memory for a frame', async () => {
  // DuckDB has 256 MiB beside the tables.
  const { newest, frames, count } = opened({ bytes: (6 << 20) - (256 << 20) })
  const make = new FrameMaker()
  frames.push(make.flows(someFlows(100_000), startOfDay + 1))
  await expect(count()).rejects.toThrow(/memory/i)
  expect(await count()).toBe(0)
  expect(newest.since).toBe(startOfDay + 2)
  frames.push(make.flows(someFlows(5), startOfDay + 3))
  expect(await count()).toBe(5)
})
