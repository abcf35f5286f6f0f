import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { eventsOfReport, type Report } from '../../codecs/sbom/index.ts'
import { eventsOfFeed } from '../../codecs/vulnerability-feeds/index.ts'
import { realHost } from '../../host/index.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { insightTexts, type InsightText } from '../../model/image-insights.ts'
import { identity, resourceEvent } from '../../store/testing/cluster.ts'
import { queryRows } from '../../store/testing/query-rows.ts'
import { talkBatch, type Talk } from '../testing/talks.ts'
import { startStored, type StoredApi } from '../testing/stored.ts'

type Row = Readonly<Record<string, unknown>>
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`
const at = (time: string): string => `2026-11-20T${time}Z`

function reported(letter: string, name: string, time: string, report: Partial<Report>): WeirEvent[] {
  return eventsOfReport(
    {
      format: 'syft-json',
      tool: { name: report.problems === undefined ? 'syft' : 'grype', version: '1' },
      image: { digest: digest(letter), name, tags: ['1.0'] },
      ...report,
    },
    { sha256: `${letter}${time}`, time: Date.parse(at(time)), origin: 'test' },
  )
}

const pod = (of: string, image: string, time: string, owner = 'web-abc'): WeirEvent =>
  resourceEvent(identity(of), at(time), {
    phase: 'Running',
    owners: [{ kind: 'ReplicaSet', group: 'apps', name: owner, uid: 'rs', controller: true }],
    images: [{ container: 'c', image: 'registry/shop/web:1.0', id: `registry/shop/web@${image}` }],
  })

const log4j = { name: 'log4j-core', version: '2.14.1', type: 'maven', purl: 'pkg:maven/o.a.l/log4j-core@2.14.1' }

const events: readonly WeirEvent[] = [
  ...reported('a', 'registry/shop/web', '10:00:00', { packages: [log4j, { name: 'zlib', version: '1' }] }),
  ...reported('b', 'registry/shop/db', '10:00:00', { packages: [{ name: 'zlib', version: '1' }] }),
  ...reported('a', 'registry/shop/web', '10:30:00', {
    problems: [
      { id: 'CVE-1', severity: 'CRITICAL', score: 1, package: 'log4j-core', version: '2.14.1', fixed: '2.17.1' },
      { id: 'CVE-2', severity: 'LOW', package: 'zlib', version: '1' },
    ],
  }),
  resourceEvent(identity('ReplicaSet/shop/web-abc'), at('09:00:00'), {
    owners: [{ kind: 'Deployment', group: 'apps', name: 'web', uid: 'd', controller: true }],
  }),
  pod('Pod/shop/web-1', digest('a'), '10:10:00'),
  pod('Pod/shop/web-2', digest('a'), '10:10:00'),
  pod('Pod/vault/key-1', digest('c'), '10:10:00', 'key-abc'),
  resourceEvent(identity('Pod/shop/web-2', '2'), at('11:00:00'), { state: 'gone' }),
]

async function started(options: Parameters<typeof startStored>[0] = {}): Promise<StoredApi> {
  const api = await startStored(options)
  await api.addBatch(toEventBatch(events), realHost().clock.now())
  return api
}

const restricted = {
  auth: { tokens: [{ name: 'shop', token: 'x'.repeat(32), role: 'viewer', namespaces: ['shop'] }] },
} as const

const lists = ['packages', 'problems', 'facts'] as const

test.each(lists)('each text of %s is in responses and in filters', async (list) => {
  const textOf = ({ member }: InsightText): string => `${member} of a body`
  const texts: readonly InsightText[] = insightTexts[list]
  const part = Object.fromEntries(
    texts.map((text) => [text.member, text.separator === undefined ? textOf(text) : [textOf(text)]]),
  )
  const api = await startStored()
  const rest = list === 'problems' ? { id: 'CVE-1', severity: 'LOW' } : {}
  const report = { [list]: [{ ...rest, ...part }] }
  await api.addBatch(toEventBatch(reported('a', 'web', '10:00:00', report)), realHost().clock.now())
  const filter = texts.map((text) => `${text.name} = "${textOf(text)}"`).join(' and ')
  const { body } = await api.get(list, { filter })
  expect(body[list]).toMatchObject([Object.fromEntries(texts.map((text) => [text.name, textOf(text)]))])
})

describe('packages', () => {
  test('one search finds a package of a version in all images, and the workloads that run it', async () => {
    const api = await started()
    const { body } = await api.get('packages', { text: 'LOG4J 2.14', at: at('10:20:00') })
    expect(body).toMatchObject({
      total: 1,
      next: null,
      packages: [
        {
          name: 'log4j-core',
          version: '2.14.1',
          type: 'maven',
          image: digest('a'),
          image_name: 'registry/shop/web',
          pods: 2,
          namespaces: ['shop'],
          workloads: ['shop/Deployment/web'],
        },
      ],
    })
    const later = await api.get('packages', { filter: 'name = log4j-core and pods = 1', at: at('11:10:00') })
    expect(later.body['total']).toBe(1)
    expect((await api.get('packages', { at: at('09:00:00') })).body['total']).toBe(0)
  })

  test('pages follow each other without gaps and repeats', async () => {
    const api = await started()
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const given: Record<string, string> = cursor === '' ? { at: at('11:10:00') } : { at: at('11:10:00'), cursor }
      const { body } = await api.get('packages', { limit: '1', ...given })
      for (const row of body['packages'] as Row[]) seen.push(`${String(row['name'])} ${String(row['image'])}`)
      cursor = body['next'] as string | null
    }
    expect(seen).toEqual([`log4j-core ${digest('a')}`, `zlib ${digest('a')}`, `zlib ${digest('b')}`])
  })
})

describe('facts', () => {
  test('have the image and its pods, and end with the report that lacks them', async () => {
    const api = await started()
    const of = (value: string): Partial<Report> => ({
      facts: [
        { category: 'environment', name: 'PHP_VERSION', value },
        { category: 'label', name: 'maintainer', value: 'shop' },
      ],
    })
    const changed = [
      ...reported('a', 'registry/shop/web', '10:05:00', of('8.2')),
      ...reported('a', 'registry/shop/web', '11:05:00', of('8.3')),
    ]
    await api.addBatch(toEventBatch(changed), realHost().clock.now())
    const { body } = await api.get('facts', { limit: '1', at: at('11:10:00') })
    expect(body).toMatchObject({
      total: 2,
      facts: [{ category: 'environment', name: 'PHP_VERSION', value: '8.3', image: digest('a'), pods: 1 }],
    })
    const rest = await api.get('facts', { limit: '1', at: at('11:10:00'), cursor: String(body['next']) })
    expect(rest.body).toMatchObject({ next: null, facts: [{ name: 'maintainer', valid_from: at('10:05:00.000') }] })
    const found = await api.get('facts', { text: 'php 8.2', filter: 'namespace = shop', at: at('10:30:00') })
    expect(found.body).toMatchObject({ total: 1, facts: [{ value: '8.2', valid_to: at('11:05:00.000') }] })
    expect((await api.get('facts', { text: 'php 8.2', at: at('11:10:00') })).body['total']).toBe(0)
  })

  test('are visible to a principal of a namespace if the image runs there', async () => {
    const api = await started(restricted)
    const facts = [{ category: 'label', name: 'a', value: '1' }]
    for (const letter of ['a', 'b'])
      await api.addBatch(toEventBatch(reported(letter, 'registry/x', '10:05:00', { facts })), realHost().clock.now())
    const headers = { authorization: `Bearer ${'x'.repeat(32)}` }
    const { body } = await api.get('facts', { at: at('10:40:00') }, headers)
    expect(body).toMatchObject({ total: 1, facts: [{ image: digest('a') }] })
  })
})

describe('lists of many rows', () => {
  const count = 2500
  const packages = Array.from({ length: count }, (_, at) => ({ name: `p-${(at * 7) % count}`, version: `${at % 3}` }))
  const problems = packages.map(({ name, version }, at) => ({
    id: `CVE-${(at * 11) % count}`,
    severity: (['LOW', 'CRITICAL', 'HIGH'] as const)[at % 3]!,
    package: name,
    version,
    ...(at % 5 === 0 ? {} : { score: (at % 40) / 40 }),
  }))
  const many = async (): Promise<StoredApi> => {
    const api = await startStored()
    const time = realHost().clock.now()
    await api.addBatch(toEventBatch(reported('a', 'registry/shop/web', '10:00:00', { packages })), time)
    await api.addBatch(toEventBatch(reported('a', 'registry/shop/web', '10:00:00', { problems })), time)
    return api
  }
  const names = ({ body }: { body: Row }, list: string, key: string): unknown[] =>
    (body[list] as Row[]).map((row) => row[key])

  test('the first page has the first rows of all, and the total', async () => {
    const api = await many()
    const first = await api.get('packages', { limit: '20', at: at('10:20:00') })
    expect(first.body['total']).toBe(count)
    expect(names(first, 'packages', 'name')).toEqual(
      packages
        .map(({ name }) => name)
        .sort()
        .slice(0, 20),
    )
    const worst = await api.get('problems', { limit: '20', at: at('10:20:00') })
    expect(worst.body['total']).toBe(count)
    const rank = { CRITICAL: 1, HIGH: 2, LOW: 3 } as const
    const keyOf = ({ severity, score = 0, id }: (typeof problems)[number]): string =>
      `${rank[severity]} ${String(1000 - Math.round(score * 1000)).padStart(4, '0')} ${id}`
    expect(names(worst, 'problems', 'id')).toEqual(
      problems
        .map((one) => [keyOf(one), one.id] as const)
        .sort(([one], [other]) => (one < other ? -1 : 1))
        .slice(0, 20)
        .map(([, id]) => id),
    )
  })

  test('the first page has enough rows if the first ones are of a replaced report', async () => {
    const api = await many()
    const renewed = reported('a', 'registry/shop/web', '10:30:00', {
      packages: [log4j, { name: 'zlib', version: '1' }],
    })
    await api.addBatch(toEventBatch(renewed), realHost().clock.now())
    const { body } = await api.get('packages', { limit: '20', at: at('10:40:00') })
    expect([body['total'], names({ body }, 'packages', 'name')]).toEqual([2, ['log4j-core', 'zlib']])
  })

  test('words may be in the name of the image, or in the row', async () => {
    const api = await many()
    const found = async (text: string): Promise<unknown> =>
      (await api.get('packages', { text, at: at('10:20:00') })).body['total']
    expect(await Promise.all(['SHOP/WEB', 'shop/web P-123', 'p-1234', 'shop/db p-1234'].map(found))).toEqual([
      count,
      packages.filter(({ name }) => name.includes('p-123')).length,
      1,
      0,
    ])
  })
})

describe('problems', () => {
  test('the worst ones come first, with fix and pods', async () => {
    const api = await started()
    const { body } = await api.get('problems', { at: at('11:10:00') })
    expect(body['problems']).toMatchObject([
      { id: 'CVE-1', severity: 'CRITICAL', fixed_version: '2.17.1', pods: 1 },
      { id: 'CVE-2', severity: 'LOW', fixed_version: null, pods: 1 },
    ])
    const sums = await api.get('problems/sums', { at: at('11:10:00') })
    expect(sums.body['severities']).toEqual([
      { severity: 'CRITICAL', ids: 1, findings: 1, fixable: 1, waived: 0, images: 1 },
      { severity: 'LOW', ids: 1, findings: 1, fixable: 0, waived: 0, images: 1 },
    ])
    const running = await api.get('problems/sums', { filter: 'pods > 1', at: at('11:10:00') })
    expect(running.body['severities']).toEqual([])
    const fixable = await api.get('problems', { filter: 'exists(fixed_version) and ns = shop', at: at('11:10:00') })
    expect(fixable.body['total']).toBe(1)
  })
})

describe('distinct problems', () => {
  const severity = (rank: number) => (['CRITICAL', 'HIGH', 'LOW'] as const)[rank % 3]!
  /** Four images, two tools, eleven flaws of which each second one has an alias as its id. */
  const found = ['a', 'b', 'c', 'd'].flatMap((letter, image) =>
    ['grype', 'trivy'].flatMap((tool, second) =>
      reported(letter, `registry/shop/${letter}`, `10:3${second}:00`, {
        tool: { name: tool, version: '1' },
        problems: Array.from({ length: 11 }, (_, flaw) => ({
          id: flaw % 2 === 1 && second === 1 ? `GHSA-${flaw}` : `CVE-2026-${flaw}`,
          ...(flaw % 2 === 1 ? { aliases: [second === 1 ? `CVE-2026-${flaw}` : `GHSA-${flaw}`] } : {}),
          severity: severity(flaw + image * second),
          score: (10 - flaw) / 10,
          package: `package-${flaw % 3}`,
          version: '1',
          ...(flaw % 4 === 0 ? { fixed: `2.${image}` } : {}),
        })).filter((_, flaw) => (flaw + image) % 3 > 0),
      }),
    ),
  )
  const query = { at: at('11:10:00'), limit: '1000' }
  const cve = ({ id, aliases }: Row): string =>
    [String(id), ...(aliases as string[])].find((name) => name.startsWith('CVE'))!

  test('are the rows of problems, a row for each flaw', async () => {
    const api = await startStored()
    await api.addBatch(toEventBatch([...events, ...found]), realHost().clock.now())
    for (const filter of ['', 'exists(fixed_version)', 'pods > 0', 'severity = HIGH or package = package-1']) {
      const { body: all } = await api.get('problems', { ...query, filter })
      const { body } = await api.get('flaws', { ...query, filter })
      const expected = Map.groupBy(all['problems'] as Row[], cve)
      const flaws = body['flaws'] as Row[]
      expect(body['total']).toBe(expected.size)
      expect(new Set(flaws.map(({ id }) => id))).toEqual(new Set(expected.keys()))
      for (const flaw of flaws) {
        const rows = expected.get(String(flaw['id']))!
        const byImage = new Map(rows.map((row) => [row['image'], row]))
        const values = (name: string) => [...new Set(rows.flatMap((row) => (row[name] ?? []) as string[]))].toSorted()
        const ranks = rows.map((row) => ['CRITICAL', 'HIGH', 'LOW'].indexOf(String(row['severity'])))
        expect(flaw).toMatchObject({
          images: byImage.size,
          findings: rows.length,
          fixable: rows.filter((row) => row['fixed_version'] !== null).length,
          pods: [...byImage.values()].reduce((sum, row) => sum + Number(row['pods']), 0),
          packages: values('package'),
          fixed_versions: values('fixed_version'),
          image_names: values('image_name'),
          workloads: values('workloads'),
          severity: severity(Math.min(...ranks)),
        })
      }
    }
  })

  test('with pods precede the others, and pages follow each other without gaps and repeats', async () => {
    const api = await startStored()
    await api.addBatch(toEventBatch([...events, ...found]), realHost().clock.now())
    for (const sort of ['reach', 'severity', 'epss', 'priority']) {
      const { body } = await api.get('flaws', { ...query, sort })
      const whole = body['flaws'] as Row[]
      const seen: Row[] = []
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await api.get('flaws', { ...query, sort, limit: '4', ...(cursor && { cursor }) })
        seen.push(...(page.body['flaws'] as Row[]))
        cursor = page.body['next'] as string | null
      }
      expect(seen).toEqual(whole)
      if (sort !== 'reach') continue
      const { body: some } = await api.get('flaws', { ...query, image: `${digest('a')},${digest('b')}` })
      const runs = (some['flaws'] as Row[]).map(({ pods }) => pods !== 0)
      expect(runs.indexOf(false)).toBe(runs.lastIndexOf(true) + 1)
      expect(new Set(runs).size).toBe(2)
    }
  })

  test('count only images that run in the namespaces of a limited viewer', async () => {
    const api = await startStored(restricted)
    await api.addBatch(toEventBatch([...events, ...found]), realHost().clock.now())
    const { body } = await api.get('flaws', query, { authorization: `Bearer ${'x'.repeat(32)}` })
    for (const flaw of body['flaws'] as Row[])
      expect(flaw).toMatchObject({ images: 1, namespaces: ['shop'], workloads: ['shop/Deployment/web'] })
    expect(body['total']).toBeGreaterThan(0)
  })
})

describe('scores', () => {
  const feed = (name: 'epss' | 'kev', values: Readonly<Record<string, string>>, time: string): WeirEvent[] =>
    eventsOfFeed(
      { name, values: new Map(Object.entries(values)), malformed: 0 },
      { sha256: `${name}${time}`, time: Date.parse(at(time)), origin: 'test' },
    )
  const ids = async (api: StoredApi, query: Readonly<Record<string, string>>): Promise<unknown[]> =>
    ((await api.get('problems', { ...query, at: at('11:10:00') })).body['problems'] as Row[]).map(({ id }) => id)

  test('problems have EPSS and KEV of the newest complete feeds, and are filtered and sorted by them', async () => {
    const api = await started()
    const add = (events: readonly WeirEvent[]): Promise<void> =>
      api.addBatch(toEventBatch(events), realHost().clock.now())
    const before = await api.get('problems', { filter: 'epss > 0 or kev = true', at: at('11:10:00') })
    expect(before.body['total']).toBe(0)
    await add(feed('epss', { 'CVE-1': '0.9', 'CVE-2': '0.1' }, '10:40:00'))
    expect((await api.get('problems', { at: at('11:10:00') })).body['problems']).toMatchObject([
      { id: 'CVE-1', epss: 0.9, kev: null },
      { id: 'CVE-2', epss: 0.1, kev: null },
    ])
    await add(feed('epss', { 'CVE-2': '0.97', 'CVE-3': '1' }, '10:50:00'))
    await add(feed('kev', { 'CVE-1': '', 'CVE-9': '2026-01-01' }, '10:50:00'))
    // Incomplete: without its last event.
    await add(
      feed('kev', Object.fromEntries(Array.from({ length: 20_001 }, (_, id) => [`CVE-${id}`, ''])), '10:55:00').slice(
        0,
        1,
      ),
    )
    const { body } = await api.get('problems', { at: at('11:10:00') })
    expect(body['problems']).toMatchObject([
      { id: 'CVE-1', epss: null, kev: true, pods: 1 },
      { id: 'CVE-2', epss: 0.97, kev: false, pods: 1 },
    ])
    expect(await ids(api, { sort: 'epss' })).toEqual(['CVE-2', 'CVE-1'])
    expect(await ids(api, { sort: 'priority' })).toEqual(['CVE-1', 'CVE-2'])
    expect(await ids(api, { filter: 'epss > 0.9' })).toEqual(['CVE-2'])
    expect(await ids(api, { filter: 'kev = true and pods > 0' })).toEqual(['CVE-1'])
    const page = await api.get('problems', { sort: 'epss', limit: '1', at: at('11:10:00') })
    const cursor = String(page.body['next'])
    expect(await ids(api, { sort: 'epss', limit: '1', cursor })).toEqual(['CVE-1'])
    expect((await api.get('problems', { sort: 'priority', limit: '1', at: at('11:10:00'), cursor })).status).toBe(400)
    const sums = await api.get('problems/sums', { filter: 'kev = true', at: at('11:10:00') })
    expect(sums.body['severities']).toMatchObject([{ severity: 'CRITICAL', ids: 1 }])
    const rows = await queryRows(api.store.reader, 'SELECT id, epss, kev FROM problems ORDER BY id')
    expect(rows).toEqual([
      { id: 'CVE-1', epss: null, kev: true },
      { id: 'CVE-2', epss: 0.97, kev: false },
    ])
  })
})

describe('exposure', () => {
  const web = 'shop/Deployment/web'
  /** All at 11:00. */
  const talked = async (api: StoredApi, ...talks: readonly Talk[]): Promise<void> =>
    api.addBatch(talkBatch(talks, Date.parse(at('11:00:00'))), Date.parse(at('11:00:00')))
  const of = async (api: StoredApi, query: Readonly<Record<string, string>> = {}, headers = {}): Promise<unknown> => {
    const { body } = await api.get('problems', { at: at('11:10:00'), limit: '1', ...query }, headers)
    const [row] = body['problems'] as Row[]
    return [row?.['exposure'], row?.['exposed_ports']]
  }

  test('is the widest origin of the traffic to the workloads in the selected time, with its ports', async () => {
    const api = await started()
    expect(await of(api)).toEqual([null, []])
    await talked(api, { from: web, to: 'vault/Deployment/key' })
    expect(await of(api)).toEqual(['idle', []])
    // Responses to the workload.
    await talked(api, { to: web, ports: [443, 50_000] }, { from: 'vault/Deployment/key', to: web, ports: [80, 50_000] })
    expect(await of(api)).toEqual(['idle', []])
    // A port scan.
    await talked(api, { to: web, ports: [50_000, 21], flags: 2 }, { to: web, ports: [50_000, 22], flags: 6 })
    expect(await of(api)).toEqual(['idle', []])
    await talked(api, { from: 'shop/Deployment/cart', to: web })
    expect(await of(api)).toEqual(['own_namespace', [8080]])
    await talked(api, { node: true, to: web, ports: [40_000, 9090] })
    expect(await of(api)).toEqual(['other_namespaces', [8080, 9090]])
    // The workload of the same name in another cluster.
    await talked(api, { to: web, cluster: 'c2', ports: [50_000, 443] })
    expect(await of(api)).toEqual(['other_namespaces', [8080, 9090]])
    await talked(api, { to: web, cluster: 'c1', ports: [50_000, 443] })
    expect(await of(api)).toEqual(['external', [443, 8080, 9090]])
    await talked(
      api,
      { to: web, ports: [50_000, 9091], bytes: 1500 },
      { from: 'shop/Deployment/cart', to: web, ports: [50_000, 9090], bytes: 4000 },
      { to: web, ports: [50_000, 9091], bytes: 1500 },
    )
    expect(await of(api)).toEqual(['external', [9090, 9091, 443, 8080]])
    expect(await of(api, { traffic: '5m' })).toEqual([null, []])
    expect((await api.get('problems', { traffic: '8d' })).status).toBe(400)
    const total = async (list: string, filter: string): Promise<unknown> =>
      (await api.get(list, { filter, at: at('11:10:00') })).body['total']
    expect(await total('problems', 'exposure = external and exists(fixed_version)')).toBe(1)
    expect(await total('problems', 'exposure in (idle, own_namespace, other_namespaces)')).toBe(0)
    expect(await total('images', 'exposure = external')).toBe(1)
    expect(await total('images', 'exposure = not_running')).toBe(1)
    expect(await total('images', 'exposure = idle')).toBe(1)
    const sums = await api.get('problems/sums', { filter: 'exposure = external', at: at('11:10:00') })
    expect(sums.body['severities']).toMatchObject([{ severity: 'CRITICAL' }, { severity: 'LOW' }])
  })

  test('of a restricted principal comes from the flows that they may see', async () => {
    const headers = { authorization: `Bearer ${'x'.repeat(32)}` }
    for (const [peers, wanted] of [
      ['hidden', ['idle', []]],
      ['shown', ['other_namespaces', [8080]]],
    ] as const) {
      const tokens = [{ ...restricted.auth.tokens[0], peers }]
      const api = await started({ auth: { tokens } })
      // The first is visible, so that flows are known.
      await talked(api, { from: web, to: 'shop/Deployment/cart' }, { from: 'vault/Deployment/key', to: web })
      expect(await of(api, {}, headers)).toEqual(wanted)
    }
  })
})

describe('images', () => {
  test('lists images with reports and running ones without; problems are unknown without a search', async () => {
    const api = await started()
    const { body } = await api.get('images', { at: at('11:10:00') })
    expect(body['images']).toMatchObject([
      { image: digest('a'), packages: 2, findings: 2, critical: 1, low: 1, fixable: 1, scanned: true, pods: 1 },
      { image: digest('b'), packages: 1, findings: null, critical: null, scanned: false, pods: 0 },
      { image: digest('c'), packages: null, findings: null, scanned: false, pods: 1, namespaces: ['vault'] },
    ])
    expect((await api.get('images', { filter: 'not scanned = true', at: at('11:10:00') })).body['total']).toBe(2)
  })

  test('a principal of a namespace sees the images that run there, and no pods of others', async () => {
    const api = await started(restricted)
    const headers = { authorization: `Bearer ${'x'.repeat(32)}` }
    const { body } = await api.get('images', { at: at('11:10:00') }, headers)
    expect(body).toMatchObject({ images: [{ image: digest('a') }], total: 1 })
    expect((await api.get('packages', { at: at('11:10:00') }, headers)).body['total']).toBe(2)
  })
})

describe('images/diff', () => {
  const some = (letter: string, versions: readonly string[], ids: readonly string[]): WeirEvent[] => [
    ...reported(letter, 'shop/web', '10:00:00', {
      packages: versions.map((each) => ({ name: each.split(' ')[0] ?? '', version: each.split(' ')[1], type: 'npm' })),
    } as Partial<Report>),
    ...reported(letter, 'shop/web', '10:00:00', {
      problems: ids.map((id) => ({ id, severity: 'HIGH', package: 'a', version: '1' })),
    }),
  ]

  test('has packages that are added, removed or of other versions, and problems of one image', async () => {
    const api = await startStored(restricted)
    const headers = { authorization: `Bearer ${'x'.repeat(32)}` }
    await api.addBatch(
      toEventBatch([
        ...some('a', ['a 1', 'a 2', 'b 1', 'c 1'], ['CVE-1', 'CVE-2']),
        ...some('b', ['a 2', 'a 3', 'c 1', 'd 1'], ['CVE-2', 'CVE-3']),
        ...reported('c', 'shop/db', '10:00:00', { packages: [log4j] }),
        ...['a', 'c'].map((letter) => pod(`Pod/shop/${letter}`, digest(letter), '10:10:00')),
        pod('Pod/vault/b', digest('b'), '10:10:00'),
      ]),
      realHost().clock.now(),
    )
    const query = { from: digest('a'), to: digest('b'), at: at('11:00:00') }
    // The second image runs in another namespace only.
    expect((await api.get('images/diff', query, headers)).status).toBe(404)
    await api.addBatch(toEventBatch([pod('Pod/shop/b', digest('b'), '10:20:00')]), realHost().clock.now())
    expect((await api.get('images/diff', query, headers)).body).toMatchObject({
      packages: [
        { name: 'a', type: 'npm', from: ['1'], to: ['3'] },
        { name: 'b', from: ['1'], to: [] },
        { name: 'd', from: [], to: ['1'] },
      ],
      problems: [
        { id: 'CVE-1', package: 'a', in: 'from', severity: 'HIGH', waived: false },
        { id: 'CVE-3', in: 'to' },
      ],
    })
    const unsearched = await api.get('images/diff', { ...query, to: digest('c') }, headers)
    expect(unsearched.body['problems']).toBe(null)
    expect((await api.get('images/diff', { ...query, to: digest('f') }, headers)).status).toBe(404)
  })
})

describe('PUT', () => {
  const put = (api: StoredApi, of: string, body: string | Uint8Array): Promise<Response> =>
    fetch(`${api.url}/api/v1/images/${of}/sbom`, {
      method: 'PUT',
      body: typeof body === 'string' ? body : Buffer.from(body),
    })

  test('a document becomes the events of its report, of the image in the path', async () => {
    const api = await startStored()
    const artifacts = Array.from({ length: 1200 }, (_, at) => ({ name: `p${at}`, version: '1', type: 'npm' }))
    const response = await put(api, digest('a'), gzipSync(JSON.stringify({ artifacts, schema: {} })))
    expect([response.status, await response.json()]).toEqual([
      200,
      { format: 'syft-json', packages: 1200, problems: null, facts: null, waivers: null, accepted: 1201 },
    ])
    await api.addBatch(toEventBatch(api.control.ingested), realHost().clock.now())
    expect((await api.get('packages', { image: digest('a') })).body['total']).toBe(1200)
  })

  test('44: a document that is put again changes no row', async () => {
    const api = await startStored()
    const artifacts = ['a', 'b'].map((name) => ({ name, version: '1', type: 'npm' }))
    const rows = async (): Promise<unknown> => {
      expect((await put(api, digest('a'), JSON.stringify({ artifacts, schema: {} }))).status).toBe(200)
      await api.addBatch(toEventBatch(api.control.ingested.splice(0)), realHost().clock.now())
      const { body } = await api.get('packages', { image: digest('a') })
      return body['packages']
    }
    const first = await rows()
    expect(first).toHaveLength(2)
    expect(await rows()).toEqual(first)
  })

  test('an unreadable document is refused with its reason, and nothing of it is stored', async () => {
    const api = await startStored()
    const answers = await Promise.all([
      put(api, digest('a'), '{"bomFormat":'),
      put(api, digest('a'), '{}'),
      put(api, digest('a'), gzipSync(Buffer.alloc(4 << 20))),
      put(api, 'sha256:short', '{}'),
    ])
    expect(answers.map(({ status }) => status)).toEqual([400, 415, 413, 400])
    expect(api.control.ingested).toEqual([])
  })

  test('documents without a search for problems leave known problems, and make no image scanned', async () => {
    const api = await startStored()
    const image = async (of: string, document: object): Promise<unknown> => {
      const { status } = await put(api, digest(of), JSON.stringify(document))
      await api.addBatch(toEventBatch(api.control.ingested.splice(0)), realHost().clock.now())
      const [row] = (await api.get('images', { image: digest(of) })).body['images'] as Row[]
      return [status, row?.['scanned'], row?.['findings'], row?.['packages']]
    }
    const found = { VulnerabilityID: 'CVE-1', PkgName: 'a', InstalledVersion: '1', Severity: 'LOW' }
    const results = (...all: readonly object[]): object => ({ SchemaVersion: 2, Results: all })
    const scan = results({ Class: 'lang-pkgs', Type: 'npm', Vulnerabilities: [found] })
    const secrets = results({ Class: 'secret', Secrets: [{ RuleID: 'token' }] })
    const components = [{ type: 'library', name: 'a', version: '1' }]
    const bom = { bomFormat: 'CycloneDX', metadata: { tools: [{ name: 'trivy' }] }, components, vulnerabilities: [] }
    expect(await image('a', scan)).toEqual([200, true, 1, null])
    expect(await image('a', secrets)).toEqual([400, true, 1, null])
    expect(await image('a', bom)).toEqual([200, true, 1, 1])
    expect(await image('b', bom)).toEqual([200, false, null, 1])
    expect(await image('a', results({ Class: 'lang-pkgs', Type: 'npm', Packages: [] }))).toEqual([200, true, 0, 0])
  })

  test('a flaw is found, scored and waived by each of its ids', async () => {
    const api = await startStored()
    const match = {
      vulnerability: { id: 'GHSA-aaaa-bbbb-cccc', severity: 'Medium' },
      relatedVulnerabilities: [{ id: 'CVE-2026-1' }],
      artifact: { name: 'client', version: '4.1', purl: 'pkg:maven/org.a/client@4.1' },
    }
    const write = async (events: readonly WeirEvent[]): Promise<void> =>
      api.addBatch(toEventBatch(events), realHost().clock.now())
    await put(api, digest('a'), JSON.stringify({ matches: [match], descriptor: { name: 'grype' } }))
    await write(api.control.ingested.splice(0))
    for (const [name, value] of [
      ['epss', '0.5'],
      ['kev', ''],
    ] as const)
      await write(
        eventsOfFeed(
          { name, values: new Map([['CVE-2026-1', value]]), malformed: 0 },
          { sha256: name, time: realHost().clock.now() - 1000, origin: 'test' },
        ),
      )
    const searches = [
      { filter: 'id = CVE-2026-1' },
      { filter: 'cve = GHSA-aaaa-bbbb-cccc' },
      { filter: 'id ~ "^CVE-2026"' },
      { text: 'cve-2026-1 client' },
      { filter: 'epss > 0.4 and kev = true', sort: 'priority' },
    ]
    for (const search of searches)
      expect((await api.get('problems', search)).body['problems']).toMatchObject([
        { id: 'GHSA-aaaa-bbbb-cccc', aliases: ['CVE-2026-1'], epss: 0.5, kev: true, waived: false },
      ])
    expect((await api.get('problems', { filter: 'id != CVE-2026-1' })).body['problems']).toEqual([])
    expect(await queryRows(api.store.reader, 'SELECT epss, kev FROM problems')).toEqual([{ epss: 0.5, kev: true }])
    const vex = (name: string, status: string): object => ({
      '@context': 'https://openvex.dev/ns/v0.2.0',
      statements: [{ vulnerability: { '@id': name }, products: ['pkg:maven/org.a/client'], status }],
    })
    expect((await put(api, digest('a'), JSON.stringify(vex('CVE-2026-1', 'not_affected')))).status).toBe(200)
    await write(api.control.ingested.splice(0))
    expect((await api.get('problems', {})).body['problems']).toMatchObject([{ waived: true }])
  })

  test('a flaw that two tools report by different ids counts once in the severities of an image', async () => {
    const api = await started()
    const trivy = { VulnerabilityID: 'CVE-2026-1', PkgName: 'client', InstalledVersion: '4.1', Severity: 'MEDIUM' }
    const grype = {
      vulnerability: { id: 'GHSA-aaaa-bbbb-cccc', severity: 'Medium' },
      relatedVulnerabilities: [{ id: 'CVE-2026-1' }],
      artifact: { name: 'client', version: '4.1' },
    }
    for (const document of [
      { SchemaVersion: 2, Results: [{ Class: 'lang-pkgs', Type: 'npm', Vulnerabilities: [trivy] }] },
      { matches: [grype], descriptor: { name: 'grype' } },
    ])
      expect((await put(api, digest('a'), JSON.stringify(document))).status).toBe(200)
    await api.addBatch(toEventBatch(api.control.ingested.splice(0)), realHost().clock.now())
    const { images } = (await api.get('images', { image: digest('a') })).body
    expect(images).toMatchObject([{ findings: 2, medium: 1 }])
  })

  test('a waiver applies to its package in its image; waived problems remain findings', async () => {
    const api = await started()
    const statement = (id: string, product: string): object => ({
      vulnerability: { name: id },
      products: [{ '@id': product }],
      status: 'not_affected',
      justification: 'component_not_present',
    })
    const purl = 'pkg:oci/web@sha256%3A'
    const document = {
      '@context': 'https://openvex.dev/ns/v0.2.0',
      '@id': 'https://example.test/vex/1',
      statements: [statement('CVE-1', purl + 'a'.repeat(64)), statement('CVE-2', purl + 'b'.repeat(64))],
    }
    expect((await put(api, digest('a'), JSON.stringify(document))).status).toBe(200)
    await api.addBatch(toEventBatch(api.control.ingested), realHost().clock.now())
    const { body } = await api.get('problems', { at: at('11:10:00') })
    expect(body['problems']).toMatchObject([
      { id: 'CVE-1', waived: true, waiver: 'not_affected', waiver_reason: 'component_not_present' },
      { id: 'CVE-2', waived: false, waiver: null },
    ])
    const images = (await api.get('images', { image: digest('a'), at: at('11:10:00') })).body['images']
    expect(images).toMatchObject([{ findings: 2, waived: 1, critical: 0, low: 1 }])
  })

  test('a later statement of a document replaces the earlier one, as analyses on the page do', async () => {
    const api = await started()
    const record = async (status: 'affected' | 'not_affected', time: number) => {
      const before = api.control.ingested.length
      const document = {
        '@context': 'https://openvex.dev/ns/v0.2.0',
        '@id': `urn:weir:analysis:CVE-1:${digest('a')}`,
        statements: [
          {
            vulnerability: { name: 'CVE-1' },
            products: [{ '@id': `pkg:oci/web@sha256%3A${'a'.repeat(64)}` }],
            status,
          },
        ],
      }
      expect((await put(api, digest('a'), JSON.stringify(document))).status).toBe(200)
      await api.addBatch(toEventBatch(api.control.ingested.slice(before)), time)
    }
    const waived = async () => {
      const { body } = await api.get('problems', { filter: 'id = CVE-1', at: at('11:10:00') })
      return (body['problems'] as Row[]).map((row) => [row['waived'], row['waiver']])
    }
    const now = realHost().clock.now()
    await record('not_affected', now)
    expect(await waived()).toEqual([[true, 'not_affected']])
    await record('affected', now + 1)
    expect(await waived()).toEqual([[false, 'affected']])
    await record('not_affected', now + 2)
    expect(await waived()).toEqual([[true, 'not_affected']])
  })
})
