import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'

interface HeaderCase {
  readonly what: string
  readonly headers: readonly string[]
  readonly status: number
  readonly target?: string
}

/** Valid and invalid `Host`, `Origin` and fetch headers on loopback. */
export function headerCases(port: number): readonly HeaderCase[] {
  const host = (value: string, status: number): HeaderCase => ({
    what: `host ${value}`,
    headers: [`host: ${value}`],
    status,
  })
  const origin = (value: string, status: number, at = `localhost:${port}`): HeaderCase => ({
    what: `origin ${value} at ${at}`,
    headers: [`host: ${at}`, `origin: ${value}`],
    status,
  })
  const local = `host: localhost:${port}`
  return [
    host(`localhost:${port}`, 200),
    host(`127.0.0.1:${port}`, 200),
    host(`LOCALHOST:${port}`, 200),
    host(`[::1]:${port}`, 200),
    host('localhost', 200),
    host('evil.example', 403),
    host(`evil.example:${port}`, 403),
    host(`localhost.evil.example:${port}`, 403),
    host(`127.0.0.1.evil.example:${port}`, 403),
    host(`evil-localhost:${port}`, 403),
    host(`localhost@evil.example:${port}`, 403),
    host(`192.168.1.7:${port}`, 403),
    host(`0.0.0.0:${port}`, 403),
    host(`127.0.0.1:${port}/evil`, 403),
    host(`127.0.0.1 :${port}`, 403),
    host(`localhost:${port}, evil.example`, 403),
    host(`[::ffff:127.0.0.1]:${port}`, 403),
    host(`2130706433:${port}`, 403),
    host('', 403),
    host(`evil.localhost:${port}`, 403),
    host(`x.127.0.0.1:${port}`, 403),
    host(`127.0.0.2:${port}`, 403),
    host(`localhost.:${port}`, 403),
    host(`127.1:${port}`, 403),
    host(`xn--localhost:${port}`, 403),
    host(`localhost:${port}x`, 403),
    host(`localhost:${port}:1`, 403),
    { what: 'no host', headers: [], status: 400 },
    { what: 'two hosts', headers: [`host: localhost:${port}`, 'host: evil.example'], status: 403 },
    { what: 'two hosts, the other way round', headers: ['host: evil.example', `host: localhost:${port}`], status: 403 },
    {
      what: 'a target with another host in it',
      headers: [local],
      target: `http://evil.example/api/v1/ledger`,
      status: 400,
    },
    origin(`http://localhost:${port}`, 200),
    origin(`http://127.0.0.1:${port}`, 200, `127.0.0.1:${port}`),
    origin('https://evil.example', 403),
    origin('null', 403),
    origin(`http://localhost:${port + 1}`, 403),
    origin(`https://localhost:${port}`, 403),
    origin(`http://localhost:${port}.evil.example`, 403),
    origin(`http://127.0.0.1:${port}`, 403),
    origin('http://localhost', 403),
    origin('', 403),
    {
      what: 'two origins',
      headers: [local, `origin: http://localhost:${port}`, 'origin: https://evil.example'],
      status: 403,
    },
    {
      what: 'a picture on another site',
      headers: [local, 'sec-fetch-site: cross-site', 'sec-fetch-mode: no-cors'],
      status: 403,
    },
    {
      what: 'a script on a neighbouring site',
      headers: [local, 'sec-fetch-site: same-site', 'sec-fetch-mode: cors'],
      status: 403,
    },
    { what: 'the page itself', headers: [local, 'sec-fetch-site: same-origin', 'sec-fetch-mode: cors'], status: 200 },
  ]
}

export interface BodyCase {
  readonly what: string
  readonly target: string
  readonly headers: readonly string[]
  readonly body?: string | Uint8Array
  readonly status: number | readonly number[]
  readonly method?: string
  /** Text that the response must contain. */
  readonly message?: string
}

const one = 'content-type: application/cloudevents+json'
const many = 'content-type: application/cloudevents-batch+json'
const json = 'content-type: application/json'
const event = (more: object = {}): object => ({
  specversion: '1.0',
  id: 'x',
  source: '/bench',
  type: 'refused',
  ...more,
})
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

/** A gigabyte of zeros, compressed. */
export function bombs(): readonly BodyCase[] {
  const zeros = Buffer.alloc(1 << 30)
  // 503: others use the memory for decoding.
  const refused = [413, 503]
  const bomb = (encoding: string, body: Uint8Array): BodyCase => ({
    what: `a ${encoding} bomb of ${body.length} bytes`,
    target: '/events',
    headers: [many, `content-encoding: ${encoding}`],
    body,
    status: refused,
  })
  const gzip = gzipSync(zeros, { level: 9 })
  return [
    bomb('gzip', gzip),
    bomb('deflate', deflateSync(zeros, { level: 9 })),
    bomb('zstd', zstdCompressSync(zeros)),
    bomb('br', brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } })),
    { ...bomb('gzip, gzip', gzipSync(gzip)), status: 415 },
    {
      what: 'a gzip bomb as a question',
      target: '/api/v1/sql',
      headers: [json, 'content-encoding: gzip'],
      body: gzip,
      status: refused,
    },
  ]
}

