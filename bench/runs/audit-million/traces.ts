// Traces of clouds and a cluster, written by the store's projection with hourly merges. Actors and targets follow a
// skewed distribution.
import { mapTrace } from '../../../src/connectors/otc-cts/map.ts'
import { mapAuditEvent } from '../../../src/connectors/kube-audit/map.ts'
import { realHost, type Host } from '../../../src/host/index.ts'
import type { WeirEvent } from '../../../src/model/events.ts'
import { openStore, type Store } from '../../../src/store/index.ts'
import { identity, resourceEvent } from '../../../src/store/testing/cluster.ts'
import { FrameMaker, recordingLog, recordingMetrics, resolver } from '../../../src/store/testing/frames.ts'
import { rowsBatch } from '../../../test/graph/seed.ts'
import { SeededRandom } from '../../../test/kit/random.ts'

const hour = 3_600_000
/** The time of the queries; all rows are older. */
const now = Date.UTC(2026, 10, 27, 8)
const [actors, resources, workloads, perFrame] = [2000, 50_000, 120, 2000] as const

/** Expected counts, computed without the store. */
interface WrittenTraces {
  readonly traces: number
  /** By actor: number of actions per resource. */
  readonly touched: ReadonlyMap<string, ReadonlyMap<string, number>>
}

export interface Traces extends WrittenTraces {
  readonly store: Store
  readonly host: Host
  readonly seconds: number
}

