import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { MemoryTables } from '../../test/kit/memory-tables.ts'
import { realHost, type Host } from '../host/index.ts'
import { encodeBatch, openJournal, type SegmentWriter } from '../journal/index.ts'
import { toEventBatch } from '../model/events.ts'
import { filePartition } from '../model/positions.ts'
import type { FeedIdentity } from './delayed-frames.ts'
import { openStore, StoreFeed, type Store } from './index.ts'
import { queryRows } from './testing/query-rows.ts'
import type { TableRows } from './table-writer.ts'
import { event, flowBatch, recordingLog, recordingMetrics, resolver } from './testing/frames.ts'

const host = hasty(realHost(), 8)
let folder: string
let journal: SegmentWriter
let stop: AbortController

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-feed-'))
  journal = await openJournal({ host, directory: join(folder, 'journal'), epoch: 1 })
  stop = new AbortController()
})

afterEach(async () => {
  stop.abort()
  await journal.close()
  await rm(folder, { recursive: true, force: true })
})

function hasty(real: Host, times: number): Host {
  const began = real.clock.now()
  return {
    ...real,
    clock: { now: () => began + (real.clock.now() - began) * times, monotonic: () => real.clock.monotonic() * times },
    timers: {
      ...real.timers,
      after: (ms, act) => real.timers.after(ms / times, act),
      sleep: (ms, signal) => real.timers.sleep(ms / times, signal),
    },
  }
}

class FailingTables extends MemoryTables {
  static appends = 0
  static failAt: ReadonlySet<number> = new Set()

  override append(hour: number, rows: TableRows): Promise<void> {
    if (FailingTables.failAt.has(++FailingTables.appends)) return Promise.reject(new Error('the table is full'))
    return super.append(hour, rows)
  }
}

async function accept(id: string, data?: Uint8Array): Promise<number> {
  const raw = encodeBatch(toEventBatch([data === undefined ? event(id) : { ...event(id), encoding: 'binary', data }]))
  const { position } = await journal.append({
    source: 'http',
    stream: 'http',
    kind: 'events',
    raw,
    count: 1,
    received: host.clock.now(),
    timeMin: Number.NaN,
    timeMax: Number.NaN,
  })
  return position.sequence
}

interface Fed {
  readonly feed: StoreFeed
  readonly logged: string[]
  readonly done: Promise<void>
  until(sequence: number): Promise<void>
  commits(): number
}

async function feed(open: () => Promise<Store>, identity?: FeedIdentity, fedHost = host): Promise<Fed> {
  const logged: string[] = []
  const log = { ...recordingLog(), error: (message: string) => void logged.push(message) }
  let onLog: () => void = () => {}
  let commits = 0
  const committed = (): void => {
    commits++
    onLog()
  }
  const made = await StoreFeed.open({
    host: fedHost,
    log,
    metrics: recordingMetrics(),
    open,
    committed,
    ...(identity === undefined ? {} : { identity }),
  })
  const done = made.run(join(folder, 'journal'), journal.tail, stop.signal)
  const reached = (): number => made.store.ledger().positions[filePartition]?.sequence ?? 0
  return {
    feed: made,
    logged,
    done,
    commits: () => commits,
    async until(sequence) {
      while (reached() < sequence) await new Promise<void>((resolve) => (onLog = resolve))
    },
  }
}

const tables = (): Promise<Store> =>
  openStore({
    host,
    directory: join(folder, 'store'),
    resolver,
    log: recordingLog(),
    metrics: recordingMetrics(),
    writer: () => Promise.resolve(new FailingTables(host.disk)),
  })

test('a store that fails within a frame is reopened and stores every row once', async () => {
  FailingTables.appends = 0
  FailingTables.failAt = new Set([2])
  const { feed: fed, logged, done, until } = await feed(tables)
  const first = await accept('a')
  await until(first)
  await accept('b')
  await until(await accept('c'))
  expect(logged).toEqual(['The store failed and is reopened. The journal keeps the rows.'])
  expect(fed.store.ledger().stored).toEqual({ http: 3 })
  stop.abort()
  await done
  await fed.store.close()
})

test('a store that cannot be reopened is retried until it can, while the journal keeps the rows', async () => {
  FailingTables.appends = 0
  FailingTables.failAt = new Set([1])
  let opens = 0
  const {
    feed: fed,
    logged,
    done,
    until,
  } = await feed(() => (++opens === 2 ? Promise.reject(new Error('no such folder')) : tables()))
  await until(await accept('a'))
  expect(opens).toBe(3)
  expect(logged).toContain('Cannot reopen the store; retrying.')
  expect(fed.store.ledger().stored).toEqual({ http: 1 })
  stop.abort()
  await done
  await fed.store.close()
})

