import { request } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { WeirError } from '../../model/errors.ts'
import { start } from '../testing/kit.ts'
import { RecordingControl } from '../testing/recording-control.ts'

type Answer = Readonly<{ status: number; headers: Record<string, unknown>; text: string }>

/** Without a length of the body the framework's route answers. */
function send(
  url: string,
  headers: Record<string, string | string[]>,
  body: Buffer,
  route: 'short' | 'general',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const length = route === 'short' ? { 'content-length': body.length } : { 'transfer-encoding': 'chunked' }
    const sent = request(url, { method: 'POST', headers: { ...headers, ...length }, agent: false }, (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece: Buffer) => pieces.push(piece))
      answer.on('end', () => {
        // The length of an id, and the rest of a lock after failed logins, change from request to request.
        const { date: _, 'x-query-id': id, 'content-length': _length, 'retry-after': retry, ...rest } = answer.headers
        const text = Buffer.concat(pieces)
          .toString()
          .replace(String(id), 'ID')
          .replace(/ in \d+ s/, '')
        resolve({ status: answer.statusCode ?? 0, headers: { ...rest, id: typeof id }, text })
      })
    })
    sent.on('error', reject).end(body)
  })
}

const structured = 'application/cloudevents+json'
const types = [
  structured,
  `${structured}; charset=utf-8`,
  'application/cloudevents-batch+json',
  'text/plain',
  'application/cloudevents+avro',
]
const attribute = fc.oneof(fc.constantFrom('1', '/a', 't', '', 'a b', '1.0', ':'), fc.string())
const event = fc.record(
  {
    specversion: fc.constantFrom('1.0', '0.3'),
    id: attribute,
    source: attribute,
    type: attribute,
    data: fc.jsonValue(),
  },
  { requiredKeys: ['specversion', 'id', 'source'] },
)
const body = fc.oneof(
  event.map((one) => JSON.stringify(one)),
  fc.array(event, { maxLength: 4 }).map((many) => JSON.stringify(many)),
  fc.constantFrom('{', 'x', '[]', '{}', ' '.repeat(70_000)),
)
const headers = fc.record(
  {
    'content-type': fc.constantFrom(...types),
    'ce-specversion': fc.constant('1.0'),
    'ce-id': fc.constantFrom('1', 'b'),
    'ce-source': fc.constantFrom('/a', ' '),
    'ce-type': fc.constant('t'),
    authorization: fc.constantFrom('Bearer a-token-of-a-sender-0123', 'Bearer a-token-of-a-viewer-0123', 'x'),
    origin: fc.constantFrom('https://evil.example'),
    host: fc.constantFrom('localhost', 'evil.example'),
    'content-encoding': fc.constantFrom('identity', 'gzip'),
  },
  { requiredKeys: ['content-type'] },
)
const failures = [
  undefined,
  new WeirError('WEIR_JOURNAL_FULL', 'no room'),
  new WeirError('WEIR_MEMORY_BUSY', 'busy'),
  new Error('unexpected'),
]
const tokens = [
  { name: 'sender', token: 'a-token-of-a-sender-0123' },
  { name: 'viewer', token: 'a-token-of-a-viewer-0123', role: 'viewer' as const },
]

for (const [what, options] of [
  ['without tokens', {}],
  ['with tokens', { auth: { tokens } }],
  ['with tokens and `auth: none`', { auth: { tokens }, httpAuth: 'none' as const }],
] as const)
  test(`a short post of events is answered, stored and counted as by the framework, ${what}`, async () => {
    const control = new RecordingControl()
    const counts: string[] = []
    const metrics = { count: (...count: unknown[]) => void counts.push(JSON.stringify(count)), declare: () => {} }
    const { api } = await start({
      ...options,
      control,
      failures: [500],
      metrics: metrics as never,
      eventsListen: [{ host: '127.0.0.1', port: 0 }],
    })
    const by = async (route: 'short' | 'general', ...[url, head, text]: [string, Record<string, string>, string]) => {
      control.ingested.length = counts.length = 0
      const answer = await send(url, head, Buffer.from(text), route)
      await new Promise((resolve) => setImmediate(resolve))
      return { answer, ingested: [...control.ingested], counts: [...counts] }
    }
    await fc.assert(
      fc.asyncProperty(fc.boolean(), headers, body, fc.constantFrom(...failures), async (own, head, text, failure) => {
        control.failIngest = failure
        const url = own ? (api.eventsUrls[0] ?? '') : `${api.url}/events`
        expect(await by('short', url, head, text)).toEqual(await by('general', url, head, text))
      }),
      { numRuns: 300 },
    )
  })

test('an unknown token of a short post is refused and counted once', async () => {
  const counts: string[] = []
  const metrics = { count: (name: string) => void counts.push(name), declare: () => {} }
  const { api } = await start({ auth: { tokens }, metrics: metrics as never })
  const head = { 'content-type': structured, authorization: 'Bearer no-token-of-anybody-0123' }
  const { status } = await send(`${api.url}/events`, head, Buffer.from('{}'), 'short')
  await expect.poll(() => counts).toEqual(['weir_api_failed_logins_total', 'weir_api_requests_total'])
  expect(status).toBe(401)
})

test('posts of events in parts, and aborted ones, release their memory', async () => {
  const { api, control, host } = await startWithHost()
  const text = '{"specversion":"1.0","id":"1","source":"/a","type":"t"}'
  const head = { 'content-type': structured, 'content-length': text.length }
  const begin = () => request(`${api.url}/events`, { method: 'POST', headers: head, agent: false })
  const aborted = begin()
  aborted.on('error', () => {})
  aborted.write(text.slice(0, 5))
  await expect.poll(() => host.memory.used).toBeGreaterThan(0)
  aborted.destroy()
  await expect.poll(() => host.memory.used).toBe(0)
  const status = await new Promise((resolve, reject) => {
    const sent = begin()
    sent.on('response', (answer) => resolve(answer.resume().statusCode)).on('error', reject)
    sent.write(text.slice(0, 5))
    setTimeout(() => sent.end(text.slice(5)), 20)
  })
  expect([status, control.ingested.map(({ id }) => id)]).toEqual([200, ['1']])
  await expect.poll(() => host.memory.used).toBe(0)
})

async function startWithHost() {
  const host = realHost()
  return { ...(await start({ host })), host }
}