export function bodyCases(): readonly BodyCase[] {
  const sql = (
    what: string,
    body: string | Uint8Array,
    status: BodyCase['status'],
    headers: readonly string[] = [json],
  ): BodyCase => ({ what, target: '/api/v1/sql', headers, body, status })
  const events = (
    what: string,
    body: string | Uint8Array | undefined,
    status: BodyCase['status'],
    headers: readonly string[] = [one],
    message?: string,
  ): BodyCase => ({
    what,
    target: '/events',
    headers,
    ...(body === undefined ? {} : { body }),
    status,
    ...(message === undefined ? {} : { message }),
  })
  return [
    // Depth.
    events(
      'data nested 100,000 deep',
      `{"specversion":"1.0","id":"x","source":"/bench","type":"t","data":${nested(100_000)}}`,
      400,
    ),
    events(
      'data nested 65 deep',
      `{"specversion":"1.0","id":"x","source":"/bench","type":"t","data":${nested(65)}}`,
      400,
    ),
    events('a batch that is nested brackets', nested(1_000_000), 400, [many]),
    sql('a question nested 100,000 deep', `{"sql":${nested(100_000)}}`, 400),
    events('objects nested 10,000 deep', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, 400),
    // Size.
    events('a body of 33 MiB', Buffer.alloc(33 << 20, 0x20), 413),
    events('an event of 17 MiB', JSON.stringify(event({ data: 'x'.repeat(17 << 20) })), 413),
    sql('a statement of 2 MiB', JSON.stringify({ sql: `SELECT ${'1,'.repeat(1 << 20)}1` }), 413),
    { what: 'headers of 300 KiB', target: '/api/v1/ledger', headers: [`x-long: ${'x'.repeat(300_000)}`], status: 431 },
    { what: 'a path of 20 KiB', target: `/${'x'.repeat(20_000)}`, headers: [], status: [400, 404, 414] },
    // Media types.
    events('an event as text', 'hello', 415, ['content-type: text/plain']),
    events('an event as a form', 'a=b', 415, ['content-type: application/x-www-form-urlencoded']),
    events('an event as JSON without a word of CloudEvents', '{}', 415, [json]),
    events('an event without a type', '{}', 415, []),
    events('CloudEvents in XML', '<event/>', 415, ['content-type: application/cloudevents+xml']),
    events('an unknown encoding', '{}', 415, [one, 'content-encoding: rot13']),
    events('gzip that is none', 'not gzip', 400, [one, 'content-encoding: gzip']),
    events('gzip that breaks off', gzipSync(JSON.stringify(event())).subarray(0, 30), 400, [
      one,
      'content-encoding: gzip',
    ]),
    sql('a question as text', 'SELECT 1', 415, ['content-type: text/plain']),
    sql('a question as a form', 'sql=SELECT+1', 415, ['content-type: application/x-www-form-urlencoded']),
    sql('a question without a type', '{"sql":"SELECT 1"}', 415, []),
    // Content.
    events('no JSON', '{', 400),
    events('no event', '[]', 400),
    events('an event without an id', JSON.stringify({ ...event(), id: undefined }), 400),
    events('nothing', '', 400),
    events('bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 400),
    events('another version of CloudEvents', JSON.stringify(event({ specversion: '2.0' })), 400),
    events('a batch with one wrong event', JSON.stringify([event(), event({ id: '' }), event()]), 400, [many], '1'),
    sql('no JSON as a question', '{', 400),
    sql('no statement', '{}', 400),
    sql('a number for a statement', '{"sql":1}', 400),
    sql('an unknown field', '{"sql":"SELECT 1","limit":5}', 400),
    sql('an unknown format', '{"sql":"SELECT 1","format":"xml"}', 400),
    sql('a list', '[]', 400),
    sql('null', 'null', 400),
    // Methods and paths.
    { what: 'GET of a question', target: '/api/v1/sql', headers: [], status: [404, 405] },
    { what: 'DELETE of the ledger', target: '/api/v1/ledger', headers: [], method: 'DELETE', status: [404, 405] },
    { what: 'TRACE', target: '/', headers: [], method: 'TRACE', status: [400, 404, 405, 501] },
    { what: 'a path out of the console', target: '/../package.json', headers: [], status: [400, 403, 404] },
    {
      what: 'an encoded path out of the console',
      target: '/%2e%2e/%2e%2e/package.json',
      headers: [],
      status: [400, 403, 404],
    },
    { what: 'a path that cannot be decoded', target: '/%zz', headers: [], status: [400, 404] },
  ]
}
