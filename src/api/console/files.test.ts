import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Fastify from 'fastify'
import { expect, onTestFinished, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { consoleRoutes, contentSecurityPolicy } from './files.ts'
import { defaultLimits } from '../options.ts'
import { log, start } from '../testing/kit.ts'
import { RecordingControl } from '../testing/recording-control.ts'

const asBrowser = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' }

test('every navigation address returns the page with a strict policy, except addresses of the API', async () => {
  const { api } = await start()
  for (const path of ['/', '/flows', '/events', '/flows?v=1&q=bytes+%3E+1', '/a/b/c']) {
    const answer = await fetch(api.url + path, { headers: asBrowser })
    expect(answer.status, path).toBe(200)
    expect(answer.headers.get('content-type')).toContain('text/html')
    expect(answer.headers.get('content-security-policy')).toBe(contentSecurityPolicy)
    expect(answer.headers.get('cache-control')).toBe('no-cache')
  }
  expect((await fetch(`${api.url}/api/v1/ledger`, { headers: asBrowser })).headers.get('content-type')).toContain(
    'application/json',
  )
  for (const path of ['/api/v1/nothing', '/api', '/assets/', '/assets/none.js'])
    expect((await fetch(api.url + path, { headers: asBrowser })).status, path).not.toBe(200)
})

test('a program that requests a missing path gets a problem, and no path leads outside the built files', async () => {
  const { api } = await start()
  const paths = [
    '/flows',
    '/index.html',
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/package.json',
    '/README.md',
    '/assets/..%2f..%2fpackage.json',
    '/assets/.env',
    '/manifest.json',
    '/console/src/main.tsx',
  ]
  for (const path of paths) expect((await fetch(api.url + path)).status, path).toBe(404)
})

test("the page's files have their type, are compressed and may be cached forever", async () => {
  const { api } = await start()
  const page = await (await fetch(api.url)).text()
  const names = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name ?? '')
  expect(names.length).toBeGreaterThan(1)
  for (const name of names) {
    expect(name, 'of this server').toMatch(/^\/[^/]/)
    const answer = await fetch(api.url + name)
    expect(answer.status, name).toBe(200)
    if (!name.startsWith('/assets/')) continue
    expect(answer.headers.get('content-type')).toMatch(/^text\/(?:javascript|css)/)
    expect(answer.headers.get('content-encoding')).toBe('gzip')
    const smaller = await fetch(api.url + name, { headers: { 'accept-encoding': 'gzip, br' } })
    expect(smaller.headers.get('content-encoding')).toBe('br')
    expect(await smaller.text()).toBe(await answer.text())
    expect(answer.headers.get('cache-control')).toContain('immutable')
    expect(
      (await fetch(api.url + name, { headers: { 'if-none-match': answer.headers.get('etag') ?? '' } })).status,
    ).toBe(304)
  }
})

test('the page names the scripts of its address and view', async () => {
  const { api } = await start()
  const scripts = async (path: string): Promise<Set<string>> =>
    new Set((await (await fetch(api.url + path, { headers: asBrowser })).text()).match(/\/assets\/[\w-]+\.js/g))
  const [plain, flows, table, other] = (await Promise.all(
    ['/', '/flows', '/flows?v=1&view=table', '/constructor?view=table'].map(scripts),
  )) as [Set<string>, Set<string>, Set<string>, Set<string>]
  expect(plain.size).toBeGreaterThan(0)
  expect(flows.isSupersetOf(plain) && flows.size > plain.size).toBe(true)
  expect(table.isSupersetOf(flows) && table.size > flows.size).toBe(true)
  expect(other).toEqual(plain)
  for (const script of table) expect((await fetch(api.url + script)).status, script).toBe(200)
})

test('a console that is not built names the build command', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-console-'))
  const app = Fastify()
  onTestFinished(async () => {
    await app.close()
    await rm(folder, { recursive: true })
  })
  consoleRoutes(
    app,
    {
      control: new RecordingControl(),
      fair: (store) => store,
      limits: defaultLimits,
      log,
      host: realHost(),
      version: '0',
      resolver: undefined,
      nextQueryId: () => '1',
    },
    `${folder}/`,
  )
  const answer = await app.inject({ url: '/', headers: asBrowser })
  expect(answer.body).toContain('npm run build:console')
})

test('the policy allows no inline code and no other origin', () => {
  expect(contentSecurityPolicy).not.toMatch(/unsafe|http|\*|data:/)
  expect(contentSecurityPolicy).toContain("default-src 'none'")
})
