import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { post, logged, sendRaw, start } from '../testing/kit.ts'

interface ProblemBody {
  code: string
  detail: string
  hints: string[]
  status: number
  title: string
  type: string
}
const problemOf = async (answer: Response): Promise<ProblemBody> => (await answer.json()) as ProblemBody

const compress = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync }
const json = 'application/json'
const sent = (url: string, type: string, body: string, method: 'POST' | 'PUT' = 'POST'): Promise<Response> =>
  fetch(url, { method, headers: { 'content-type': type, 'content-encoding': 'gzip' }, body: gzipSync(body) })

describe('bodies', () => {
  test('decodes every supported content encoding, on SQL and on events', async () => {
    const { api, control } = await start()
    for (const [encoding, pack] of Object.entries(compress)) {
      const headers = { 'content-encoding': encoding }
      const sql = await fetch(`${api.url}/api/v1/sql`, {
        method: 'POST',
        headers: { ...headers, 'content-type': json },
        body: pack(Buffer.from('{"sql":"SELECT 1"}')),
      })
      expect(await sql.json(), encoding).toEqual([{ n: 1 }])
      const event = `{"specversion":"1.0","id":"${encoding}","source":"/a","type":"t"}`
      const events = await fetch(`${api.url}/events`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/cloudevents+json' },
        body: pack(Buffer.from(event)),
      })
      expect(events.status, encoding).toBe(200)
    }
    expect(control.ingested.map((event) => event.id)).toEqual(Object.keys(compress))
  })

  test('rejects a compression bomb at the limit', async () => {
    const { api, control } = await start({ limits: { bodyBytes: 1 << 20 } })
    const bomb = Buffer.alloc(16 << 20, ' ')
    for (const [encoding, pack] of Object.entries(compress)) {
      const packed = pack(bomb)
      for (const path of ['/api/v1/sql', '/events']) {
        const type = path === '/events' ? 'application/cloudevents-batch+json' : json
        const answer = await fetch(api.url + path, {
          method: 'POST',
          headers: { 'content-type': type, 'content-encoding': encoding },
          body: packed,
        })
        expect(answer.status, `${encoding} ${path}`).toBe(413)
        expect((await problemOf(answer)).detail).toContain('when decompressed')
      }
    }
    expect(control.ingested).toEqual([])
  })

  test('rejects values that exceed the memory for decoding, and states when a retry helps', async () => {
    const host = realHost()
    host.memory.capacity = 8 << 20
    const { api, control } = await start({ host })
    const lists = `[${'[],'.repeat(400_000)}[]]`
    const event = (data: string) => `{"specversion":"1.0","id":"a","source":"/a","type":"t","data":${data}}`
    const image = `${api.url}/api/v1/images/sha256:${'ab'.repeat(32)}/sbom`
    const requests = {
      sql: () => sent(`${api.url}/api/v1/sql`, json, `{"sql":"SELECT 1","x":${lists}}`),
      events: () => sent(`${api.url}/events`, 'application/cloudevents+json', event(`[${'0,'.repeat(4_000_000)}0]`)),
      sbom: () => sent(image, json, `{"bomFormat":"CycloneDX","components":${lists}}`, 'PUT'),
    }
    for (const [name, request] of Object.entries(requests)) expect((await request()).status, name).toBe(413)
    expect([host.memory.used, host.memory.refused.too_large]).toEqual([0, 3])
    const others = host.memory.reserve(7 << 20)
    const valid = () =>
      sent(`${api.url}/events`, 'application/cloudevents+json', event(JSON.stringify('x'.repeat(400_000))))
    const busy = await valid()
    expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '1'])
    others.release()
    expect((await valid()).status).toBe(200)
    expect([control.ingested.length, host.memory.used]).toEqual([1, 0])
  })

  test('rejects a body over the limit, with or without Content-Length', async () => {
    const { api } = await start({ limits: { bodyBytes: 10_000 } })
    const body = Buffer.alloc(20_000, ' ')
    const declared = await fetch(`${api.url}/api/v1/sql`, { method: 'POST', headers: { 'content-type': json }, body })
    expect(declared.status).toBe(413)
    const chunked = new ReadableStream({
      start(controller) {
        controller.enqueue(body)
        controller.close()
      },
    })
    const streamed = await fetch(`${api.url}/api/v1/sql`, {
      method: 'POST',
      headers: { 'content-type': json },
      body: chunked,
      duplex: 'half',
    } as RequestInit)
    expect(streamed.status).toBe(413)
    expect((await problemOf(streamed)).code).toBe('WEIR_API_TOO_LARGE')
  })

  test('a client that sends far too much gets a response, with or without Content-Length', async () => {
    const { port } = await start({ limits: { bodyBytes: 4 << 20 } })
    const size = 8 << 20
    const chunk = `${(1 << 20).toString(16)}\r\n${' '.repeat(1 << 20)}\r\n`
    const cases = [
      ['413', 'content-type: application/json', `content-length: ${size}`, ' '.repeat(size)],
      ['413', 'content-type: application/json', 'transfer-encoding: chunked', `${chunk.repeat(8)}0\r\n\r\n`],
      ['415', 'content-type: text/plain', `content-length: ${3 << 20}`, ' '.repeat(3 << 20)],
      ['403', 'origin: https://evil.example', `content-length: ${size}`, ' '.repeat(size)],
    ] as const
    for (let round = 0; round < 5; round++) {
      for (const [status, header, length, body] of cases) {
        const answer = await sendRaw(
          port,
          `POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${header}\r\n${length}\r\n\r\n${body}`,
        )
        expect(answer.slice(0, 12), `${header}, ${length}`).toBe(`HTTP/1.1 ${status}`)
      }
    }
  })

  test('an unknown or double encoding is rejected with a list of the supported ones', async () => {
    const { api } = await start()
    for (const encoding of ['compress', 'gzip, gzip']) {
      const answer = await fetch(`${api.url}/api/v1/sql`, {
        method: 'POST',
        headers: { 'content-type': json, 'content-encoding': encoding },
        body: '{}',
      })
      expect(answer.status).toBe(415)
      expect(answer.headers.get('accept-encoding')).toBe('gzip, deflate, br, zstd')
    }
  })

  test('a body that contradicts its encoding or type is a 400 with the reason', async () => {
    const { api } = await start()
    const send = async (
      body: string | Buffer,
      headers: Record<string, string> = {},
    ): Promise<ProblemBody & { got: number }> => {
      const answer = await fetch(`${api.url}/api/v1/sql`, {
        method: 'POST',
        headers: { 'content-type': json, ...headers },
        body: body as never,
      })
      return { ...(await problemOf(answer)), got: answer.status }
    }
    expect(await send('no gzip', { 'content-encoding': 'gzip' })).toMatchObject({ got: 400, code: 'WEIR_API_BODY' })
    expect(await send(gzipSync('{"sql":"SELECT 1"}').subarray(0, -9), { 'content-encoding': 'gzip' })).toMatchObject({
      got: 400,
    })
    expect(await send('{"sql":')).toMatchObject({ got: 400, code: 'WEIR_API_BODY' })
    expect(await send(Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ got: 400, detail: 'The body is not UTF-8.' })
    expect(await send('[1]')).toMatchObject({ got: 400, detail: 'The value must be object, not array.' })
  })

  test('JSON may nest at most 64 levels', async () => {
    const { api } = await start()
    const nested = (levels: number): string =>
      `{"sql":"SELECT 1","x":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    const send = async (body: string): Promise<string> =>
      (
        await problemOf(
          await fetch(`${api.url}/api/v1/sql`, { method: 'POST', headers: { 'content-type': json }, body }),
        )
      ).detail
    expect(await send(nested(64))).toContain('"x" is unknown here')
    expect(await send(nested(65))).toContain('64 levels')
    expect(await send(`${'['.repeat(5_000_000)}`)).toContain('64 levels')
    expect(await send('{"sql":"SELECT \'[[[[\\"[[[\'","x":"' + '['.repeat(100) + '"}')).toContain('"x" is unknown here')
  })

  test('only JSON is accepted where JSON is expected, so that a form of another site cannot post', async () => {
    const { api } = await start()
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      for (const path of ['/api/v1/sql', '/api/v1/dead-letters/nats/drop']) {
        const answer = await fetch(api.url + path, {
          method: 'POST',
          headers: { 'content-type': type },
          body: '{"sql":"SELECT 1"}',
        })
        expect(answer.status, `${type} ${path}`).toBe(415)
      }
    }
  })
})

describe('an invalid request', () => {
  test('gets problem+json with code and hints', async () => {
    const { api } = await start()
    const answer = await post(`${api.url}/api/v1/sql`, { sqll: 'SELECT 1', format: 'xml' })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toContain('application/problem+json')
    expect(await problemOf(answer)).toEqual({
      type: 'urn:weir:problem:api-invalid',
      title: 'The request is not valid',
      status: 400,
      code: 'WEIR_API_INVALID',
      detail: '"sql" is missing.',
      hints: ['GET /api/v1/openapi.json describes every request.'],
      query_id: answer.headers.get('x-query-id'),
    })
    expect(await problemOf(await post(`${api.url}/api/v1/sql`, { sql: 'SELECT 1', format: 'xml' }))).toMatchObject({
      detail: '"format" must be one of json, ndjson, csv, table, not "xml".',
    })
    expect(await problemOf(await post(`${api.url}/api/v1/sql`, { sql: 'SELECT 1', fromat: 'csv' }))).toMatchObject({
      detail: '"fromat" is unknown here; did you mean "format"?',
    })
  })

  test('an unknown path lists the existing ones, and the most similar', async () => {
    const { api } = await start()
    const answer = await fetch(`${api.url}/api/v1/leger`)
    expect(answer.status).toBe(404)
    const { hints } = await problemOf(answer)
    expect(hints[0]).toBe('Did you mean /api/v1/ledger?')
    for (const path of ['/api/v1/sql', '/events', '/api/v1/live', '/api/v1/openapi.json', '/api/v1/dead-letters/:id'])
      expect(hints[1]).toContain(path)
  })

  test('a wrong method lists the allowed ones', async () => {
    const { api } = await start()
    const allowed = async (method: string, path: string): Promise<string> => {
      const answer = await fetch(api.url + path, { method })
      return `${answer.status} ${answer.headers.get('allow')}`
    }
    expect(await allowed('GET', '/api/v1/sql')).toBe('405 POST')
    expect(await allowed('DELETE', '/events')).toBe('405 OPTIONS, POST')
    expect(await allowed('POST', '/api/v1/live/some-session')).toBe('405 PUT')
    expect(await allowed('PATCH', '/api/v1/dead-letters/nats')).toBe('405 GET')
    expect(await allowed('POST', '/')).toBe('405 GET, HEAD')
  })

  test('headers over the limit and bytes that are not HTTP get a problem', async () => {
    const { port } = await start({ limits: { headerBytes: 2048 } })
    expect(await sendRaw(port, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(5000)}\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 431 [\s\S]*WEIR_API_HEADERS_TOO_LARGE/,
    )
    expect(await sendRaw(port, 'SSH-2.0-OpenSSH\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 [\s\S]*problem\+json/)
    expect(
      await sendRaw(
        port,
        'POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n',
      ),
    ).toMatch(/^HTTP\/1\.1 400 /)
  })

  test('a filter of 64 KiB with every character escaped is valid in a path', async () => {
    const { api } = await start()
    const filter = `src.name = "${' '.repeat(65_000)}"`
    const answer = await fetch(
      `${api.url}/api/v1/flows?${new URLSearchParams({ filter }).toString().replaceAll('+', '%20')}`,
    )
    expect(answer.status).toBe(200)
  })

  test('a request that does not arrive in time is rejected', async () => {
    const { port } = await start({ limits: { requestMs: 200 } })
    const answer = await sendRaw(
      port,
      'POST /api/v1/sql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ' +
        '100\r\n\r\n{"sql":',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
  })

  test('a path with an invalid escape is a 400', async () => {
    const { api, port } = await start()
    expect(
      await sendRaw(port, 'GET /api/v1/dead-letters/%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
    ).toMatch(/^HTTP\/1\.1 400 [\s\S]*problem\+json/)
    expect((await fetch(`${api.url}/api/v1/health`)).status).toBe(200)
  })

  test('an unexpected error is a 500 without internal details, and a line in the log', async () => {
    const { api, control } = await start({ failures: [500] })
    control.ledger = () => Promise.reject(new Error('secret inside'))
    const answer = await fetch(`${api.url}/api/v1/ledger`)
    expect(answer.status).toBe(500)
    expect(await answer.text()).not.toContain('secret inside')
    expect(logged).toContainEqual({ level: 'error', message: 'A request failed with an unexpected error.' })
  })
})

test('API responses are never cached; files of the page are cached by content', async () => {
  const { api } = await start()
  expect((await fetch(`${api.url}/api/v1/ledger`)).headers.get('cache-control')).toBe('no-store')
  const page = await fetch(`${api.url}/`)
  expect(page.headers.get('cache-control')).toBe('no-cache')
  const again = await fetch(`${api.url}/`, { headers: { 'if-none-match': page.headers.get('etag') ?? '' } })
  expect(again.status).toBe(304)
})
