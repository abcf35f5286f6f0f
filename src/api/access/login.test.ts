import { request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { realHost, type Host } from '../../host/index.ts'
import { EventStream } from '../testing/event-stream.ts'
import { logged, start } from '../testing/kit.ts'
import { someFlows } from '../testing/recording-control.ts'

const secret = 'secret-admin-1'
const auth = {
  tokens: [
    { name: 'root', token: secret },
    { name: 'shop', token: 'secret-shop-1', role: 'viewer', namespaces: ['shop'] },
  ],
} as const

interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly cookie: string
  readonly text: string
}

/** `fetch` cannot set Origin and Sec-Fetch-Site. */
function ask(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: object,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? undefined : JSON.stringify(body)
    const sent = request(
      {
        port,
        path,
        method,
        agent: false,
        headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      },
      (answer) => {
        let got = ''
        answer
          .setEncoding('utf8')
          .on('data', (piece: string) => (got += piece))
          .on('end', () => {
            resolve({
              status: answer.statusCode ?? 0,
              body: got.startsWith('{') ? (JSON.parse(got) as Record<string, unknown>) : {},
              cookie: answer.headers['set-cookie']?.join('\n') ?? '',
              text: got,
            })
          })
      },
    )
    sent.on('error', reject).end(text)
  })
}

const own = (port: number): Record<string, string> => ({
  origin: `http://localhost:${port}`,
  'sec-fetch-site': 'same-origin',
  host: `localhost:${port}`,
})
const idOf = ({ cookie }: Answer): string => cookie.split(';')[0] ?? ''

test('a browser signs in with a token, gets an HttpOnly cookie, and signs out', async () => {
  const { port } = await start({ auth })
  expect((await ask(port, 'GET', '/api/v1/login', own(port))).body).toEqual({ needed: true, token: true, oidc: false })
  const login = await ask(port, 'POST', '/api/v1/login', own(port), { token: 'secret-shop-1' })
  expect([login.status, login.body]).toEqual([
    200,
    { name: 'shop', role: 'viewer', namespaces: ['shop'], login: 'token' },
  ])
  expect(login.cookie).toMatch(/^weir_session=[\w-]{84}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/)
  const cookie = idOf(login)
  expect((await ask(port, 'GET', '/api/v1/me', { ...own(port), cookie })).body).toMatchObject({ name: 'shop' })
  expect((await ask(port, 'GET', '/api/v1/ledger', { ...own(port), cookie })).status).toBe(403)
  const logout = await ask(port, 'POST', '/api/v1/logout', { ...own(port), cookie })
  expect([logout.status, logout.body, logout.cookie]).toEqual([
    200,
    { redirect: null },
    'weir_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict',
  ])
  const after = await ask(port, 'GET', '/api/v1/me', { ...own(port), cookie })
  expect([after.status, after.body['detail']]).toEqual([401, 'The session has ended: sign in again.'])
})

test('a wrong token starts no session and appears nowhere', async () => {
  const { port } = await start({ auth })
  const answer = await ask(port, 'POST', '/api/v1/login', own(port), { token: 'wrong-secret-7' })
  expect([answer.status, answer.body['code'], answer.cookie]).toEqual([401, 'WEIR_API_TOKEN', ''])
  await ask(port, 'POST', '/api/v1/login', own(port), { token: secret })
  const leaked = JSON.stringify([answer.text, logged])
  expect(leaked).not.toMatch(/wrong-secret-7|secret-admin-1/)
  expect((await ask(port, 'POST', '/api/v1/login', own(port), {})).status).toBe(400)
})

test('the cookie is Secure if the browser uses TLS', async () => {
  const { port } = await start({ auth })
  const login = await ask(
    port,
    'POST',
    '/api/v1/login',
    { host: 'weir.example', origin: 'https://weir.example', 'x-forwarded-proto': 'https' },
    { token: secret },
  )
  expect(login.cookie).toMatch(/; SameSite=Strict; Secure$/)
  // Behind a proxy that terminates TLS, Origin has the scheme and host of the proxy.
  expect(
    (
      await ask(port, 'POST', '/api/v1/reload', {
        host: 'weir.example',
        origin: 'https://weir.example',
        cookie: idOf(login),
      })
    ).status,
  ).toBe(200)
})

