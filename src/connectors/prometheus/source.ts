import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import type { SourceFeed } from '../../engine/sources/feed.ts'
import { healthOfPlaces, type SourceHealth } from '../../engine/sources/health.ts'
import { self } from '../../host/process.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutUndefined } from '../../model/json.ts'
import { openClient, type Client } from '../../net/kubernetes/client.ts'
import { followCollection, keyOf } from '../../net/kubernetes/follow-collection.ts'
import { openLeaderLease } from '../../net/kubernetes/leader-lease.ts'
import { login } from '../../net/kubernetes/login.ts'
import { readTls, type TlsOptions } from '../../net/tls.ts'
import { runAsLeader } from '../../polling/leader.ts'
import { probeTargets } from './client-probe.ts'
import type { PrometheusScrapeConfig, prometheusScrapeSchema } from './config.ts'
import { podTargets } from './map-pods.ts'
import { TargetScraper, type Target, type TargetStatus } from './source-target.ts'

export const source = defineSource<typeof prometheusScrapeSchema>('prometheus-scrape', {
  build: openScrape,
  probe: probeTargets,
})

type ScrapeStatus = Readonly<{
  targets: readonly TargetStatus[]
  why?: string
}>

export interface ScrapeSource extends Source {
  status(): ScrapeStatus
  health(): SourceHealth | undefined
}

export async function openScrape(config: PrometheusScrapeConfig, context: SourceContext): Promise<ScrapeSource> {
  const { host } = context
  const lease = await openLeaderLease(config.lease, context)
  const tls = await readTls(config.tls, host.disk)
  const cluster =
    config.pods === null
      ? undefined
      : openClient(await login({ host, env: self.env, path: config.pods.kubeconfig, context: null }))
  const scrapes = new Scrapes(config, context, tls, cluster)
  const record = lease?.record ?? context.replay?.shared?.leaderRecord
  return {
    addresses: [],
    status: () => scrapes.status(),
    feed: () => scrapes.feed(),
    health: () => scrapes.health(),
    async run(signal) {
      try {
        if (record === undefined) await scrapes.run(signal, () => true)
        else
          await runAsLeader(
            {
              context,
              record,
              what: `the targets of ${context.id}`,
              state: () => ({}),
              ...(lease === undefined ? {} : { durationMs: lease.durationMs }),
            },
            signal,
            (leading, _, isLeader) => scrapes.run(leading, isLeader),
          )
      } finally {
        cluster?.close()
        lease?.close()
      }
    },
  }
}

type Running = Readonly<{
  scraper: TargetScraper
  /** Stops the scrapes, and ends the series of the target. */
  end(): Promise<void>
}>

class Scrapes {
  readonly #config: PrometheusScrapeConfig
  readonly #context: SourceContext
  readonly #tls: TlsOptions | undefined
  readonly #cluster: Client | undefined
  readonly #running = new Map<string, Running>()
  /** Targets by pod. */
  readonly #byPod = new Map<string, readonly Target[]>()
  #problem: string | undefined

  constructor(
    config: PrometheusScrapeConfig,
    context: SourceContext,
    tls: TlsOptions | undefined,
    cluster: Client | undefined,
  ) {
    this.#config = config
    this.#context = context
    this.#tls = tls
    this.#cluster = cluster
  }

