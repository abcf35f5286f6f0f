import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { IsolatedResult, IsolatedQuery, StatementProgress, StoreReader } from '../engine/control.ts'
import { openDuck, rowsOf } from '../store/duck.ts'
import type { Store } from '../store/index.ts'
import { queryRows } from '../store/testing/query-rows.ts'
import { event, FrameMaker } from '../store/testing/frames.ts'
import { refused } from '../store/testing/refused.ts'
import { TemporaryStores } from '../store/testing/temporary.ts'
import { queryProcesses } from './query-processes.ts'

const memoryBytes = 256 << 20
const timeoutMs = 5000
const shared = new TemporaryStores()
const make = new FrameMaker()
let store: Store
const never = new AbortController().signal

beforeAll(async () => {
  await shared.begin()
  const start = queryProcesses()
  if (start === undefined) throw new Error('no query processes on this system')
  store = await shared.open({ processes: { start, limits: { memoryBytes, timeoutMs } } })
  await store.projection.apply([
    make.flows([
      { src: '10.0.0.1', dst: '10.0.0.2', bytes: 100 },
      { src: '10.0.0.3', dst: '10.0.0.1', bytes: 50 },
    ]),
    make.events([event('a'), event('b')]),
  ])
  await store.projection.commit()
})
afterAll(() => shared.end())

async function run(sql: string, more: Partial<IsolatedQuery> = {}, signal = never): Promise<IsolatedResult> {
  const reader: StoreReader = store.reader
  if (reader.isolated === undefined) throw new Error('not isolated')
  return reader.isolated({ sql, format: 'json', bound: 'work', ...more }, signal)
}

async function bytesOf(answer: IsolatedResult): Promise<{ readonly bytes: Buffer; readonly rows: number | undefined }> {
  const pieces: Uint8Array[] = []
  const iterator = answer[Symbol.asyncIterator]()
  for (;;) {
    const step = await iterator.next()
    if (step.done === true) return { bytes: Buffer.concat(pieces), rows: step.value }
    pieces.push(step.value)
  }
}

async function text(sql: string, more: Partial<IsolatedQuery> = {}, signal = never): Promise<string> {
  return (await bytesOf(await run(sql, more, signal))).bytes.toString('utf8')
}

/** Highest private memory of this process and its children, in bytes, as the kernel has it. */
const ownPeak = (): number => Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024

describe('a statement of a user runs in a separate process', () => {
  test('and gives the rows that the store has', async () => {
    expect(await text('SELECT src_addr, bytes FROM flows ORDER BY bytes', { format: 'csv' })).toBe(
      'src_addr,bytes\r\n10.0.0.3,50\r\n10.0.0.1,100\r\n',
    )
    await store.projection.apply([make.flows([{ src: '10.0.0.9', dst: '10.0.0.2', bytes: 1 }])])
    await store.projection.commit()
    expect(JSON.parse(await text('SELECT count(*) AS n FROM flows'))).toEqual([{ n: 3 }])
  })

  test.each(refused)('%s is refused there too', async (sql, part) => {
    await expect(text(sql)).rejects.toMatchObject({ code: 'WEIR_SQL_REFUSED', message: expect.stringContaining(part) })
  })

  test('which is ended, alone, when it needs more memory than it may have', async () => {
    const before = ownPeak()
    for (const sql of ["SELECT repeat('x', 2000000000)", 'SELECT list(i) FROM range(100000000) t(i)']) {
      await expect(text(sql)).rejects.toMatchObject({
        code: 'WEIR_SQL_MEMORY',
        message: expect.stringContaining('256 MiB'),
      })
    }
    expect(ownPeak() - before).toBeLessThan(128 << 20)
    expect(JSON.parse(await text('SELECT 1 AS a'))).toEqual([{ a: 1 }])
    expect(await queryRows(store.reader, 'SELECT 1 AS a')).toEqual([{ a: 1 }])
  })

  test('for no longer than `sql.timeout`', async () => {
    await expect(text('SELECT count(*) FROM range(1000000000000) t(i) WHERE hash(i) = 1')).rejects.toMatchObject({
      code: 'WEIR_SQL_TIMEOUT',
      message: expect.stringContaining('5 s'),
    })
  })

  test('and states its progress, until it ends', async () => {
    const gone = new AbortController()
    const reported: StatementProgress[] = []
    const sql = 'SELECT count(*) FROM flows, range(1000000000000) t(i) WHERE hash(i) = bytes'
    const query = { sql, format: 'json', bound: 'work' } as const
    const ended: unknown[] = []
    // On a busy machine the statement can reach its limit before it reads rows.
    const again = async (): Promise<void> => {
      await store.reader
        .isolated?.(query, gone.signal, (progress) => reported.push(progress))
        .catch((error: unknown) => ended.push(error))
      if (!gone.signal.aborted) await again()
    }
    const running = again()
    await expect.poll(() => reported.some(({ unit }) => unit === 'rows'), { timeout: 60_000 }).toBe(true)
    gone.abort(new Error('gone'))
    await running
    expect(ended.at(-1)).toMatchObject({ message: expect.stringContaining('gone') as string })
    const stored = JSON.parse(await text('SELECT count(*) AS n FROM flows')) as readonly { n: number }[]
    expect(reported.find(({ unit }) => unit === 'rows')?.total).toBeGreaterThanOrEqual(stored[0]?.n ?? Infinity)
    const { length } = reported
    expect(JSON.parse(await text('SELECT 1 AS a'))).toEqual([{ a: 1 }])
    expect(reported).toHaveLength(length)
  })

  test('and ends when its client disconnects, before its first row and after', async () => {
    const gone = new AbortController()
    const slow = text('SELECT count(*) FROM range(1000000000000) t(i) WHERE hash(i) = 1', {}, gone.signal)
    gone.abort(new Error('gone'))
    await expect(slow).rejects.toThrow('gone')
    for await (const bytes of await run('SELECT * FROM range(100000000)')) {
      expect(bytes.length).toBeGreaterThan(0)
      break
    }
    expect(JSON.parse(await text('SELECT 1 AS a'))).toEqual([{ a: 1 }])
  })
})

test('a Parquet file is written by such a process, with its number of rows', async () => {
  const { bytes, rows } = await bytesOf(
    await run('SELECT src_addr, time_received, bytes FROM flows WHERE bytes >= 50 ORDER BY bytes', {
      format: 'parquet',
      bound: 'wait',
    }),
  )
  expect(rows).toBe(2)
  const path = `${shared.home}/answer.parquet`
  await (await import('node:fs/promises')).writeFile(path, bytes)
  const connection = await (await openDuck({})).connect()
  expect(await rowsOf(connection, `SELECT src_addr, bytes FROM read_parquet('${path}')`)).toEqual([
    ['10.0.0.3', 50n],
    ['10.0.0.1', 100n],
  ])
})

test('closing the store ends its processes at once, also one that works', async () => {
  const working = text('SELECT count(*) FROM range(1000000000000) t(i) WHERE hash(i) = 1')
  await Promise.all([expect(working).rejects.toThrow('The store has ended'), store.close()])
})
