// The place `clouds`: two accounts with costs, reports of images, dashboards, alerts, countries and a feed.
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import { accountEvents, costEvents } from '../../../sim/accounts.ts'
import { asCloudEvent } from '../../../sim/cloud-event.ts'
import { buildMmdb } from '../../kit/mmdb.ts'
import { resource, who } from './cluster-life.ts'
import { log4shell, putReport, report } from './scanner-report.ts'
import type { Stage } from './stage.ts'

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`
const minute = 60_000

export class CloudsPlace {
  #folder = ''
  #feed: WebSocketServer | undefined

  async open(): Promise<Readonly<Record<string, unknown>>> {
    this.#folder = await mkdtemp(join(tmpdir(), 'weir-clouds-'))
    const [asn, country] = [join(this.#folder, 'asn.mmdb'), join(this.#folder, 'country.mmdb')]
    await writeFile(asn, buildMmdb({ '198.51.100.0/24': { autonomous_system_number: 64_500 } }))
    await writeFile(
      country,
      buildMmdb({
        '198.51.100.0/24': { country: { iso_code: 'NO' } },
        '203.0.113.0/24': { country: { iso_code: 'BR' } },
      }),
    )
    await writeFile(join(this.#folder, 'shop.json'), JSON.stringify(shopBoard))
    await writeFile(join(this.#folder, 'broken.json'), '{')
    this.#feed = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    this.#feed.on('connection', (socket) => {
      for (const number of [1, 2, 5]) socket.send(JSON.stringify({ number }))
    })
    await once(this.#feed, 'listening')
    const url = `ws://127.0.0.1:${(this.#feed.address() as AddressInfo).port}/`
    return {
      spend: { budgets: [{ currency: 'CHF', amount: '700' }] },
      geo: { asn, country },
      dashboards: this.#folder,
      sources: { market: { type: 'websocket', url, sequence: { at: '/number' } } },
      alerts: {
        trips: {
          on: 'events',
          filter: 'type = trip',
          condition: '> 0',
          window: '1h',
          every: '1s',
          by: ['subject'],
          annotations: { summary: '{{labels.subject}} tripped {{value}} times' },
        },
        later: { on: 'changes', condition: '= 0', every: '1s', for: '1h' },
        broken: { sql: 'SELECT nothing FROM nowhere', every: '1s' },
      },
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#feed?.clients ?? []) socket.terminate()
    this.#feed?.close()
    if (this.#folder !== '') await rm(this.#folder, { recursive: true, force: true })
  }
}

export const shopBoard = {
  title: 'Shop',
  variables: [{ name: 'port', value: '443' }],
  panels: [
    { kind: 'stat', by: 'bytes', title: 'Traffic', width: 1 },
    { kind: 'stat', by: 'flows', title: 'Flows', width: 1 },
    { kind: 'stat', by: 'flows', title: 'Flows of the port', width: 1, filter: 'dst_port = $port' },
    { kind: 'sql', title: 'Ports', width: 1, sql: 'SELECT count(DISTINCT dst_port) AS ports FROM flows' },
    { kind: 'series', title: 'Traffic by source' },
    { kind: 'top', title: 'Top ports', group: 'dst_port', by: 'flows' },
    { kind: 'table', title: 'Latest flows', width: 4, limit: 5 },
  ],
}