test('a query waits while the store is reopened and then returns its result', async () => {
  FailingTables.appends = 0
  FailingTables.failAt = new Set([1])
  const [closed, mayOpen] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let opens = 0
  const {
    feed: fed,
    done,
    until,
  } = await feed(async () => {
    if (++opens === 1) return tables()
    closed.resolve()
    await mayOpen.promise
    return tables()
  })
  const accepted = await accept('a')
  await closed.promise
  const answer = queryRows(fed.reader, 'SELECT 7 AS seven')
  mayOpen.resolve()
  expect(await answer).toEqual([{ seven: 7 }])
  await until(accepted)
  stop.abort()
  await done
  await fed.store.close()
})

test('a query that outlasts a failed reopening ends with an error that recommends repeating it', async () => {
  FailingTables.appends = 0
  FailingTables.failAt = new Set([1])
  const closed = Promise.withResolvers<void>()
  let opens = 0
  const { feed: fed, done } = await feed(async () => {
    if (++opens === 1) return tables()
    closed.resolve()
    throw new Error('no such folder')
  })
  await accept('a')
  await closed.promise
  await expect(queryRows(fed.reader, 'SELECT 7 AS seven')).rejects.toMatchObject({
    code: 'WEIR_STORE_REOPENING',
    retry: true,
  })
  stop.abort()
  await done
})

test('with a watched cluster flows and later frames wait 3 seconds; identity receives frames at once', async () => {
  FailingTables.failAt = new Set()
  const notified: number[] = []
  const {
    feed: fed,
    done,
    until,
  } = await feed(tables, {
    watching: () => true,
    take: async (frames) => void notified.push(...frames.map(({ header }) => header.sequence)),
  })
  const received = host.clock.now()
  const batch = flowBatch([{ src: '10.0.0.1', dst: '10.0.0.2' }], received)
  const flows = await journal.append({
    source: 'netflow',
    stream: 'netflow',
    kind: 'flows',
    raw: encodeBatch(batch),
    count: 1,
    received,
    timeMin: received,
    timeMax: received,
  })
  const event = await accept('a')
  while (!notified.includes(event)) await host.timers.sleep(20)
  expect(fed.store.ledger().stored).toEqual({})
  await until(event)
  expect(host.clock.now() - received).toBeGreaterThanOrEqual(3000)
  expect([notified.slice(-2), fed.store.ledger().stored]).toEqual([
    [flows.position.sequence, event],
    { netflow: 1, http: 1 },
  ])
  stop.abort()
  await done
  await fed.store.close()
})

test.each([
  ['while flows wait, every five seconds', { watching: true, queried: false, everyMs: 5000 }],
  ['while flows wait, once a second if the store is queried', { watching: true, queried: true, everyMs: 1000 }],
  ['every five seconds', { watching: false, queried: false, everyMs: 5000 }],
  ['once a second if the store is queried', { watching: false, queried: true, everyMs: 1000 }],
])(
  'the journal is read %s, regardless of the number of frames, with at most one commit per read',
  async (_, { watching, queried, everyMs }) => {
    FailingTables.failAt = new Set()
    let looks = 0
    const {
      feed: fed,
      done,
      until,
      commits,
    } = await feed(tables, { watching: () => watching, take: async () => void looks++ })
    if (queried) fed.reportQuery()
    const began = host.clock.monotonic()
    let last = 0
    const frames = 30
    for (let frame = 0; frame < frames; frame++) {
      const received = host.clock.now()
      const raw = encodeBatch(flowBatch([{ src: '10.0.0.1', dst: '10.0.0.2' }], received))
      last = (
        await journal.append({
          source: 'netflow',
          stream: 'netflow',
          kind: 'flows',
          raw,
          count: 1,
          received,
          timeMin: received,
          timeMax: received,
        })
      ).position.sequence
      await host.timers.sleep(20)
    }
    await until(last)
    // More than 8 unread frames, after a stall of this machine, are read at once.
    const backlogs = Math.floor(frames / 9)
    expect(looks).toBeLessThanOrEqual(2 + backlogs + (host.clock.monotonic() - began) / everyMs)
    expect(commits()).toBeLessThanOrEqual(looks)
    expect(fed.store.ledger().stored).toEqual({ netflow: frames })
    stop.abort()
    await done
    await fed.store.close()
  },
)

