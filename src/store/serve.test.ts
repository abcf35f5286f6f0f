import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { EdgeQuery, StatementProgress } from '../engine/control.ts'
import { connectStore, serveStore, type RemoteStore, type Store } from './index.ts'
import { queryRows, queryText } from './testing/query-rows.ts'
import { event, FrameMaker } from './testing/frames.ts'
import { temporaryStores } from './testing/temporary.ts'

const stores = temporaryStores()
let store: Store
let remote: RemoteStore
let far: MessagePort

beforeEach(async () => {
  store = await stores.open()
  const { port1, port2 } = new MessageChannel()
  far = port1
  serveStore(port1, store)
  remote = connectStore(port2)
})

afterEach(() => {
  remote.close()
  far.close()
})

it('results, errors and status pass through a port unchanged', async () => {
  const make = new FrameMaker()
  await store.projection.apply([make.flows([{ src: '10.0.0.1', dst: '10.0.0.2' }])])
  await store.projection.commit()
  expect(await queryRows(remote, 'SELECT src_addr FROM flows')).toEqual([{ src_addr: '10.0.0.1' }])
  expect(await queryText(remote, 'SELECT 1 AS a', 'csv')).toBe('a\r\n1\r\n')
  const edges: EdgeQuery = {
    near: ['user:/alice'],
    span: { from: 0n, to: 4_000_000_000_000_000n },
    limit: 1,
    relations: new Set(['acted-on']),
    namespaces: undefined,
  }
  await store.projection.apply([
    make.events(
      ['a', 'b'].map((id) => ({
        ...event(id, { family: 'audit', json: { audit: { actor: { kind: 'user', id: 'alice' }, action: 'get' } } }),
        ref: `otc:p/ecs/server/${id}`,
      })),
    ),
  ])
  await store.projection.commit()
  expect(await remote.edges(edges, new AbortController().signal)).toEqual([
    expect.objectContaining({ near: 'user:/alice', far: 'otc:p/ecs/server/a', count: 1, others: 1 }),
  ])
  await expect(remote.edges(edges, AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough')
  await expect(queryText(remote, 'SELECT nothing FROM flows')).rejects.toMatchObject({
    name: 'WeirError',
    code: 'WEIR_SQL_REFUSED',
    message: expect.stringContaining('nothing'),
  })
  expect(await remote.status()).toMatchObject({
    version: 2,
    rows: 3,
    files: 4,
    unreadableFiles: 0,
    ledger: { stored: { netflow: 1, http: 2 } },
  })
})

it('a large result arrives complete, and no faster than it is read', async () => {
  let sent = 0
  const post = far.postMessage.bind(far) as (message: unknown, transfer?: readonly ArrayBuffer[]) => void
  far.postMessage = ((message: { is: string }, transfer?: readonly ArrayBuffer[]) => {
    if (message.is === 'chunk') sent++
    post(message, transfer)
  }) as typeof far.postMessage
  const iterator = (
    await remote.query("SELECT i, repeat('x', 100) AS x FROM range(30000) t(i)", 'ndjson', new AbortController().signal)
  )[Symbol.asyncIterator]()
  const chunks = [(await iterator.next()).value as Uint8Array]
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  await remote.status()
  expect(sent).toBeLessThanOrEqual(4)
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) chunks.push(next.value)
  expect(sent).toBe(chunks.length)
  expect(Buffer.concat(chunks).toString().trim().split('\n')).toHaveLength(30_000)
})

it('an error within a result arrives after the preceding bytes', async () => {
  const answer = await remote.query(
    "SELECT CASE WHEN i < 1000000 THEN i ELSE ('x' || i)::INTEGER END AS v FROM range(1100000) t(i)",
    'ndjson',
    new AbortController().signal,
  )
  let bytes = 0
  await expect(
    (async () => {
      for await (const chunk of answer) bytes += chunk.length
    })(),
  ).rejects.toMatchObject({ code: 'WEIR_SQL_REFUSED' })
  expect(bytes).toBeGreaterThan(0)
})

it('an abort on the client side stops the query in the store', async () => {
  const abort = new AbortController()
  const query = queryText(
    remote,
    'SELECT count(*) FROM range(100000) a, range(100000) b WHERE hash(a.range + b.range) = 1',
    'json',
    abort.signal,
  )
  setTimeout(() => abort.abort(new Error('enough')), 30)
  await expect(query).rejects.toThrow('enough')
  const answer = await remote.query('SELECT * FROM range(100000000)', 'ndjson', new AbortController().signal)
  for await (const chunk of answer) {
    expect(chunk.length).toBeGreaterThan(0)
    break
  }
  expect(await queryRows(remote, 'SELECT 1 AS a')).toEqual([{ a: 1 }])
})

it('the progress of statements passes through the port', async () => {
  const rows = 3000
  await store.projection.apply([
    new FrameMaker().flows(Array.from({ length: rows }, () => ({ src: '10.0.0.1', dst: '10.0.0.2' }))),
  ])
  await store.projection.commit()
  const left = new AbortController()
  const reported: StatementProgress[] = []
  // Whatever the order of joins, the plan begins with a file: DuckDB states no progress of generated rows.
  const sql = 'SELECT count(*) FROM flows a, flows b, flows c WHERE hash(a.bytes + b.bytes + c.bytes) = 1'
  const query = remote.query(sql, 'json', left.signal, (progress) => reported.push(progress))
  query.catch(() => undefined)
  await expect.poll(() => reported.some(({ unit, total }) => unit === 'rows' && total === rows)).toBe(true)
  expect(reported[0]).toEqual({ unit: 'files', done: 0, total: expect.any(Number) })
  left.abort(new Error('left'))
  await expect(query).rejects.toThrow('left')
})

it('a store can close at any point of a query: while it opens, plans, runs or is read', async () => {
  const slow = 'SELECT count(*) FROM range(100000) a, range(100000) b WHERE hash(a.range + b.range) = 1'
  for (const waitMs of [0, 1, 5, 10, 20, 40, 80]) {
    const short = await stores.open()
    const query = queryText(short.reader, slow).catch((error: unknown) => String(error))
    const answer = await short.reader.query('SELECT * FROM range(100000000)', 'ndjson', new AbortController().signal)
    const next = answer[Symbol.asyncIterator]()
      .next()
      .catch((error: unknown) => String(error))
    await new Promise((resolve) => setTimeout(resolve, waitMs))
    await short.close()
    expect(await query).toContain('The store has ended.')
    await next
  }
})

it('pending queries fail when the store ends', async () => {
  const query = queryText(
    remote,
    'SELECT count(*) FROM range(100000) a, range(100000) b WHERE hash(a.range + b.range) = 1',
  )
  setTimeout(() => far.close(), 30)
  await expect(query).rejects.toThrow('The store has ended.')
  await expect(remote.status()).rejects.toThrow('The store has ended.')
})
