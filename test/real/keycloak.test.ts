import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { accessRules } from '../../src/api/access/decisions.ts'
import type { OidcSettings } from '../../src/api/access/oidc/settings.ts'
import type { ApiOptions } from '../../src/api/index.ts'
import { EventStream } from '../../src/api/testing/event-stream.ts'
import { namespacedFlows, own } from '../../src/api/testing/namespaces.ts'
import { startStored, type StoredApi } from '../../src/api/testing/stored.ts'
import { realHost, type Host } from '../../src/host/index.ts'
import { installedChromium, launch } from '../browser/kit/chromium.ts'
import { freePorts } from '../kit/free-port.ts'
import { proves } from '../kit/proof.ts'
import { startWeir } from '../kit/weir-process.ts'
import { installKeycloak } from './install/keycloak.ts'
import { Browser, type Page } from './kit/browser.ts'
import { passwordOf, startKeycloak, type Keycloak } from './kit/keycloak.ts'

const installed = await installKeycloak()
const clientSecret = 'secret-of-the-client'
const realm = 'main'
let keycloak: Keycloak
let weirClient = ''

/** All entries of the program log. */
const logged: unknown[] = []
const line = (message: string, fields?: unknown): void => void logged.push([message, fields])
const log = { debug: line, info: line, warn: line, error: line }

const users: Readonly<Record<string, { readonly roles: readonly string[]; readonly groups: readonly string[] }>> = {
  ada: { roles: ['weir-admin'], groups: [] },
  vera: { roles: ['weir-viewer'], groups: ['everything'] },
  shona: { roles: ['weir-viewer'], groups: ['ns-shop', 'lunch'] },
  norman: { roles: ['weir-viewer'], groups: ['lunch'] },
  stray: { roles: [], groups: ['ns-shop'] },
}

beforeAll(async () => {
  if (installed.path === undefined) return
  keycloak = await startKeycloak()
  const { manage } = keycloak
  for (const name of [realm, 'other']) {
    await manage('POST', '', { realm: name, enabled: true, accessTokenLifespan: 300, sslRequired: 'none' })
    await manage('POST', `/${name}/clients`, {
      clientId: 'cli',
      publicClient: true,
      directAccessGrantsEnabled: true,
      protocolMappers: [audience('weir-api'), groupClaim],
    })
  }
  await manage('POST', `/${realm}/clients`, {
    clientId: 'elsewhere',
    publicClient: true,
    directAccessGrantsEnabled: true,
    protocolMappers: [audience('another-api'), groupClaim],
  })
  weirClient = String(
    await manage('POST', `/${realm}/clients`, {
      clientId: 'weir',
      secret: clientSecret,
      redirectUris: ['http://127.0.0.1/*'],
      attributes: { 'post.logout.redirect.uris': 'http://127.0.0.1/*', 'pkce.code.challenge.method': 'S256' },
      protocolMappers: [groupClaim],
    }),
  )
  for (const name of ['weir-admin', 'weir-viewer']) await manage('POST', `/${realm}/roles`, { name })
  for (const name of ['everything', 'ns-shop', 'lunch']) await manage('POST', `/${realm}/groups`, { name })
  for (const [username, { roles, groups }] of Object.entries(users)) {
    const id = String(await manage('POST', `/${realm}/users`, person(username, groups)))
    const given = await Promise.all(roles.map((role) => manage('GET', `/${realm}/roles/${role}`)))
    await manage('POST', `/${realm}/users/${id}/role-mappings/realm`, given)
  }
  await manage('POST', '/other/users', person('ada', []))
}, 900_000)

afterAll(() => keycloak?.stop())

beforeEach((context) => {
  if (installed.path === undefined) context.skip(installed.reason)
  logged.length = 0
})

const person = (username: string, groups: readonly string[]): object => ({
  username,
  groups,
  enabled: true,
  emailVerified: true,
  email: `${username}@example.com`,
  firstName: username,
  lastName: 'Example',
  credentials: [{ type: 'password', value: passwordOf(username), temporary: false }],
})
const audience = (name: string): object => ({
  name,
  protocol: 'openid-connect',
  protocolMapper: 'oidc-audience-mapper',
  config: { 'included.custom.audience': name, 'access.token.claim': 'true' },
})
const groupClaim = {
  name: 'groups',
  protocol: 'openid-connect',
  protocolMapper: 'oidc-group-membership-mapper',
  config: { 'claim.name': 'groups', 'full.path': 'false', 'id.token.claim': 'true', 'access.token.claim': 'true' },
}