test('does not pause before the backlog is read while flows wait', async () => {
  FailingTables.failAt = new Set()
  const notified: number[] = []
  const {
    feed: fed,
    done,
    until,
  } = await feed(tables, {
    watching: () => true,
    take: async (frames) => void notified.push(...frames.map(({ header }) => header.sequence)),
  })
  const received = host.clock.now()
  const raw = encodeBatch(flowBatch([{ src: '10.0.0.1', dst: '10.0.0.2' }], received))
  const flows = await journal.append({
    source: 'netflow',
    stream: 'netflow',
    kind: 'flows',
    raw,
    count: 1,
    received,
    timeMin: received,
    timeMax: received,
  })
  while (!notified.includes(flows.position.sequence)) await host.timers.sleep(20)
  const many = await Promise.all(
    Array.from({ length: 40 }, (_, frame) => accept(`e${frame}`, host.random.bytes(80_000))),
  )
  await until(flows.position.sequence)
  expect(many.filter((sequence) => !notified.includes(sequence))).toEqual([])
  stop.abort()
  await done
  await fed.store.close()
})

test('a reader that waits for the newest rows triggers an early commit, and many such readers share one', async () => {
  FailingTables.failAt = new Set()
  // With the clock stopped, no periodic commit happens.
  const {
    feed: fed,
    done,
    until,
    commits,
  } = await feed(tables, undefined, { ...host, clock: { ...host.clock, monotonic: () => 0 } })
  await until(await accept('first'))
  const before = commits()
  const last = (await Promise.all(['a', 'b', 'c'].map((id) => accept(id)))).at(-1) ?? 0
  expect(commits()).toBe(before)
  expect(await Promise.all([fed.fresh(last, 2000), fed.fresh(last, 2000), fed.fresh(1, 2000)])).toEqual([
    true,
    true,
    true,
  ])
  expect(fed.store.ledger().stored).toEqual({ http: 4 })
  expect(commits()).toBe(before + 1)
  stop.abort()
  await done
  await fed.store.close()
})

test('rows after a pause are stored at once, and the first query ends a pause', async () => {
  FailingTables.failAt = new Set()
  const { feed: fed, done, until } = await feed(tables)
  await until(await accept('first'))
  const began = host.clock.monotonic()
  const second = await accept('second')
  fed.reportQuery()
  await until(second)
  expect(host.clock.monotonic() - began).toBeLessThan(4000)
  expect(fed.store.ledger().stored).toEqual({ http: 2 })
  stop.abort()
  await done
  await fed.store.close()
})

test('a reader does not wait for flows that wait longer for their names', async () => {
  FailingTables.failAt = new Set()
  const { feed: fed, done } = await feed(
    tables,
    { watching: () => true, take: async () => {} },
    { ...host, timers: { ...host.timers, after: (ms, act) => host.timers.after(ms === 2000 ? 1e8 : ms, act) } },
  )
  const received = host.clock.now()
  const raw = encodeBatch(flowBatch([{ src: '10.0.0.1', dst: '10.0.0.2' }], received))
  const flows = await journal.append({
    source: 'netflow',
    stream: 'netflow',
    kind: 'flows',
    raw,
    count: 1,
    received,
    timeMin: received,
    timeMax: received,
  })
  expect(await fed.fresh(flows.position.sequence, 2000)).toBe(false)
  stop.abort()
  await done
  await fed.store.close()
})

test('rows that expand are committed between the frames of one read', async () => {
  FailingTables.failAt = new Set()
  let last = 0
  for (let n = 0; n < 8; n++) last = await accept(`large-${n}`, new Uint8Array(4 << 20))
  const { feed: fed, done, until, commits } = await feed(tables)
  await until(last)
  expect(commits()).toBeGreaterThanOrEqual(4)
  expect(fed.store.ledger().stored).toEqual({ http: 8 })
  stop.abort()
  await done
  await fed.store.close()
})

test('flows of equal values are committed between the frames of one read', async () => {
  FailingTables.failAt = new Set()
  const [received, rows, frames] = [host.clock.now(), 40_000, 12]
  const raw = encodeBatch(
    flowBatch(
      Array.from({ length: rows }, () => ({ src: '10.0.0.1', dst: '10.0.0.2' })),
      received,
    ),
  )
  expect(frames * raw.byteLength).toBeLessThan(8 << 20)
  const unit = { source: 'netflow', stream: 'netflow', kind: 'flows', raw, count: rows, received } as const
  const last = await Promise.all(
    Array.from({ length: frames }, () => journal.append({ ...unit, timeMin: received, timeMax: received })),
  )
  const { feed: fed, done, until, commits } = await feed(tables)
  await until(last.at(-1)!.position.sequence)
  expect(commits()).toBeGreaterThanOrEqual(2)
  expect(fed.store.ledger().stored).toEqual({ netflow: frames * rows })
  stop.abort()
  await done
  await fed.store.close()
})
