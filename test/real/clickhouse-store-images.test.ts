// Images, packages and problems of the API over ClickHouse, compared with the embedded store.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { eventsOfReport, type Report } from '../../src/codecs/sbom/index.ts'
import { eventsOfFeed } from '../../src/codecs/vulnerability-feeds/index.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { talkBatch, type Talk } from '../../src/api/testing/talks.ts'
import { identity, resourceEvent } from '../../src/store/testing/cluster.ts'
import { startOfDay } from '../../src/store/testing/frames.ts'
import { installChdb } from './install/chdb.ts'
import { bothApis, type Parameters } from './kit/both-apis.ts'
import { startChdb, type ChdbServer } from './kit/chdb.ts'

let server: ChdbServer

beforeAll(async () => {
  if ((await installChdb()).path !== undefined) server = await startChdb()
}, 180_000)

beforeEach(async (context) => {
  const found = await installChdb()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
})

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`
const at = (minutes: number): string => new Date(startOfDay + 60_000 * minutes).toISOString()
const odd = `it's \\ "a" ü%_`

const auth = {
  tokens: [
    { name: 'root', token: 'admin' },
    { name: 'shop', token: 'shop', role: 'viewer', namespaces: ['shop'] },
    { name: 'none', token: 'none', role: 'viewer', namespaces: [] },
  ],
} as const
const users = ['admin', 'shop', 'none'] as const

function reported(letter: string, minute: number, tool: string, report: Partial<Report>): WeirEvent[] {
  return eventsOfReport(
    {
      format: 'syft-json',
      tool: { name: tool, version: '1' },
      image: {
        digest: digest(letter),
        name: `registry/${letter}`,
        tags: [`1.${letter}`, odd],
        ...(letter === 'a' ? { aliases: [digest('e')], os: 'linux', architecture: 'arm64' } : {}),
      },
      ...report,
    },
    { sha256: `${letter}${minute}${tool}`, time: startOfDay + 60_000 * minute, origin: 'test' },
  )
}

const feed = (name: 'epss' | 'kev', values: Readonly<Record<string, string>>, minute: number): WeirEvent[] =>
  eventsOfFeed(
    { name, values: new Map(Object.entries(values)), malformed: 0 },
    { sha256: `${name}${minute}`, time: startOfDay + 60_000 * minute, origin: 'test' },
  )

const library = (name: string, version: string) => ({
  name,
  version,
  type: 'maven',
  purl: `pkg:maven/x/${name}@${version}?arch=a`,
  licenses: ['MIT', odd],
})
const problem = (id: string, severity: 'CRITICAL' | 'LOW' | 'UNKNOWN', name: string, more: object = {}) => ({
  id,
  severity,
  package: name,
  version: '1',
  purl: `pkg:maven/x/${name}@1?arch=a`,
  ...more,
})

const pod = (of: string, letter: string, minute: number, owner = 'web-abc'): WeirEvent =>
  resourceEvent(identity(of), at(minute), {
    phase: 'Running',
    owners: [{ kind: 'ReplicaSet', group: 'apps', name: owner, uid: 'rs', controller: true }],
    images: [
      { container: 'c', image: `registry/${letter}:1.0`, id: `docker-pullable://registry/${letter}@${digest(letter)}` },
      { container: 'd', image: 'none' },
    ],
  } as never)

const waiver = (id: string, status: 'not_affected' | 'affected', more: object) => ({
  id,
  status,
  document: 'vex',
  ...more,
})

const events: readonly WeirEvent[] = [
  ...reported('a', 0, 'syft', { packages: [library('log4j', '2.14'), library('zlib', '1')] }),
  ...reported('a', 10, 'syft', { packages: [library('log4j', '2.17'), library('zlib', '1')] }),
  ...reported('a', 20, 'syft', { packages: [library('log4j', '2.14'), library('zlib', '1')] }),
  ...reported('b', 0, 'syft', { packages: [library('zlib', '1'), library(odd, '3')] }),
  ...reported('b', 1, 'trivy', { packages: [library('zlib', '2')], problems: [] }),
  ...reported('a', 5, 'grype', {
    problems: [
      problem('CVE-1', 'CRITICAL', 'log4j', { score: 0.98, fixed: '2.17' }),
      problem('CVE-2', 'LOW', 'zlib', { state: 'not_affected' }),
      problem('CVE-3', 'LOW', odd, { score: 0.3333333333 }),
    ],
  }),
  ...reported('a', 15, 'grype', {
    problems: [problem('CVE-1', 'CRITICAL', 'log4j', { score: 0.99, fixed: '2.17.1' })],
  }),
  ...reported('a', 16, 'grype', {
    problems: [
      problem('CVE-1', 'CRITICAL', 'log4j', { score: 0.99 }),
      problem('CVE-2', 'UNKNOWN', 'zlib'),
      problem('CVE-4', 'LOW', 'zlib'),
      problem('GHSA-a', 'LOW', 'log4j', { aliases: ['GO-2026-1', 'CVE-1'] }),
      problem('GO-2026-2', 'LOW', 'zlib', { aliases: ['GHSA-z'] }),
    ],
  }),
  ...reported('a', 18, 'grype', { packages: [library('log4j', '2.14')] }),
  ...reported('a', 17, 'vex', {
    format: 'openvex',
    waivers: [
      waiver('CVE-1', 'not_affected', { image: digest('a'), purl: 'pkg:maven/x/log4j', justification: odd }),
      waiver('CVE-2', 'affected', { aliases: ['CVE-4'], impact: 'all' }),
      waiver('CVE-4', 'not_affected', { image: digest('b') }),
      waiver('GHSA-z', 'not_affected', { purl: 'pkg:maven/x/zlib' }),
    ],
  } as never),
  ...reported('c', 0, 'inspect', { facts: [{ name: 'PATH', value: odd, category: 'environment' }] } as never),
  ...reported('c', 12, 'inspect', { facts: [{ name: 'PATH', value: '/bin', category: 'environment' }] } as never),
  ...feed('epss', { 'CVE-1': '0.5', 'CVE-2': '0.25' }, 2),
  ...feed('epss', { 'CVE-1': '0.125', 'CVE-4': '0.75' }, 9),
  ...feed('kev', { 'CVE-2': '2026-01-01', 'CVE-9': '' }, 9),
  resourceEvent(identity('ReplicaSet/shop/web-abc'), at(-60), {
    owners: [{ kind: 'Deployment', group: 'apps', name: 'web', uid: 'd', controller: true }],
  }),
  pod('Pod/shop/web-1', 'a', 1),
  pod('Pod/shop/web-2', 'e', 1),
  pod('Pod/vault/key-1', 'd', 1, 'key-abc'),
  pod('Pod/vault/key-2', 'b', 1, 'key-abc'),
  resourceEvent(identity('Pod/shop/web-2', '2'), at(12), { state: 'gone' }),
]