test('another site cannot sign a browser in or out, or use its session', async () => {
  const { port, control } = await start({ auth })
  const cookie = idOf(await ask(port, 'POST', '/api/v1/login', own(port), { token: secret }))
  const host = `localhost:${port}`
  const foreign: Record<string, string>[] = [
    { host, origin: 'http://evil.example' },
    { host, origin: 'null' },
    { host, origin: `http://localhost:${port + 1}` },
    { host, origin: `http://localhost:${port}.evil.example` },
    { host, 'sec-fetch-site': 'cross-site' },
    { host, 'sec-fetch-site': 'same-site' },
    { host, origin: `http://${host}`, 'sec-fetch-site': 'cross-site' },
    { host: 'other.example', origin: `http://${host}` },
  ]
  for (const headers of foreign) {
    const logged = JSON.stringify(headers)
    for (const [method, path, body] of [
      ['POST', '/api/v1/reload'],
      ['POST', '/api/v1/sql', { sql: 'SELECT 1' }],
      ['PUT', '/api/v1/live/some-sid', { views: [] }],
      ['POST', '/api/v1/dead-letters/nats/drop'],
      ['GET', '/api/v1/flows'],
      ['GET', '/api/v1/live'],
      ['POST', '/api/v1/logout'],
    ] as const) {
      const answer = await ask(port, method, path, { ...headers, cookie }, body)
      expect([answer.status, answer.body['code']], `${method} ${path} ${logged}`).toEqual([403, 'WEIR_API_ORIGIN'])
    }
    expect((await ask(port, 'POST', '/api/v1/login', headers, { token: secret })).status, logged).toBe(403)
  }
  expect([control.moved, control.queries]).toEqual([[], []])
  // Requests that change state need an Origin; reading does not.
  expect((await ask(port, 'POST', '/api/v1/reload', { host, cookie })).status).toBe(403)
  expect((await ask(port, 'GET', '/api/v1/me', { host, cookie })).status).toBe(200)
  expect((await ask(port, 'POST', '/api/v1/reload', { host, cookie, 'sec-fetch-site': 'same-origin' })).status).toBe(
    200,
  )
})

test('a WebSocket of another site cannot use the cookie', async () => {
  const { port } = await start({ auth })
  const cookie = idOf(await ask(port, 'POST', '/api/v1/login', own(port), { token: secret }))
  const opened = (origin: string | undefined): Promise<string> =>
    new Promise((resolve) => {
      const socket = new WebSocket(`ws://localhost:${port}/api/v1/live`, {
        headers: { cookie },
        ...(origin === undefined ? {} : { origin }),
      })
      socket
        .on('open', () => {
          resolve('open')
          socket.terminate()
        })
        .on('unexpected-response', (_request, answer) => resolve(String(answer.statusCode)))
        .on('error', () => {})
    })
  expect([
    await opened('http://evil.example'),
    await opened(undefined),
    await opened(`http://localhost:${port}`),
  ]).toEqual(['403', '403', 'open'])
})

test('two cookies of the name are ambiguous and rejected', async () => {
  const { port } = await start({ auth })
  const cookie = idOf(await ask(port, 'POST', '/api/v1/login', own(port), { token: secret }))
  expect((await ask(port, 'GET', '/api/v1/me', { ...own(port), cookie: `${cookie}; ${cookie}` })).status).toBe(401)
  expect((await ask(port, 'GET', '/api/v1/me', { ...own(port), cookie: `a=b; ${cookie}; c="d"` })).status).toBe(200)
})

test('a wrong token is rejected even with a valid cookie', async () => {
  const { port } = await start({ auth })
  const cookie = idOf(await ask(port, 'POST', '/api/v1/login', own(port), { token: secret }))
  expect((await ask(port, 'GET', '/api/v1/me', { ...own(port), cookie, authorization: 'Bearer wrong' })).status).toBe(
    401,
  )
})

test('streams end with their session, by signing out and by time', async () => {
  let ahead = 0
  const real = realHost()
  const host: Host = {
    ...real,
    clock: { now: () => real.clock.now() + ahead, monotonic: () => real.clock.monotonic() },
  }
  const { port, api, control } = await start({ auth, host, limits: { tickMs: 20 } })
  for (const how of ['logout', 'time'] as const) {
    const cookie = idOf(await ask(port, 'POST', '/api/v1/login', own(port), { token: secret }))
    const stream = await EventStream.open(`${api.url}/api/v1/live`, { cookie })
    const tap = await fetch(`${api.url}/api/v1/tap?source=netflow`, { headers: { cookie } })
    control.publish(someFlows(1))
    await stream.untilRows('flows', 1)
    if (how === 'logout') await ask(port, 'POST', '/api/v1/logout', { ...own(port), cookie })
    else ahead += 13 * 3_600_000
    await stream.ended()
    expect((await tap.text()).trim().split('\n').length).toBe(1)
  }
  await sleep(0)
  expect(control.watchers).toBe(1)
})