async function withClient(
  id: string,
  attributes: Readonly<Record<string, string>>,
  act: () => Promise<void>,
): Promise<void> {
  const change = async (to: Readonly<Record<string, string>>): Promise<void> => {
    const client = (await keycloak.manage('GET', `/${realm}/clients/${id}`)) as { attributes: object }
    await keycloak.manage('PUT', `/${realm}/clients/${id}`, { ...client, attributes: { ...client.attributes, ...to } })
  }
  await change(attributes)
  try {
    await act()
  } finally {
    // Omitted settings stay unchanged.
    await change(Object.fromEntries(Object.keys(attributes).map((name) => [name, ''])))
  }
}

const userId = async (name: string): Promise<string> =>
  ((await keycloak.manage('GET', `/${realm}/users?exact=true&username=${name}`)) as { id: string }[])[0]?.id ?? ''

async function started(more: Partial<OidcSettings> = {}, options: Partial<ApiOptions> = {}): Promise<StoredApi> {
  const oidc: OidcSettings = {
    issuer: `${keycloak.url}/realms/${realm}`,
    clientId: 'weir',
    clientSecret,
    scopes: ['openid', 'profile', 'email'],
    audience: 'weir-api',
    clockToleranceMs: 30_000,
    peers: 'hidden',
    role:
      "contains(realm_access.roles, 'weir-admin') && 'admin' || contains(realm_access.roles, 'weir-viewer') " +
      "&& 'viewer'",
    namespaces: "contains(groups, 'everything') && '*' || groups[?starts_with(@, 'ns-')].replace(@, 'ns-', '')",
    ...more,
  }
  return startStored({ auth: { tokens: [], oidc }, log, limits: { tickMs: 20 }, ...options })
}

/** Logs in and returns the last page. */
async function login(browser: Browser, url: string, user: string, to = '/api/v1/me'): Promise<Page> {
  const form = await browser.open(`${url}/api/v1/login/oidc?to=${encodeURIComponent(to)}`)
  return browser.submit(form, { username: user, password: passwordOf(user) })
}

const me = async (browser: Browser, url: string): Promise<unknown> =>
  JSON.parse((await browser.api(url, 'GET', '/api/v1/me')).text)
const skewed = (ms: number): Host => {
  const host = realHost()
  return { ...host, clock: { ...host.clock, now: () => host.clock.now() + ms } }
}