const [web, key] = ['shop/Deployment/web', 'vault/ReplicaSet/key-abc'] as const
const talks: readonly Talk[] = [
  { from: key, to: web, cluster: 'c1' },
  { to: key, ports: [50_000, 443] },
  { to: web, ports: [443, 50_000] },
  { from: key, to: key, cluster: 'c2' },
]
/** Part of the answer: flows from hidden namespaces do not count. */
const exposedTo = { admin: '"other_namespaces","exposed_ports":[8080]', shop: '"exposure":"idle"', none: '[]' } as const

const queries: Readonly<Record<'packages' | 'problems' | 'facts' | 'images', readonly Parameters[]>> = {
  packages: [
    {},
    { text: 'LOG4J 2.14' },
    { text: odd },
    { image: digest('a') },
    { filter: 'name = log4j and version = 2.14* and pods > 0' },
    { filter: 'namespace = vault or workload = "shop/Deployment/web"' },
    { filter: 'not tool = trivy and valid_from > 2020-01-01' },
    { filter: 'exists(valid_to) or licenses ~ MIT' },
  ],
  problems: [
    {},
    { filter: 'severity = CRITICAL and exists(fixed_version)' },
    { filter: 'waived = true' },
    { filter: 'score > 0.3 and score < 0.9' },
    { filter: 'not exists(waiver)' },
    { text: odd },
    { sort: 'priority', filter: 'kev = false or epss < 0.8 or not exists(epss)' },
  ],
  facts: [{}, { text: odd }, { filter: 'category = environment and pods = 0' }, { filter: 'valid_from > 2020-01-01' }],
  images: [
    {},
    { filter: 'critical > 0 and pods > 0' },
    { filter: 'scanned = false' },
    { filter: 'tag = "1.a"' },
    { text: 'SHOP' },
  ],
}

it('images, packages, problems and facts are the same at every time, for every user', async () => {
  const apis = await bothApis(server.url, { auth })
  for (const [part, half] of [events.slice(0, 20), events.slice(20)].entries())
    await apis.addEvents(half, startOfDay + part * 1000)
  await apis.add(talkBatch(talks, startOfDay + 60_000 * 10), startOfDay + 60_000 * 10)
  for (const [list, all] of Object.entries(queries))
    for (const [index, query] of all.entries())
      for (const minute of index === 0 ? [0, 7, 12, 15, 30] : [30])
        await apis.expectSame(list, { ...query, at: at(minute) }, users[index % 3 === 1 ? 1 : 0])
  for (const user of users)
    for (const { sort: _, ...query } of queries.problems)
      for (const path of ['problems/sums', 'flaws']) await apis.expectSame(path, { ...query, at: at(30) }, user)
  for (const sort of ['severity', 'epss', 'priority']) await apis.expectSame('flaws', { sort, at: at(30) }, 'admin')
  for (const user of users) {
    const found = await apis.expectSame('problems', { at: at(30), sort: 'priority' }, user)
    expect(JSON.stringify(found['problems'])).toContain(exposedTo[user])
    await apis.expectSame('images', { at: at(30), filter: 'exposure = external or pods = 0' }, user)
  }
  const compared = { from: digest('a'), to: digest('b'), at: at(30) }
  const found = await apis.expectSame('images/diff', compared, 'admin')
  expect(found['packages']).not.toEqual([])
  // The image b runs in another namespace.
  for (const url of apis.urls) {
    const path = `/api/v1/images/diff?${new URLSearchParams(compared)}`
    const hidden = await fetch(new URL(path, url), { headers: { authorization: 'Bearer shop' } })
    expect(hidden.status).toBe(404)
  }
  for (const list of ['packages', 'problems', 'flaws', 'images'])
    for (const user of users) {
      const rows = await apis.pages(list, list, { limit: '2', at: at(30) }, user)
      expect(rows.length > 0, `${list} ${user}`).toBe(user !== 'none')
    }
  for (const view of ['packages', 'problems', 'facts', 'images']) await apis.expectSameView(`SELECT * FROM ${view}`)
}, 600_000)
