import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { Readable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { IsolatedResult } from '../../engine/control.ts'
import { WeirError } from '../../model/errors.ts'
import { post, logged, start } from '../testing/kit.ts'
import { pieces } from '../testing/recording-control.ts'

test('returns the bytes of the store unchanged, under the media type of the format', async () => {
  const { api, control } = await start()
  control.answer = async () => pieces('[{"a":', '1}]')
  const types: Record<string, string> = {
    json: 'application/json',
    ndjson: 'application/x-ndjson',
    csv: 'text/csv',
    table: 'text/plain',
  }
  for (const [format, type] of Object.entries(types)) {
    const answer = await post(`${api.url}/api/v1/sql`, { sql: `SELECT '${format}'`, format })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain(type)
    expect(await answer.text()).toBe('[{"a":1}]')
  }
  await post(`${api.url}/api/v1/sql`, { sql: 'SELECT 1' })
  expect(control.queries.map(({ sql, format }) => `${format} ${sql}`)).toEqual([
    ...Object.keys(types).map((format) => `${format} SELECT '${format}'`),
    'json SELECT 1',
  ])
})

test('streams: the first bytes arrive before the last exist', async () => {
  const { api, control } = await start()
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => (release = resolve))
  control.answer = async () =>
    (async function* () {
      yield Buffer.from('[1')
      await gate
      yield Buffer.from(',2]')
    })()
  const answer = await fetch(`${api.url}/api/v1/sql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'accept-encoding': 'identity' },
    body: '{"sql":"SELECT 1"}',
  })
  const reader = answer.body!.getReader()
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('[1')
  release()
  expect(Buffer.from((await reader.read()).value!).toString()).toBe(',2]')
})

test('compresses with gzip only on request', async () => {
  const { api, control } = await start()
  const rows = JSON.stringify(Array.from({ length: 5000 }, (_, n) => ({ n })))
  control.answer = async () => pieces(rows)
  const runQuery = (encoding: string): Promise<{ encoding: string | undefined; body: Buffer }> =>
    new Promise((resolve, reject) => {
      const sent = request(
        `${api.url}/api/v1/sql`,
        { method: 'POST', headers: { 'content-type': 'application/json', 'accept-encoding': encoding } },
        (answer) => {
          const got: Buffer[] = []
          answer
            .on('data', (piece: Buffer) => got.push(piece))
            .on('end', () => resolve({ encoding: answer.headers['content-encoding'], body: Buffer.concat(got) }))
        },
      )
      sent.on('error', reject).end('{"sql":"SELECT 1"}')
    })
  const packed = await runQuery('br, gzip;q=0.5')
  expect(packed.encoding).toBe('gzip')
  expect(packed.body.length).toBeLessThan(rows.length / 3)
  expect(gunzipSync(packed.body).toString()).toBe(rows)
  for (const encoding of ['identity', 'gzip;q=0', 'br'])
    expect(await runQuery(encoding)).toMatchObject({ encoding: undefined, body: Buffer.from(rows) })
})

test('a disconnected client cancels the query, before and during the response', async () => {
  const { api, control } = await start()
  for (const begun of [false, true]) {
    let stopped = (): void => {}
    const stop = new Promise<void>((resolve) => (stopped = resolve))
    let onQuery = (): void => {}
    const running = new Promise<void>((resolve) => (onQuery = resolve))
    control.answer = async (_sql, signal) => {
      signal.addEventListener('abort', stopped)
      const untilAbort = new Promise<never>((_, reject) =>
        signal.addEventListener('abort', () => reject(new Error('aborted'))),
      )
      onQuery()
      if (!begun) return untilAbort
      return (async function* () {
        yield Buffer.from('[1')
        await untilAbort
      })()
    }
    const disconnected = new AbortController()
    const answer = fetch(`${api.url}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'accept-encoding': 'identity' },
      body: '{"sql":"SELECT 1"}',
      signal: disconnected.signal,
    })
    await running
    if (begun) await (await answer).body!.getReader().read()
    disconnected.abort()
    await answer.catch(() => undefined)
    await stop
    expect(control.queries.at(-1)?.signal.aborted).toBe(true)
  }
  expect(logged.filter(({ level }) => level === 'error')).toEqual([])
})

