import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { proves } from '../../../test/kit/proof.ts'
import { QueryScene } from '../../../test/kit/query-scene.ts'
import { SharedLeadership, sharing } from '../../../test/kit/shared-leadership.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { realHost } from '../../host/index.ts'
import { probeApi } from './client-probe.ts'
import { httpPollSchema } from './config.ts'
import { greater } from './map.ts'
import { openHttpPoll, type HttpPollSource } from './source.ts'

proves('source', { system: 'http-poll', server: 'node:http', standIn: true })

type Written = Partial<WrittenConfigOf<typeof httpPollSchema>>
type Answer = Readonly<{ status?: number; headers?: Record<string, string>; body?: unknown }>

interface Api {
  readonly url: string
  readonly requests: { readonly url: string; readonly headers: IncomingMessage['headers']; readonly body: string }[]
}

/** An HTTP API. `answer` gets the path with its query, and the number of the request. */
async function serve(answer: (url: string, number: number, request: IncomingMessage) => Answer): Promise<Api> {
  const api = { url: '', requests: [] as Api['requests'] }
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (part: Buffer) => (text += part.toString()))
    request.on('end', () => {
      const { url = '', headers } = request
      api.requests.push({ url, headers, body: text })
      const { status = 200, headers: more = {}, body = '' } = answer(url, api.requests.length, request)
      response.writeHead(status, more)
      response.end(status === 304 ? undefined : typeof body === 'string' ? body : JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  api.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return api
}

class Scene extends QueryScene {
  constructor() {
    super('api', 1_764_072_000_000)
  }

  async run(api: Api, written: Written, until: (source: HttpPollSource) => unknown): Promise<HttpPollSource> {
    const source = await openHttpPoll(
      configFrom(httpPollSchema, { url: `${api.url}/items`, ...written }),
      this.context(),
    )
    const abort = new AbortController()
    const done = source.run(abort.signal)
    await expect.poll(() => until(source), { interval: 2, timeout: 20_000 }).toBeTruthy()
    abort.abort()
    await done
    return source
  }

  get texts(): string[] {
    return this.events.map(({ data }) => new TextDecoder().decode(data))
  }
}

test('an unchanged response is read once, also after a restart, and a limit is respected', async () => {
  let limits = 0
  const api = await serve((_, __, { headers }) => {
    if (limits-- > 0) return { status: 429, headers: { 'retry-after': '5' } }
    if (headers['if-none-match'] === '"1"') return { status: 304 }
    return { headers: { etag: '"1"', 'last-modified': 'Wed, 25 Nov 2026 12:00:00 GMT' }, body: { items: [{ id: 1 }] } }
  })
  const scene = new Scene()
  const written: Written = { records: '/items' }
  await scene.run(api, written, () => api.requests.length >= 3)
  const before = api.requests.length
  limits = 1
  const limited = () => scene.metrics.value('weir_http_poll_requests_total', { source: 'api', outcome: 'limited' })
  await scene.run(api, written, () => api.requests.length >= before + 3 && limited() === 1)
  expect(scene.texts).toEqual(['{"id":1}'])
  expect(api.requests[before]?.headers).toMatchObject({
    'if-none-match': '"1"',
    'if-modified-since': 'Wed, 25 Nov 2026 12:00:00 GMT',
  })
  expect(scene.slept.filter((ms) => ms >= 5000 && ms < 50_000)).toHaveLength(0)
  expect(scene.slept.every((ms) => ms >= 5000)).toBe(true)
  expect(limited()).toBe(1)
})

test('after a limit the next request waits for the time of the server', async () => {
  const api = await serve((_, number) =>
    number === 1 ? { status: 503, headers: { 'retry-after': '90' } } : { body: [{ id: number }] },
  )
  const scene = new Scene()
  const source = await scene.run(api, { every: '5s' }, () => scene.texts.length >= 1)
  expect(scene.slept[0]).toBeGreaterThanOrEqual(90_000)
  expect(source.health()).toBeUndefined()
  expect(scene.lines.join()).toMatch(/HTTP 503[^]*readable again/)
})

test('a probe reports the records of the first page, a page without any, and the reason of a failure', async () => {
  const api = await serve((url) =>
    url.includes('secret=no') ? { status: 403 } : { body: { items: url.includes('empty') ? [] : [1, 2] } },
  )
  const probe = async (url: string): Promise<unknown> =>
    probeApi(
      configFrom(httpPollSchema, { url, records: '/items' }),
      { id: 'api', host: realHost() },
      new AbortController().signal,
    )
  expect(await probe(api.url)).toEqual({ is: 'ok', message: `${api.url}: 2 records on the first page` })
  expect(await probe(`${api.url}?empty=1`)).toMatchObject({ is: 'warn' })
  expect(await probe(`${api.url}?secret=no`)).toEqual({
    is: 'fail',
    message: `${api.url}: the server responded HTTP 403`,
  })
})

test('cursors are followed to the cap, and the next poll continues after a restart', async () => {
  const api = await serve((url) => {
    const page = Number(new URL(url, 'http://x').searchParams.get('cursor') ?? 1)
    return { body: { items: [{ page }], next: page < 5 ? String(page + 1) : null } }
  })
  const scene = new Scene()
  const written: Written = { records: '/items', key: ['/page'], paging: { type: 'cursor', at: '/next', max_pages: 2 } }
  const capped = await scene.run(api, written, ({ feed }) => scene.texts.length >= 2 && feed?.().poll?.next)
  expect(capped.feed?.()).toMatchObject({ records: scene.texts.length, lastRecord: scene.host.clock.now() })
  expect(capped.feed?.().poll?.cursor).toMatch(/^page [3-5]$/)
  await scene.run(api, written, () => scene.texts.length >= 5)
  expect(scene.texts).toEqual([1, 2, 3, 4, 5].map((page) => `{"page":${page}}`))
  expect(scene.ids).toEqual(['1', '2', '3', '4', '5'])
})

test('page numbers end with a page without records, and links with the last one', async () => {
  const api = await serve((url) => {
    const place = new URL(url, 'http://x')
    const page = Number(place.searchParams.get('p') ?? 0)
    const more = page < 2 ? { link: `<${place.pathname}?p=${page + 1}>; title="a, b"; rel="next"` } : {}
    return { headers: { ...more }, body: page > 2 ? [] : [page] }
  })
  const paged = new Scene()
  const pages = { type: 'page', parameter: 'p', first: 1 } as const
  await paged.run(api, { paging: pages, key: [''] }, ({ status }) => paged.texts.length >= 2 && status().lastPoll)
  expect(paged.texts).toEqual(['1', '2'])
  expect(api.requests.slice(0, 3).map(({ url }) => url)).toEqual(['/items?p=1', '/items?p=2', '/items?p=3'])
  const linked = new Scene()
  await linked.run(api, { paging: { type: 'link' }, key: [''] }, () => linked.texts.length >= 3)
  expect(linked.texts).toEqual(['0', '1', '2'])
})

test('known records are skipped, exact numbers stay, and `since` is the greatest value so far', async () => {
  const all = [
    '{"id":1,"at":"2026-01-02","n":9007199254740993}',
    '{"id":2,"at":"2026-01-01"}',
    '{"id":3,"at":"2026-01-03"}',
  ]
  const api = await serve((_, number) => ({ body: `[${all.slice(0, number + 1).join()}]` }))
  const scene = new Scene()
  const written: Written = { key: ['/id'], since: { parameter: 'since', at: '/at', start: '2025-01-01' } }
  await scene.run(api, written, () => scene.texts.length >= 2)
  await scene.run(api, written, () => scene.texts.length >= 3)
  expect(scene.texts).toEqual(all)
  expect(api.requests.slice(0, 2).map(({ url }) => url)).toEqual(['/items?since=2025-01-01', '/items?since=2026-01-02'])
})

test('`since` is the latest instant, whatever its offset, or the greatest text', () => {
  const greatest = (...values: readonly string[]) =>
    values.reduce<string | undefined>((most, value) => greater(most, value), undefined)
  const offset = '2026-11-27T11:30:00+02:00'
  expect(greatest('2026-11-27T10:00:00Z', offset)).toBe('2026-11-27T10:00:00Z')
  expect(greatest('2026-11-27T09:00:00.5Z', offset, '2026-11-27T09:30:00.000000001Z')).toMatch(/1Z$/)
  expect(greatest('9', '10')).toBe('10')
  expect(greatest('2026-11-27', '2026-11-26')).toBe('2026-11-27')
})

test('the delay doubles while a response is not readable, and ends with a readable one', async () => {
  const api = await serve((_, number) => ({ body: number < 5 ? '<html>login</html>' : '[]' }))
  const scene = new Scene()
  await scene.run(api, { every: '1m' }, () => scene.slept.length >= 6)
  const minutes = scene.slept.slice(0, 6).map((ms) => Math.ceil(ms / 60_000))
  expect(minutes).toEqual([2, 4, 8, 10, 1, 1])
})

test('a journal that refuses rows keeps the position', async () => {
  const api = await serve((_, __, { headers }) =>
    headers['if-none-match'] === undefined ? { headers: { etag: '"1"' }, body: [{ id: 1 }] } : { status: 304 },
  )
  const scene = new Scene()
  scene.refuse = 3
  await scene.run(api, {}, () => scene.texts.length >= 1 && api.requests.length >= 2)
  expect(scene.texts).toEqual(['{"id":1}'])
})

test('unreadable responses are reported, and nothing is skipped', async () => {
  const api = await serve(
    (_, number) => [{ body: '{' }, { body: {} }, { body: { items: [1] } }][number - 1] ?? { body: { items: [1] } },
  )
  const scene = new Scene()
  await scene.run(api, { records: '/items', key: [''] }, () => scene.texts.length >= 1)
  expect(scene.lines.join('\n')).toMatch(/is not valid JSON[^]*has nothing at `\/items`/)
})

test('lines and text are records, too', async () => {
  const api = await serve(() => ({ body: '{"id":1}\r\n\nno JSON\n' }))
  const lines = new Scene()
  await lines.run(api, { format: 'lines', key: [''] }, () => api.requests.length >= 3)
  expect(lines.texts).toEqual(['{"id":1}', 'no JSON'])
  const text = new Scene()
  await text.run(api, { format: 'text', key: [''] }, () => text.texts.length >= 1)
  expect(text.texts).toEqual(['{"id":1}\r\n\nno JSON\n'])
})

test('a token by client credentials is used until it ends or is refused', async () => {
  let tokens = 0
  const api = await serve((url, _, { headers }) => {
    if (url === '/token') return { body: { access_token: `t${++tokens}`, expires_in: 3600 } }
    return headers.authorization === 'Bearer t2' ? { body: [1] } : { status: 401 }
  })
  vi.stubEnv('WEIR_TEST_CLIENT_SECRET', 's:1')
  const scene = new Scene()
  const oauth2 = {
    token_url: `${api.url}/token`,
    client_id: 'weir',
    client_secret: 'env:WEIR_TEST_CLIENT_SECRET',
    scope: 'read',
  }
  await scene.run(api, { oauth2, key: [''] }, () => scene.texts.length >= 1 && api.requests.length > 5)
  const [first] = api.requests
  expect([first?.url, first?.body]).toEqual(['/token', 'grant_type=client_credentials&scope=read'])
  expect(Buffer.from(first?.headers.authorization?.slice(6) ?? '', 'base64').toString()).toBe('weir:s%3A1')
  expect(tokens).toBe(2)
})

test('of two replicas one polls, and the other continues with its position', async () => {
  let second = 1
  const api = await serve(() => ({ body: [{ id: 1 }, { id: second }] }))
  const scene = new Scene()
  const shared = new SharedLeadership()
  const begin = async (instance: string): Promise<() => Promise<void>> => {
    const config = configFrom(httpPollSchema, { url: `${api.url}/items`, key: ['/id'] })
    const source = await openHttpPoll(config, sharing(scene.context(), shared, instance, scene.lines))
    const abort = new AbortController()
    const done = source.run(abort.signal)
    return async () => {
      abort.abort()
      await done
    }
  }
  const one = await begin('one')
  await expect.poll(() => scene.texts.length, { interval: 2, timeout: 20_000 }).toBe(1)
  const two = await begin('two')
  await one()
  second = 2
  await expect.poll(() => scene.texts.length, { interval: 2, timeout: 20_000 }).toBe(2)
  await two()
  expect(scene.ids).toEqual(['1', '2'])
})

test.each<readonly [Written, string]>([
  [{ url: 'http://api.example.com/', query: { key: 'env:X' } }, 'a secret would be sent over plain HTTP'],
  [{ format: 'text', records: '/a' }, 'apply to JSON'],
  [{ url: 'https://api.example.com/?key=1', query: { key: 'env:X' } }, '`url` has the parameter `key`, too'],
])('the settings %j are refused', (written, message) => {
  expect(() => configFrom(httpPollSchema, { url: 'https://api.example.com/', ...written })).toThrow(message)
})

test('a page that needs more memory than there is for decoding is not stored, and the position stays', async () => {
  const scene = new Scene()
  const { memory } = scene.context().host
  const before = memory.capacity
  onTestFinished(() => void (memory.capacity = before))
  memory.capacity = 4 << 20
  const api = await serve(() => ({ body: `[${'[],'.repeat(200_000)}[]]` }))
  const source = await scene.run(api, {}, (it) => it.status().why)
  expect(source.status()).toMatchObject({
    records: 0,
    why: expect.stringContaining('decoding needs more than') as string,
  })
  expect(memory.used).toBe(0)
})