class World {
  readonly #random: SeededRandom
  readonly touched = new Map<string, Map<string, number>>()
  #made = 0

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
  }

  /** Small numbers are more frequent. */
  #few(most: number) {
    return Math.floor(most * this.#random.next() ** 3)
  }

  trace(time: number): WeirEvent {
    const [who, what] = [this.#few(actors), this.#few(resources)]
    const event = what % 10 === 0 ? this.#request(who, what, time) : this.#cloud(who, what, time)
    const actor = what % 10 === 0 ? `user:c1/k${who}` : `user:d${who % 3}/u${who}`
    const by = this.touched.get(actor) ?? new Map<string, number>()
    this.touched.set(actor, by.set(event.ref ?? '', (by.get(event.ref ?? '') ?? 0) + 1))
    return event
  }

  #cloud(who: number, what: number, time: number): WeirEvent {
    const failed = this.#random.next()
    const [service, type, action] = (
      [
        ['ECS', 'ecs', 'startServer'],
        ['VPC', 'eip', 'updateEip'],
        ['EVS', 'volume', 'attachVolume'],
        ['IAM', 'user', 'login'],
      ] as const
    )[what % 4] ?? ['ECS', 'ecs', 'stopServer']
    const tenant = `p${what % 20}`
    const id = `${what.toString(16).padStart(8, '0')}-19b7-4ee2-b01b-a9f1353b4c54`
    const mapped = mapTrace(
      {
        trace_id: `${(++this.#made).toString(16).padStart(8, '0')}-e5e1-11ee-9a5b-0255ac100101`,
        time,
        record_time: time + 900,
        service_type: service,
        resource_type: type,
        resource_name: `${type}-${what}`,
        resource_id: id,
        trace_name: action,
        trace_rating: failed < 0.002 ? 'incident' : failed < 0.03 ? 'warning' : 'normal',
        trace_type: 'ApiCall',
        code: failed < 0.03 ? '409' : '200',
        source_ip: `198.51.100.${who % 250}`,
        api_version: '2.0',
        request_id: `req-${this.#made}`,
        request: JSON.stringify({
          server: {
            id,
            name: `${type}-${what}`,
            metadata: { team: `t${who % 30}`, note: 'x'.repeat(200) },
            networks: [{ uuid: id, fixed: `10.0.${what % 250}.${who % 250}` }],
          },
        }),
        response: JSON.stringify({ job_id: `job-${this.#made}`, status: 'SUCCESS', detail: 'y'.repeat(120) }),
        user: { id: `u${who}`, name: `user-${who}`, domain: { id: `d${who % 3}`, name: `OTC${who % 3}` } },
      },
      {
        cloud: 'otc',
        source: `https://cts.r${what % 4}.otc.t-systems.com/v3/${tenant}/`,
        tenant,
        domain: `d${what % 3}`,
        region: `r${what % 4}`,
      },
    )
    if (mapped === undefined) throw new Error('that is a trace')
    return mapped.event
  }

  #request(who: number, what: number, time: number): WeirEvent {
    const event = mapAuditEvent(
      {
        level: 'Metadata',
        auditID: `a-${++this.#made}`,
        stage: 'ResponseComplete',
        requestURI: `/apis/apps/v1/namespaces/n${what % 12}/deployments/w${what % workloads}?fieldManager=kubectl`,
        verb: what % 3 === 0 ? 'get' : 'patch',
        user: { username: `user-${who}`, uid: `k${who}`, groups: ['dev', 'system:authenticated'] },
        sourceIPs: ['192.0.2.7'],
        userAgent: 'kubectl/v1.34.0 (linux/amd64)',
        responseStatus: { code: 200 },
        objectRef: {
          resource: 'deployments',
          apiGroup: 'apps',
          apiVersion: 'v1',
          namespace: `n${what % 12}`,
          name: `w${what % workloads}`,
        },
        requestReceivedTimestamp: new Date(time).toISOString(),
        stageTimestamp: new Date(time + 5).toISOString(),
        annotations: { 'authorization.k8s.io/decision': 'allow' },
      },
      { cluster: 'c1', stages: ['ResponseComplete'], verbs: [] },
    )
    if (typeof event === 'string') throw new Error(event)
    return event
  }

  cluster(began: number): WeirEvent[] {
    const since = new Date(began).toISOString()
    return Array.from({ length: workloads }, (_, at) => {
      const [namespace, name] = [`n${at % 12}`, `w${at}`]
      const owned = (kind: string, owner: string): object => ({
        owners: [{ group: 'apps', kind, name: owner, uid: `u-${owner}` }],
      })
      return [
        resourceEvent(identity(`Deployment/${namespace}/${name}`), since),
        resourceEvent(identity(`ReplicaSet/${namespace}/${name}-1`), since, owned('Deployment', name)),
        resourceEvent(identity(`Pod/${namespace}/${name}-1-a`), since, {
          ...owned('ReplicaSet', `${name}-1`),
          images: [{ container: 'main', image: `shop/${name}:1` }],
          node: `node-${at % 9}`,
          phase: 'Running',
        }),
      ]
    }).flat()
  }

  flows(received: number): Record<string, string | number>[] {
    return Array.from({ length: 400 }, () => {
      const [from, to] = [this.#random.integer(0, workloads - 1), this.#few(workloads)]
      const end = (of: string, at: number): object => ({
        [`${of}_addr`]: `10.1.${at}.1`,
        [`${of}_namespace`]: `n${at % 12}`,
        [`${of}_owner_kind`]: 'Deployment',
        [`${of}_owner_name`]: `w${at}`,
      })
      return {
        time_start: received - 2000,
        time_end: received - 1000,
        time_received: received,
        ...end('src', from),
        ...end('dst', to),
        src_port: 40_000,
        dst_port: 8080,
        proto: 6,
        bytes: this.#random.integer(100, 100_000),
        packets: 10,
        cluster: 'c1',
      }
    })
  }
}

export async function storeTraces(directory: string, seed: number, count: number, hours: number): Promise<Traces> {
  const began = now - hours * hour
  const real = realHost()
  let clock = began
  const host: Host = { ...real, clock: { ...real.clock, now: () => clock } }
  const store = await openStore({ host, directory, resolver, log: recordingLog(), metrics: recordingMetrics() })
  const make = new FrameMaker()
  const world = new World(seed)
  const started = performance.now()
  await store.projection.apply([make.events(world.cluster(began), began, 'kubernetes')])
  let traces = 0
  for (let at = 0; at < hours; at++) {
    const from = began + at * hour
    await store.projection.apply([make.batch(rowsBatch(world.flows(from + 60_000)), from + 60_000, 'netflow')])
    for (const until = Math.round((count * (at + 1)) / hours); traces < until;) {
      const some = Math.min(perFrame, until - traces)
      const events = Array.from({ length: some }, (_, row) =>
        world.trace(from + 61_000 + Math.floor(((hour - 62_000) * row) / some)),
      )
      traces += some
      await store.projection.apply([make.events(events, from + hour - 1, 'audit')])
      await store.projection.commit()
    }
    clock = from + hour + 61_000
    await store.projection.commit()
    while (await store.maintain());
  }
  clock = now
  return { store, host, traces, touched: world.touched, seconds: (performance.now() - started) / 1000 }
}
