/**
 * Prints the costs of the store: rows per CPU second of apply and commit, time to the first result, memory, queries.
 * `npm run ts src/store/testing/measure.ts [rows]`
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realHost } from '../../host/index.ts'
import type { Frame } from '../../journal/types.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { openStore } from '../index.ts'
import { queryRows } from './query-rows.ts'
import { event, FrameMaker, recordingLog, recordingMetrics, resolver, startOfDay } from './frames.ts'

const total = Number(process.argv[2] ?? 2_000_000)
const perFrame = 8192
const addresses = 50_000

function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 4_294_967_296
  }
}

function flows(next: () => number, at: number): FlowBatch {
  const n = perFrame
  const u8 = (make: () => number) => ({ kind: 'u8' as const, values: Uint8Array.from({ length: n }, make) })
  const u16 = (make: () => number) => ({ kind: 'u16' as const, values: Uint16Array.from({ length: n }, make) })
  const u32 = (make: () => number) => ({ kind: 'u32' as const, values: Uint32Array.from({ length: n }, make) })
  const u64 = (make: () => number) => ({
    kind: 'u64' as const,
    words: Uint32Array.from({ length: 2 * n }, (_, i) => (i % 2 === 0 ? make() : 0)),
  })
  const ip = (make: () => number) => ({
    kind: 'ip' as const,
    words: Uint32Array.from({ length: 4 * n }, (_, i) => (i % 4 === 3 ? make() : i % 4 === 2 ? 0xffff : 0)),
  })
  const time = (make: () => number) => ({ kind: 'time' as const, values: Float64Array.from({ length: n }, make) })
  const address = (): number => 0x0a000000 + Math.floor(addresses * next() ** 3)
  return {
    kind: 'flows',
    count: n,
    dictionary: ['', 'netflow5'],
    columns: {
      time_start: time(() => at - Math.floor(60_000 * next())),
      time_end: time(() => at - Math.floor(1000 * next())),
      time_received: time(() => at),
      src_addr: ip(address),
      dst_addr: ip(address),
      exporter_addr: ip(() => 0xc0000201),
      next_hop: ip(() => 0xc0000202),
      src_port: u16(() => 1024 + Math.floor(64_000 * next())),
      dst_port: u16(() => [443, 80, 53, 22][Math.floor(4 * next())] ?? 443),
      proto: u8(() => (next() < 0.8 ? 6 : 17)),
      tcp_flags: u16(() => 27),
      dscp: u8(() => 0),
      in_if: u32(() => 1 + Math.floor(4 * next())),
      out_if: u32(() => 1 + Math.floor(4 * next())),
      bytes: u64(() => Math.floor(1e6 * next() ** 4)),
      packets: u64(() => 1 + Math.floor(1000 * next() ** 4)),
      sampling: u32(() => 1),
      protocol: { kind: 'dict', codes: new Uint32Array(n).fill(1) },
      protocol_version: u8(() => 5),
      time_skewed: u8(() => 0),
      src_as: u32(() => 0),
      dst_as: u32(() => 0),
      src_mask: u8(() => 24),
      dst_mask: u8(() => 24),
    },
  }
}

async function anonymous(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '')
  return Math.round(Number(/RssAnon:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
}

const cpu = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e6
}
const say = (what: string, value: number | string): void => console.log(`${what.padEnd(58)} ${value}`)

const home = await mkdtemp(join(tmpdir(), 'weir-measure-'))
const open = (name: string): ReturnType<typeof openStore> =>
  openStore({
    host: realHost(),
    directory: join(home, name),
    resolver,
    log: recordingLog(),
    metrics: recordingMetrics(),
  })
try {
  say('anonymous memory at start, MB', await anonymous())
  const began = performance.now()
  const empty = await open('empty')
  say('openStore on an empty folder, ms', Math.round(performance.now() - began))
  await queryRows(empty.reader, 'SELECT count(*) FROM flows')
  say('openStore to first answer on an empty folder, ms', Math.round(performance.now() - began))
  say('anonymous memory with the reader, MB', await anonymous())
  await empty.projection.apply([new FrameMaker().flows([{ src: '10.0.0.1', dst: '10.0.0.2' }])])
  await empty.projection.commit()
  say('anonymous memory with reader and writer, MB', await anonymous())
  await empty.close()

  const next = random(7)
  const made = Array.from({ length: 16 }, (_, i) => flows(next, startOfDay + i * 100))
  const make = new FrameMaker()
  const frames: Frame[] = Array.from({ length: Math.ceil(total / perFrame) }, (_, i) =>
    make.batch(made[i % made.length] as FlowBatch, startOfDay + i * 20, 'netflow'),
  )
  const store = await open('flows')
  let apply = 0
  let commit = 0
  for (const frame of frames) {
    const before = cpu()
    await store.projection.apply([frame])
    const between = cpu()
    apply += between - before
    if (!store.projection.wantsCommit()) continue
    await store.projection.commit()
    commit += cpu() - between
  }
  const last = cpu()
  await store.projection.commit()
  commit += cpu() - last
  const rows = frames.length * perFrame
  const status = store.status()
  if (status.rows !== rows) throw new Error(`${status.rows} of ${rows} rows were stored`)
  say('flow rows', rows)
  say('apply, M rows per cpu-second', (rows / apply / 1e6).toFixed(2))
  say('commit, M rows per cpu-second', (rows / commit / 1e6).toFixed(2))
  say('apply + commit, M rows per cpu-second', (rows / (apply + commit) / 1e6).toFixed(2))
  say('bytes per row on disk', (status.bytes / rows).toFixed(1))
  say('anonymous memory after that, MB', await anonymous())
  for (const [what, sql] of [
    ['sum of bytes', 'SELECT count(*), sum(bytes) FROM flows'],
    ['sum of estimated bytes', 'SELECT sum(bytes_est) FROM flows'],
    ['top talkers', 'SELECT src_addr, sum(bytes) AS b FROM flows GROUP BY ALL ORDER BY b DESC LIMIT 10'],
    [
      'top pairs with names',
      'SELECT src_addr, src_name, dst_addr, dst_name, sum(bytes) AS b FROM flows GROUP BY ALL ORDER BY b DESC LIMIT 10',
    ],
    ['one address', "SELECT count(*) FROM flows WHERE src_addr = '10.0.0.1'"],
    ['newest 100', 'SELECT * FROM flows ORDER BY time_received DESC LIMIT 100'],
    ['200,000 rows as JSON', 'SELECT * FROM flows LIMIT 200000'],
  ] as const) {
    const times: number[] = []
    for (let i = 0; i < 3; i++) {
      const start = performance.now()
      let bytes = 0
      for await (const chunk of await store.reader.query(sql, 'json', new AbortController().signal))
        bytes += chunk.length
      times.push(performance.now() - start)
    }
    say(`${what}, ms (first, second, third)`, times.map((time) => time.toFixed(0)).join(' '))
  }
  const beforeMerge = cpu()
  while (await store.maintain());
  say('merging, cpu-seconds', (cpu() - beforeMerge).toFixed(2))
  say('anonymous memory at the end, MB', await anonymous())
  await store.close()

  const events = await open('events')
  const body = 'x'.repeat(900)
  const batches = Array.from({ length: 40 }, (_, f) =>
    make.events(
      Array.from({ length: 500 }, (_, i) =>
        event(`${f}-${i}`, { json: { n: i, body, at: f }, subject: `s${i % 50}`, type: `t${i % 5}` }),
      ),
    ),
  )
  const start = cpu()
  await events.projection.apply(batches)
  const between = cpu()
  await events.projection.commit()
  say('events of 1 KB, apply, k per cpu-second', (20 / (between - start)).toFixed(0))
  say('events of 1 KB, apply + commit, k per cpu-second', (20 / (cpu() - start)).toFixed(0))
  await events.close()
} finally {
  await rm(home, { recursive: true, force: true })
}