  status(): ScrapeStatus {
    const targets = [...this.#running.values()].map(({ scraper }) => scraper.status())
    const why =
      this.#problem ??
      (targets.length === 0 ? 'No pod has the annotation `prometheus.io/scrape: "true"` and a port.' : undefined)
    return { targets, ...(why === undefined ? {} : { why }) }
  }

  feed(): SourceFeed {
    const targets = [...this.#running.values()].map(({ scraper }) => scraper.status())
    const times = targets.flatMap(({ lastPoll }) => lastPoll ?? [])
    const nexts = targets.flatMap(({ nextPoll }) => nextPoll ?? [])
    const last = times.length === 0 ? undefined : Math.max(...times)
    return {
      records: targets.reduce((sum, { samples }) => sum + samples, 0),
      targets: { known: targets.length, failing: targets.filter(({ why }) => why !== undefined).length },
      poll: withoutUndefined({ last, next: nexts.length === 0 ? undefined : Math.min(...nexts) }),
      ...withoutUndefined({ lastRecord: last, why: this.status().why ?? this.health()?.why }),
    }
  }

  health(): SourceHealth | undefined {
    if (this.#problem !== undefined) return { why: this.#problem, counts: 'partly' }
    return healthOfPlaces(this.status().targets)
  }

  async run(signal: AbortSignal, isLeader: () => boolean): Promise<void> {
    const { targets, job, labels } = this.#config
    this.#running.clear()
    this.#byPod.clear()
    const ended: Promise<void>[] = []
    const start = (given: Target): Running => {
      const target = { ...given, labels: { job: job ?? this.#context.id, ...given.labels, ...labels } }
      const scraper = new TargetScraper({
        target,
        config: this.#config,
        context: this.#context,
        tls: this.#tls,
        isLeader,
      })
      const stopped = new AbortController()
      const done = scraper.run(AbortSignal.any([signal, stopped.signal]))
      ended.push(done)
      return {
        scraper,
        end: async () => {
          stopped.abort()
          await done
          await scraper.end(signal)
        },
      }
    }
    for (const url of targets) this.#running.set(url, start({ url, labels: { instance: instanceOf(url) } }))
    if (this.#cluster !== undefined) await this.#follow(this.#cluster, start, signal)
    await Promise.all(ended)
  }

  async #follow({ ask }: Client, start: (target: Target) => Running, signal: AbortSignal) {
    const { pods } = this.#config
    const { host, log, id } = this.#context
    const all = pods?.namespaces ?? []
    const paths = all.length === 0 ? ['/api/v1/pods'] : all.map((text) => `/api/v1/namespaces/${text}/pods`)
    await Promise.all(
      paths.map((path) => {
        const listed = new Set<string>()
        return followCollection({
          ask,
          host,
          path,
          selector: '',
          whole: true,
          signal,
          onObject: (meta, pod) => {
            this.#problem = undefined
            listed.add(keyOf(meta))
            this.#put(keyOf(meta), podTargets(meta, pod), start)
          },
          onGone: (meta) => {
            this.#put(keyOf(meta), [], start)
          },
          onListed: (keys) => {
            for (const key of listed) {
              if (keys.has(key)) continue
              listed.delete(key)
              this.#put(key, [], start)
            }
          },
          onTrouble: (reason) => {
            if (this.#problem === undefined)
              log.warn('Pods cannot be read; Weir retries.', { source: id, error: reason })
            this.#problem = `pods cannot be read: ${reason}`
          },
        })
      }),
    )
  }

  #put(pod: string, targets: readonly Target[], start: (target: Target) => Running) {
    const before = this.#byPod.get(pod) ?? []
    const key = ({ url, labels }: Target) => JSON.stringify([url, labels])
    const now = new Set(targets.map(key))
    for (const gone of before) {
      if (now.has(key(gone))) continue
      const running = this.#running.get(key(gone))
      this.#running.delete(key(gone))
      running?.end().catch((error: unknown) => {
        this.#context.log.warn('The end of a target could not be stored.', {
          source: this.#context.id,
          target: gone.url,
          why: messageOf(error),
        })
      })
    }
    for (const target of targets) if (!this.#running.has(key(target))) this.#running.set(key(target), start(target))
    if (targets.length === 0) this.#byPod.delete(pod)
    else this.#byPod.set(pod, targets)
  }
}

/** Host and port, the default one too, as in Prometheus. */
function instanceOf(url: string) {
  const { hostname, port, protocol } = new URL(url)
  return `${hostname}:${port === '' ? (protocol === 'https:' ? '443' : '80') : port}`
}