test('without authentication, signing in does nothing', async () => {
  const { port } = await start()
  expect((await ask(port, 'GET', '/api/v1/login', own(port))).body).toEqual({
    needed: false,
    token: false,
    oidc: false,
  })
  const answer = await ask(port, 'POST', '/api/v1/login', own(port), { token: 'whatever' })
  expect([answer.status, answer.body['login'], answer.cookie]).toEqual([200, 'none', ''])
  expect(
    (await ask(port, 'POST', '/api/v1/login', { ...own(port), origin: 'http://evil.example' }, { token: 'x' })).status,
  ).toBe(403)
})

test('repeated failures get 429 with Retry-After before the token is checked, and are counted', async () => {
  let now = 1000
  const real = realHost()
  const counted: string[] = []
  const host: Host = { ...real, clock: { now: () => real.clock.now(), monotonic: () => now } }
  const long = 'a-token-that-nobody-finds-by-trying'
  const { port } = await start({
    auth: { tokens: [...auth.tokens, { name: 'long', token: long }] },
    host,
    metrics: {
      set: () => {},
      count: (name, by, labels) => {
        if (name === 'weir_api_failed_logins_total') counted.push(`${labels?.['how']} ${labels?.['outcome']} ${by}`)
      },
    },
  })
  const guess = (token: string): Promise<Answer> => ask(port, 'POST', '/api/v1/login', own(port), { token })
  const bearer = async (token: string): Promise<number> =>
    (await ask(port, 'GET', '/api/v1/me', { authorization: `Bearer ${token}` })).status
  const cookie = idOf(await guess(secret))
  for (let count = 0; count < 9; count++) expect((await guess(`wrong-${count}`)).status).toBe(401)
  expect(await bearer('wrong')).toBe(401)
  const limited = await guess('wrong')
  expect([limited.status, limited.body['code'], limited.body['detail']]).toEqual([
    429,
    'WEIR_API_LIMIT',
    'Too many unknown tokens were tried: try again in 6 s.',
  ])
  // A correct token gets the same response, which reveals nothing.
  expect([
    (await guess(secret)).status,
    await bearer(secret),
    await bearer('another-one-that-is-long-and-wrong'),
  ]).toEqual([429, 429, 429])
  // Existing sessions continue, and a long token is not delayed by failures of others.
  expect([(await ask(port, 'GET', '/api/v1/me', { ...own(port), cookie })).status, await bearer(long)]).toEqual([
    200, 200,
  ])
  expect(counted).toEqual([
    ...Array<string>(9).fill('login refused 1'),
    'bearer refused 1',
    'login limited 1',
    'login limited 1',
    'bearer limited 1',
    'bearer limited 1',
  ])
  now += 6000
  expect([(await guess(secret)).status, await bearer(secret)]).toEqual([200, 200])
})

test('a session of a token is valid at every server with that token, until it ends there or expires', async () => {
  const [one, two, stranger] = [
    await start({ auth }),
    await start({ auth }),
    await start({ auth: { tokens: [{ name: 'root', token: 'another-secret' }] } }),
  ]
  const cookie = idOf(await ask(one.port, 'POST', '/api/v1/login', own(one.port), { token: 'secret-shop-1' }))
  const me = async (port: number): Promise<unknown> =>
    (await ask(port, 'GET', '/api/v1/me', { ...own(port), cookie })).body['name']
  expect([await me(one.port), await me(two.port), await me(two.port), await me(stranger.port)]).toEqual([
    'shop',
    'shop',
    'shop',
    undefined,
  ])
  expect((await ask(two.port, 'POST', '/api/v1/logout', { ...own(two.port), cookie })).status).toBe(200)
  expect([await me(two.port), await me(one.port)]).toEqual([undefined, 'shop'])
  // Each server applies its own maximum age, also to sessions that another one began.
  const short = await start({ auth: { ...auth, sessionMs: 1000 } })
  const real = realHost()
  const later = await start({
    auth,
    host: { ...real, clock: { monotonic: () => real.clock.monotonic(), now: () => real.clock.now() + 13 * 3_600_000 } },
  })
  const unmet = await start({ auth })
  await ask(unmet.port, 'POST', '/api/v1/logout', { ...own(unmet.port), cookie })
  expect([await me(later.port), await me(unmet.port)]).toEqual([undefined, undefined])
  await expect.poll(() => me(short.port), { timeout: 20_000 }).toBeUndefined()
})