describe('keycloak', () => {
  proves('login', {
    system: 'oidc',
    server: 'Keycloak',
    version: async () =>
      ((await keycloak.manage('GET', '/../serverinfo')) as { systemInfo: { version: string } }).systemInfo.version,
  })

  describe('logging in', () => {
    test('with code, PKCE, state and nonce returns to the requested page as the user', async () => {
      const { url } = await started()
      const browser = new Browser()
      expect((await browser.api(url, 'GET', '/api/v1/me')).status).toBe(401)
      expect(JSON.parse((await browser.api(url, 'GET', '/api/v1/login')).text)).toEqual({
        needed: true,
        token: false,
        oidc: true,
      })
      const begun = await browser.open(`${url}/api/v1/login/oidc`, { follow: false })
      const parameters = new URL(String(begun.headers['location'])).searchParams
      expect(Object.fromEntries(parameters)).toMatchObject({
        response_type: 'code',
        client_id: 'weir',
        redirect_uri: `${url}/api/v1/login/oidc/callback`,
        scope: 'openid profile email',
        code_challenge_method: 'S256',
      })
      for (const name of ['state', 'nonce', 'code_challenge'])
        expect(parameters.get(name)?.length, name).toBeGreaterThanOrEqual(43)
      const page = await login(browser, url, 'ada')
      expect([page.url, JSON.parse(page.text)]).toEqual([
        `${url}/api/v1/me`,
        { name: 'ada', role: 'admin', namespaces: null, login: 'oidc' },
      ])
      expect((await browser.api(url, 'GET', '/api/v1/ledger')).status).toBe(200)
      expect(
        (await browser.open(`${url}/api/v1/reload`, { method: 'POST', headers: { origin: 'http://evil.example' } }))
          .status,
      ).toBe(403)
    })

    test('gives the role and the namespaces that the expressions find in the claims', async () => {
      const { url } = await started()
      const found: Record<string, unknown> = {}
      for (const user of ['ada', 'vera', 'shona']) {
        const browser = new Browser()
        await login(browser, url, user)
        found[user] = await me(browser, url)
      }
      expect(found).toMatchObject({
        ada: { role: 'admin', namespaces: null },
        vera: { role: 'viewer', namespaces: null },
        shona: { role: 'viewer', namespaces: ['shop'] },
      })
    })

    test('without a role, or as a viewer of nothing, ends at a page with the reason', async () => {
      const { url } = await started()
      for (const [user, reason, hint] of [
        ['stray', 'stray has no role here.', 'auth.oidc.role'],
        ['norman', 'norman may see no namespace here.', 'auth.oidc.namespaces'],
      ] as const) {
        const browser = new Browser()
        const page = await login(browser, url, user)
        expect([page.status, page.headers['content-type'], browser.cookie('weir_session')]).toEqual([
          403,
          'text/html; charset=utf-8',
          undefined,
        ])
        expect(page.text).toContain(reason)
        expect(page.text).toContain(hint)
        expect(page.headers['content-security-policy']).toContain("default-src 'none'")
        expect((await browser.api(url, 'GET', '/api/v1/me')).status).toBe(401)
        // The user can leave the provider, to log in as another user.
        const out = /<a href="([^"]+)">Sign in as another user/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? ''
        await browser.open(out)
        expect((await browser.open(`${url}/api/v1/login/oidc`)).text).toContain('password')
      }
    })

    test('a response is valid once, for the browser of the request, with the state of the request', async () => {
      const { url } = await started()
      const [browser, other] = [new Browser(), new Browser()]
      const form = await browser.open(`${url}/api/v1/login/oidc`)
      const action = /<form[^>]*\saction="([^"]*)"/.exec(form.text)?.[1]?.replaceAll('&amp;', '&') ?? ''
      const answered = await browser.open(action, {
        method: 'POST',
        form: { username: 'ada', password: passwordOf('ada') },
        follow: false,
      })
      const back = String(answered.headers['location'])
      expect(back).toContain('code=')
      await other.open(`${url}/api/v1/login/oidc`, { follow: false })
      const wrong = new URL(back)
      wrong.searchParams.set('state', 'x'.repeat(43))
      for (const [who, address] of [
        [other, back],
        [browser, wrong.href],
      ] as const) {
        const page = await who.open(address)
        expect([page.status, page.text.includes('This sign-in has expired'), who.cookie('weir_session')]).toEqual([
          400,
          true,
          undefined,
        ])
      }
      expect((await browser.open(back, { follow: false })).status).toBe(303)
      expect((await browser.open(back)).status).toBe(400)
    })

    test('continues at paths of this server only', async () => {
      const { url } = await started()
      for (const to of [
        '//evil.example/',
        'https://evil.example/',
        '/\\evil.example',
        '\\\\evil.example',
        'javascript:alert(1)',
      ]) {
        const browser = new Browser()
        const page = await login(browser, url, 'ada', to)
        expect(
          page.way.filter((address) => !address.startsWith(url) && !address.startsWith(keycloak.url)),
          to,
        ).toEqual([])
        expect(page.url).toBe(`${url}/`)
      }
    })

    test('a login aborted at the provider, and an invalid code, are reported as failed', async () => {
      const { url } = await started()
      for (const [answer, status, words] of [
        ['error=access_denied&error_description=No+%3Cb%3Ethanks', 403, 'No &lt;b&gt;thanks (access_denied)'],
        ['code=made-up', 400, 'invalid_grant'],
      ] as const) {
        const browser = new Browser()
        const begun = await browser.open(`${url}/api/v1/login/oidc`, { follow: false })
        const state = new URL(String(begun.headers['location'])).searchParams.get('state') ?? ''
        const page = await browser.open(
          `${url}/api/v1/login/oidc/callback?${answer}&state=${state}&iss=${encodeURIComponent(`${keycloak.url}/realms/${realm}`)}`,
        )
        expect([page.status, browser.cookie('weir_session')]).toEqual([status, undefined])
        expect(page.text).toContain(words)
      }
    })

    test('reports a wrong client secret or an unreachable provider, and affects nothing else', async () => {
      const wrong = await started({ clientSecret: 'a-wrong-secret' })
      const page = await login(new Browser(), wrong.url, 'ada')
      expect([page.status, page.text.includes('The sign-in failed')]).toEqual([400, true])
      expect(JSON.stringify([logged, page.text])).not.toContain('a-wrong-secret')
      const [nobody = 0] = await freePorts(1)
      const away = await started({ issuer: `http://127.0.0.1:${nobody}/realms/none` })
      const refused = await new Browser().open(`${away.url}/api/v1/login/oidc`)
      expect([
        refused.status,
        refused.text.includes('ECONNREFUSED'),
        refused.text.includes('.well-known/openid-configuration'),
      ]).toEqual([503, true, true])
      expect((await new Browser().open(`${away.url}/api/v1/login`)).status).toBe(200)
    })
  })

  describe('a session', () => {
    test('ends here and at the provider on logout', async () => {
      const { url } = await started()
      const browser = new Browser()
      await login(browser, url, 'ada')
      const stream = await EventStream.open(`${url}/api/v1/live`, { cookie: browser.cookiesFor(url) })
      const kept = browser.cookiesFor(url)
      const out = await browser.api(url, 'POST', '/api/v1/logout')
      const { redirect } = JSON.parse(out.text) as { redirect: string }
      await stream.ended()
      expect(redirect.startsWith(`${keycloak.url}/realms/${realm}/protocol/openid-connect/logout?`)).toBe(true)
      expect((await new Browser().open(`${url}/api/v1/me`, { headers: { cookie: kept } })).status).toBe(401)
      // Until the browser has visited the provider, it would log the user in again silently.
      const ended = await browser.open(redirect)
      expect([ended.status, ended.url]).toEqual([200, `${url}/`])
      const again = await browser.open(`${url}/api/v1/login/oidc`)
      expect([again.status, again.url.startsWith(keycloak.url), again.text.includes('password')]).toEqual([
        200,
        true,
        true,
      ])
    })

    test('is renewed while its provider confirms it, with its current claims', async () => {
      await withClient(weirClient, { 'access.token.lifespan': '3' }, async () => {
        const { url } = await started()
        const browser = new Browser()
        await login(browser, url, 'vera')
        const role = await keycloak.manage('GET', `/${realm}/roles/weir-admin`)
        const mapping = `/${realm}/users/${await userId('vera')}/role-mappings/realm`
        const stream = await EventStream.open(`${url}/api/v1/live`, { cookie: browser.cookiesFor(url) })
        await keycloak.manage('POST', mapping, [role])
        try {
          // Without a request: the open stream may not continue with its former rights.
          await stream.ended()
          expect(await me(browser, url)).toMatchObject({ name: 'vera', role: 'admin' })
        } finally {
          await keycloak.manage('DELETE', mapping, [role])
        }
        await keycloak.manage('PUT', `/${realm}/users/${await userId('vera')}`, {
          ...person('vera', []),
          enabled: false,
          credentials: undefined,
          groups: undefined,
        })
        try {
          await sleep(4000)
          expect((await browser.api(url, 'GET', '/api/v1/me')).status).toBe(401)
        } finally {
          await keycloak.manage('PUT', `/${realm}/users/${await userId('vera')}`, {
            ...person('vera', []),
            credentials: undefined,
            groups: undefined,
          })
        }
      })
    })

    test('that cannot be renewed ends with its token, and its streams with it', async () => {
      await withClient(weirClient, { 'access.token.lifespan': '3', 'use.refresh.tokens': 'false' }, async () => {
        const { url } = await started()
        const browser = new Browser()
        await login(browser, url, 'ada')
        const stream = await EventStream.open(`${url}/api/v1/live`, { cookie: browser.cookiesFor(url) })
        expect(await me(browser, url)).toMatchObject({ name: 'ada' })
        await stream.ended()
        const after = await browser.api(url, 'GET', '/api/v1/me')
        expect([after.status, (JSON.parse(after.text) as { detail: string }).detail]).toEqual([
          401,
          'The session has ended: sign in again.',
        ])
      })
    })
  })

  describe('an access token', () => {
    const ask = async (
      url: string,
      token: string,
      path = '/api/v1/me',
    ): Promise<{ status: number; body: Record<string, unknown>; challenge: string | null }> => {
      const answer = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })
      return {
        status: answer.status,
        body: (await answer.json()) as Record<string, unknown>,
        challenge: answer.headers.get('www-authenticate'),
      }
    }

    test('of the issuer and for our audience is taken by the API, with the same roles', async () => {
      const { url } = await started()
      expect((await ask(url, (await keycloak.tokens(realm, 'cli', 'ada')).access_token)).body).toEqual({
        name: 'ada',
        role: 'admin',
        namespaces: null,
        login: 'oidc',
      })
      expect((await ask(url, (await keycloak.tokens(realm, 'cli', 'shona')).access_token)).body).toMatchObject({
        role: 'viewer',
        namespaces: ['shop'],
      })
      const stray = await ask(url, (await keycloak.tokens(realm, 'cli', 'stray')).access_token)
      expect([stray.status, stray.body['code'], stray.body['detail']]).toEqual([
        403,
        'WEIR_API_FORBIDDEN',
        'stray has no role here.',
      ])
    })

    test('with a wrong audience, issuer, signature or type is refused with the reason', async () => {
      const { url } = await started()
      const good = await keycloak.tokens(realm, 'cli', 'ada')
      const [head = '', body = '', signature = ''] = good.access_token.split('.')
      const forged = Buffer.from(
        JSON.stringify({
          ...(JSON.parse(Buffer.from(body, 'base64url').toString()) as object),
          preferred_username: 'root',
        }),
      ).toString('base64url')
      const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
      const cases: [string, string, string][] = [
        [
          'of another audience',
          (await keycloak.tokens(realm, 'elsewhere', 'ada')).access_token,
          'The audience of the token is not weir-api.',
        ],
        [
          'of another issuer',
          (await keycloak.tokens('other', 'cli', 'ada')).access_token,
          'The token is not signed by the issuer.',
        ],
        ['changed', [head, forged, signature].join('.'), 'The token is not signed by the issuer.'],
        ['not signed', [unsigned, body, ''].join('.'), 'The token is unknown.'],
        [
          'not signed, with something in place of a signature',
          [unsigned, body, signature].join('.'),
          'The token is unreadable.',
        ],
        ['an ID token', good.id_token ?? '', 'The audience of the token is not weir-api.'],
        ['a refresh token', good.refresh_token ?? '', ''],
        ['nothing of the kind', 'a.b.c', 'The token is unreadable.'],
      ]
      for (const [what, token, detail] of cases) {
        const answer = await ask(url, token)
        expect([answer.status, answer.body['code'], answer.challenge], what).toEqual([
          401,
          'WEIR_API_TOKEN',
          'Bearer realm="weir", error="invalid_token"',
        ])
        if (detail !== '') expect(answer.body['detail'], what).toBe(detail)
      }
      // An ID token is none even where the audience is the client itself.
      const same = await started({ audience: 'cli' })
      expect((await ask(same.url, good.id_token ?? '')).body).toMatchObject({
        status: 401,
        detail: 'The token is not an access token.',
      })
      const none = await started({ audience: undefined as never })
      expect((await ask(none.url, good.access_token)).status).toBe(401)
    })

    test('that has expired is refused, and a stream that it opened ends with it', async () => {
      const [cli] = (await keycloak.manage('GET', `/${realm}/clients?clientId=cli`)) as { id: string }[]
      await withClient(cli?.id ?? '', { 'access.token.lifespan': '3' }, async () => {
        const { url } = await started({ clockToleranceMs: 0 })
        const { access_token: token } = await keycloak.tokens(realm, 'cli', 'ada')
        const stream = await EventStream.open(`${url}/api/v1/live`, { authorization: `Bearer ${token}` })
        await stream.ended()
        expect(await ask(url, token)).toMatchObject({ status: 401, body: { detail: 'The token has expired.' } })
      })
    })
  })

  describe('clocks that differ', () => {
    test('by less than the tolerance do no harm', async () => {
      for (const ms of [20_000, -20_000]) {
        const { url } = await started({}, { host: skewed(ms) })
        const browser = new Browser()
        expect(JSON.parse((await login(browser, url, 'ada')).text), `${ms}`).toMatchObject({ name: 'ada' })
        const { access_token: token } = await keycloak.tokens(realm, 'cli', 'ada')
        expect((await fetch(`${url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
      }
    })

    test('by more are rejected, and the reason is reported', async () => {
      for (const [ms, words] of [
        [3_600_000, 'The token has expired.'],
        [-3_600_000, 'The token is not valid yet: the clocks of the provider and of this server differ.'],
      ] as const) {
        const { url } = await started({}, { host: skewed(ms) })
        const browser = new Browser()
        const page = await login(browser, url, 'ada')
        expect([page.status, page.text.includes(words), browser.cookie('weir_session')], page.text).toEqual([
          400,
          true,
          undefined,
        ])
        const { access_token: token } = await keycloak.tokens(realm, 'cli', 'ada')
        const answer = await fetch(`${url}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } })
        expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([401, words])
      }
    })
  })

  test('a user of one namespace sees nothing else, on any route of the API', async () => {
    const api = await started()
    const { url, control } = api
    const now = realHost().clock.now()
    await api.addBatch(namespacedFlows(now - 60_000), now - 60_000)
    control.publish(namespacedFlows(now))
    const browser = new Browser()
    await login(browser, url, 'shona')
    const { paths } = JSON.parse((await browser.api(url, 'GET', '/api/v1/openapi.json')).text) as {
      paths: Record<string, Record<string, { operationId: string }>>
    }
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId: id }]) => ({ path, method: method.toUpperCase(), id })),
    )
    const seen: Record<string, number[]> = {}
    const headers = {
      cookie: browser.cookiesFor(url),
      origin: url,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/json',
    }
    const requests: Record<string, { query?: string; body?: object }> = {
      tap: { query: '?source=netflow&limit=6' },
      topology: { query: '?scope=namespace,addr' },
      series: { query: '?group=src_namespace,dst_namespace' },
      flows: { query: '?columns=*&filter=any.ns%20%3D%20vault%20or%20bytes%20%3E%200' },
      setLive: {
        body: {
          views: [
            { id: 'r', kind: 'rows', q: { stream: 'flows' } },
            { id: 'g', kind: 'graph', q: { stream: 'flows' }, scope: ['src_namespace', 'dst_namespace'] },
          ],
        },
      },
      sql: { body: { sql: 'SELECT * FROM flows' } },
    }
    for (const { path, method, id } of operations) {
      if (id.startsWith('log')) continue
      const { query = '', body } = requests[id] ?? {}
      const gone = new AbortController()
      const answer = await fetch(url + path.replace('{sid}', 'shona-sees').replace(/\{(\w+)\}/g, 'some-$1') + query, {
        method,
        headers,
        signal: gone.signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      seen[id] = [answer.status]
      // A stream: rows of two rounds of its counts.
      let text = ''
      const feed = setInterval(() => control.publish(namespacedFlows(realHost().clock.now())), 100)
      const late = setTimeout(() => gone.abort(), 2500)
      try {
        for await (const piece of answer.body ?? []) text += Buffer.from(piece as Uint8Array).toString()
      } catch {
        if (!gone.signal.aborted) throw new Error(`${id} broke off`)
      }
      clearInterval(feed)
      clearTimeout(late)
      expect(text.match(/vault|"10\.2\.\d+\.\d+"/g) ?? [], `${id}: ${text.slice(0, 300)}`).toEqual([])
      if (id === 'flows') expect((JSON.parse(text) as { rows: unknown[] }).rows.length).toBe(3)
      if (id === 'topology') expect(Number((JSON.parse(text) as { total: { bytes: number } }).total.bytes)).toBe(own)
      if (id === 'live') expect(text).toContain('"shop"')
      if (id === 'tap') expect(text.trim().split('\n').length, text).toBe(6)
    }
    for (const [id, [status]] of Object.entries(seen)) {
      const who = accessRules[id]?.access
      if (who === 'admin' || who === 'unlimited' || who === 'events') expect(status, id).toBe(403)
      else expect(status, id).not.toBe(403)
    }
  })

  test('`weir run` is configured for it by its file, and needs no token then, whatever its address', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-keycloak-'))
    try {
      const [port = 0] = await freePorts(1)
      await using weir = await startWeir({
        folder,
        env: { OIDC_SECRET: clientSecret },
        config: {
          listen: `0.0.0.0:${port}`,
          auth: {
            oidc: {
              issuer: `${keycloak.url}/realms/${realm}`,
              client_id: 'weir',
              client_secret: 'env:OIDC_SECRET',
              role: "contains(realm_access.roles, 'weir-admin') && 'admin'",
            },
            session: '1h',
          },
        },
      })
      const url = `http://127.0.0.1:${port}`
      const [browser, stranger] = [new Browser(), new Browser()]
      expect(JSON.parse((await login(browser, url, 'ada')).text)).toMatchObject({ name: 'ada', role: 'admin' })
      expect((await login(stranger, url, 'vera')).text).toContain('vera has no role here.')
      expect(JSON.parse((await browser.api(url, 'POST', '/api/v1/sql', { sql: 'SELECT 1 AS one' })).text)).toEqual([
        { one: 1 },
      ])
      expect([
        existsSync(join(weir.data, 'token')),
        weir.log.includes('#token='),
        weir.log.includes(clientSecret),
      ]).toEqual([false, false, false])
      expect(weir.log).toContain('A user signed in.')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  test('a real browser logs in and out of a console on another site than the provider', async (context) => {
    const path = installedChromium()
    if (path === undefined) return context.skip('there is no Chromium')
    const api = await started()
    // Ports do not make another site; names do.
    const url = api.url.replace('127.0.0.1', 'localhost')
    const client = (await keycloak.manage('GET', `/${realm}/clients/${weirClient}`)) as {
      redirectUris: string[]
      attributes: object
    }
    const addresses = [...client.redirectUris, `${url}/*`]
    await keycloak.manage('PUT', `/${realm}/clients/${weirClient}`, {
      ...client,
      redirectUris: addresses,
      attributes: { ...client.attributes, 'post.logout.redirect.uris': addresses.join('##') },
    })
    const browser = await launch(path)
    try {
      const page = await browser.newPage()
      await page.goto(`${url}/flows`)
      await page.getByRole('link', { name: 'Sign in with your identity provider' }).click()
      await page.locator('#username').fill('ada')
      await page.locator('#password').fill(passwordOf('ada'))
      await page.locator('#password').press('Enter')
      await page.getByRole('button', { name: 'Sign out' }).waitFor()
      expect(new URL(page.url()).origin).toBe(url)
      const session = (await page.context().cookies()).find(({ name }) => name === 'weir_session')
      expect(session).toMatchObject({ httpOnly: true, sameSite: 'Strict' })
      expect(await page.evaluate('document.cookie')).not.toContain('weir_session')
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByRole('link', { name: 'Sign in with your identity provider' }).click()
      await page.locator('#password').waitFor()
      expect(new URL(page.url()).origin).toBe(keycloak.url)
    } finally {
      await browser.close()
    }
  })

  test('no secret, no code and no token is in the program log', async () => {
    const { url } = await started()
    const browser = new Browser()
    const page = await login(browser, url, 'ada')
    const code =
      page.way.map((address) => new URL(address).searchParams.get('code')).find((each) => each !== null) ?? ''
    expect(code.length).toBeGreaterThan(20)
    const { access_token: token } = await keycloak.tokens(realm, 'cli', 'ada')
    await fetch(`${url}/api/v1/me`, { headers: { authorization: `Bearer ${token}x` } })
    await browser.api(url, 'POST', '/api/v1/logout')
    const text = JSON.stringify(logged)
    expect(text).toContain('A user signed in.')
    for (const secret of [
      clientSecret,
      code,
      token.slice(0, 60),
      browser.cookie('weir_session') ?? 'none of it',
      passwordOf('ada'),
    ])
      expect(text).not.toContain(secret)
  })
})