/** A panel of each kind besides flows. */
export const wideBoard = {
  title: 'Operations',
  variables: [{ name: 'team', value: 'shop, billing', type: 'list', options: ['shop', 'billing', 'search'] }],
  panels: [
    { kind: 'text', title: 'Notes', width: 4, text: 'Read the [guide](/docs) first.\n\n- **Traffic** is on the left.' },
    {
      kind: 'metric',
      title: 'Bytes per second',
      queries: [{ expr: 'sum(rate(weir_flow_bytes_total[$__rate_interval]))', legend: 'bytes' }],
      unit: 'bytes_per_second',
      stack: 'stacked',
      thresholds: [{ at: 2000, tone: 'warning' }],
    },
    {
      kind: 'metric',
      title: 'Share',
      view: 'gauge',
      queries: [{ expr: 'vector(0.83)', legend: 'used' }],
      unit: 'ratio',
      thresholds: [{ at: 0.8, tone: 'warning' }],
      width: 1,
    },
    {
      kind: 'metric',
      title: 'Flows per second',
      view: 'stat',
      queries: [{ expr: 'vector(12.5)' }],
      unit: 'per_second',
      width: 1,
    },
    { kind: 'insights', title: 'Problems of images', width: 4 },
    { kind: 'spend', title: 'Costs', group: 'service', width: 2, select: { span: 'days' } },
    { kind: 'spend', title: 'Costs by service', view: 'table', group: 'service', width: 2, select: { span: 'days' } },
    { kind: 'changes', title: 'Changes', group: 'kind', range: 'now-7d..now' },
    { kind: 'audit', title: 'Traces', group: 'severity', range: 'now-7d..now' },
    { kind: 'events', title: 'Events', view: 'list', limit: 5, width: 4, range: 'now-1d..now' },
    { kind: 'stat', by: 'flows', title: 'Flows of $team', width: 1, repeat: 'team', filter: 'src.ns in $team' },
  ],
}

const problem = (at: number) => ({
  VulnerabilityID: `CVE-2026-${10_000 + at * 37}`,
  PkgName: `package-${at % 7}`,
  InstalledVersion: `1.${at}.0`,
  ...(at % 3 === 0 ? {} : { FixedVersion: `1.${at + 1}.0` }),
  Severity: (['HIGH', 'MEDIUM', 'LOW', 'MEDIUM'] as const)[at % 4]!,
})

/** Numbers of a machine, two a minute. */
function points(now: number): object[] {
  return Array.from({ length: 110 }, (_, at) => ({
    specversion: '1.0',
    id: `point-${at}`,
    source: '/machines',
    type: 'temperature',
    subject: `machine-${at % 2}`,
    time: new Date(now - at * (minute / 2)).toISOString(),
    weirfamily: 'point',
    data: { celsius: 40 + 8 * Math.sin(at / 9) + (at % 2) * 6, fan: 1200 + at },
  }))
}

export async function fillClouds(stage: Stage): Promise<void> {
  const now = Date.now()
  const { weir } = stage
  const problems = Array.from({ length: 24 }, (_, at) => problem(at))
  await putReport(
    weir.url,
    digest('a'),
    report(
      [
        ['log4j-core', '2.14.1'],
        ['guava', '31.0'],
      ],
      [log4shell, ...problems],
    ),
  )
  await putReport(weir.url, digest('b'), report([['log4j-core', '2.14.1']], [log4shell, ...problems.slice(0, 9)]))
  const pod = (name: string, image: string) =>
    resource(who(`Pod/shop/${name}`), now - 10 * minute, {
      phase: 'Running',
      owners: [{ kind: 'ReplicaSet', group: 'apps', name: 'api-1', uid: 'rs', controller: true }],
      images: [{ container: 'api', image: 'registry.example/shop/api:1', id: `registry.example/shop/api@${image}` }],
    })
  const events = [
    resource(who('ReplicaSet/shop/api-1'), now - 10 * minute, {
      owners: [{ kind: 'Deployment', group: 'apps', name: 'api', uid: 'd', controller: true }],
    }),
    pod('api-1-a', digest('a')),
    pod('api-1-b', digest('c')),
    resource(who('Node/worker-2'), now - 10 * minute, { providerId: 'exoscale://worker-2' }),
    ...accountEvents(now),
    ...costEvents(now),
  ].map(asCloudEvent)
  while (events.length > 0) await weir.events(events.splice(0, 500))
  await weir.events([
    { specversion: '1.0', id: 'trip-1', source: '/test', type: 'trip', subject: 'db-1', data: {} },
    ...points(now),
  ])
  await stage.filled()
  const count = async (view: string): Promise<number> =>
    Number((await weir.sql<{ n: number }>(`SELECT count(*)::INTEGER AS n FROM ${view}`))[0]?.n)
  while ((await count('spend')) < 1920 || (await count('problems')) < 35) await sleep(200)
}