test('rejected SQL is a 400 with the message of the store', async () => {
  const { api, control } = await start()
  control.answer = async () =>
    Promise.reject(new WeirError('WEIR_SQL_REFUSED', 'Table with name flowz does not exist. Did you mean "flows"?'))
  const answer = await post(`${api.url}/api/v1/sql`, { sql: 'SELECT * FROM flowz' })
  expect(answer.status).toBe(400)
  expect(await answer.json()).toMatchObject({
    code: 'WEIR_SQL_REFUSED',
    detail: 'Table with name flowz does not exist. Did you mean "flows"?',
  })
})

test('an error before the first byte is a readable 500, whatever the encoding', async () => {
  const { api, control } = await start({ failures: [500] })
  control.answer = async () =>
    Readable.from(pieces('[')).map(() => Promise.reject(new Error('disk gone'))) as AsyncIterable<Uint8Array>
  for (const encoding of ['identity', 'gzip']) {
    const answer = await fetch(`${api.url}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'accept-encoding': encoding },
      body: '{"sql":"SELECT 1"}',
    })
    expect(answer.status).toBe(500)
    expect(await answer.json()).toMatchObject({ code: 'WEIR_API_INTERNAL' })
  }
})

test('an error after the first bytes cuts the connection', async () => {
  const { api, control } = await start()
  for (const encoding of ['identity', 'gzip']) {
    control.answer = async () =>
      (async function* () {
        yield randomBytes(4 << 20)
        await new Promise((resolve) => setTimeout(resolve, 100))
        throw new Error('disk gone')
      })()
    const answer = fetch(`${api.url}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'accept-encoding': encoding },
      body: '{"sql":"SELECT 1"}',
    })
    await expect(answer.then((got) => got.text())).rejects.toThrow()
  }
  expect(logged.map(({ message }) => message)).toContain(
    'A query failed after its response had started; the response was truncated.',
  )
})

test('a statement over 1 MiB is a 413, an empty one a 400, without a store a 503', async () => {
  const { api, control } = await start()
  expect((await post(`${api.url}/api/v1/sql`, { sql: `SELECT '${'x'.repeat(1 << 20)}'` })).status).toBe(413)
  expect((await post(`${api.url}/api/v1/sql`, { sql: '' })).status).toBe(400)
  control.store = undefined
  const none = await post(`${api.url}/api/v1/sql`, { sql: 'SELECT 1' })
  expect(none.status).toBe(503)
  expect(await none.json()).toMatchObject({ code: 'WEIR_API_NO_STORE' })
})

test('parameters are passed to the store apart from the statement; wrong ones are refused', async () => {
  const { api, control } = await start()
  const queries: unknown[] = []
  control.store = {
    ...control.store!,
    isolated: async (query) => {
      queries.push(query)
      return pieces('[]') as IsolatedResult
    },
  }
  const ask = (parameters: unknown): Promise<Response> =>
    post(`${api.url}/api/v1/sql`, { sql: 'SELECT $a', parameters })
  const parameters = { a: "'; DROP TABLE flows", ports: [80, 443], n: 1.5 }
  expect((await ask(parameters)).status).toBe(200)
  expect(queries).toEqual([{ sql: 'SELECT $a', format: 'json', bound: 'work', parameters }])
  for (const wrong of [{ 'a b': 1 }, { a: null }, { a: { b: 1 } }, { a: ['x', 1] }, [1], 'a']) {
    const answer = await ask(wrong)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ code: 'WEIR_API_INVALID' })
  }
  expect(queries).toHaveLength(1)
})
