// The original twice, as its chart configures it and with its deferred retries, and Weir, each with its own cluster and
// virtual host of one broker. Reports and facts are created before and during the outage.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { some } from '../../test/kit/delivered.ts'
import { mintToken } from '../../src/net/lagoon-token.ts'
import { install } from '../../test/real/install/apt.ts'
import { findInsightsRemote } from '../../test/real/install/insights-remote.ts'
import { findKubernetes } from '../../test/real/install/kubernetes.ts'
import { rabbitmq } from '../../test/real/install/rabbitmq.ts'
import { startInsightsRemote, type InsightsRemote } from '../../test/real/kit/insights-remote.ts'
import { kubeconfigOf, startKube, type Kube } from '../../test/real/kit/kube.ts'
import { RabbitObserver } from '../../test/real/kit/rabbitmq-observer.ts'
import { startRabbit, type RabbitServer } from '../../test/real/kit/rabbitmq.ts'

const secret = 'a-secret-of-at-least-thirty-two-bytes'
const claims = { environmentId: '777', environmentName: 'main', namespace: 'proj-main', projectName: 'proj' }
const ids = { 'lagoon.sh/environmentId': '777', 'lagoon.sh/project': 'proj', 'lagoon.sh/environment': 'main' }
const configMaps = '/api/v1/namespaces/proj-main/configmaps'
const binaryData = { 'cli.cyclonedx.json.gz': gzipSync('{}').toString('base64') }

export default {
  name: 'insights-remote-outage',
  issue: '27.2',
  title:
    'The broker is unavailable for 30 minutes while reports and facts arrive, with burning on. Weir loses none and ' +
    'burns none before its delivery; insights-remote is measured beside it.',
  async run(context) {
    const [kubernetes, original, broker] = [findKubernetes(), findInsightsRemote(), await install(rabbitmq)]
    if (kubernetes.path === undefined) return context.skip(kubernetes.reason)
    if (original.path === undefined) return context.skip(original.reason)
    if (broker.path === undefined) return context.skip(broker.reason)
    const candidates = [
      new Candidate('insights-remote', original.path, []),
      new Candidate('insights-remote with deferred retries', original.path, ['--enable-insights-deferred']),
      new Candidate('Weir', undefined, ['--leader-elect']),
    ]
    await using server = await startRabbit({ vhosts: candidates.map(({ vhost }) => vhost) })
    try {
      for (const each of candidates) await each.start(context.folder, server)
      await outage(context, server, candidates)
    } finally {
      for (const each of candidates) await each.stop()
    }
  },
} satisfies AcceptanceRun

async function outage(context: AcceptanceContext, server: RabbitServer, candidates: readonly Candidate[]) {
  const each = (act: (candidate: Candidate) => Promise<void>) => Promise.all(candidates.map(act))
  const [ms, pause] = [context.size(30 * 60_000, 25_000), context.size(20_000, 2000)]
  await each((candidate) => candidate.produce('before', 20))
  await sleep(context.size(10_000, 3000))
  // Unconsumed messages are in the queue.
  await server.kill()
  const started = performance.now()
  for (let round = 0; performance.now() - started < ms; round++) {
    await each((candidate) => candidate.produce(`outage-${round}`, 1))
    await sleep(pause)
  }
  for (const { kube, name } of candidates)
    context.figure(`${name}: ConfigMaps at the end of the outage`, await countOf(kube))
  await server.restart()
  await each((candidate) => candidate.produce('after', 5))
  // `judge` waits for Weir; the others are given time to recover, and are not judged.
  await sleep(context.size(6 * 60_000, 5000))
  context.figure('outage', Math.round((performance.now() - started) / 1000), 's, with recovery')
  for (const candidate of candidates) await judge(context, candidate)
}

async function judge(context: AcceptanceContext, candidate: Candidate) {
  const { name, written, withheld, answered, refused } = candidate
  let left = await namesOf(candidate.kube)
  // Reports of Weir need no further attempts, but a slow machine needs longer.
  for (let waited = 0; name === 'Weir' && waited < 120 && written.some((report) => left.has(report)); waited++) {
    await sleep(1000)
    left = await namesOf(candidate.kube)
  }
  const delivered = await candidate.delivered()
  const lost = written.filter((report) => !delivered.has(report))
  const burnt = [...lost, ...withheld].filter((report) => !left.has(report))
  const lostFacts = answered.filter((fact) => !delivered.has(fact))
  context.figure(`${name}: reports`, written.length)
  context.figure(`${name}: reports lost`, lost.length)
  context.figure(`${name}: burnt without a delivery`, burnt.length)
  context.figure(`${name}: facts accepted`, answered.length)
  context.figure(`${name}: facts refused`, refused.length)
  context.figure(`${name}: accepted facts lost`, lostFacts.length)
  if (name !== 'Weir') return
  context.expect(lost.length === 0, `Weir delivers every report (${some(lost)})`)
  context.expect(burnt.length === 0, `no ConfigMap is burnt without a delivery (${some(burnt)})`)
  context.expect(refused.length === 0 && lostFacts.length === 0, 'Weir accepts and delivers every fact')
  context.expect(
    written.every((report) => !left.has(report)),
    'each delivered ConfigMap is burnt',
  )
}

class Candidate {
  readonly name: string
  /** Names of ConfigMaps for the core. */
  readonly written: string[] = []
  /** Names of those without consent, which are never delivered. */
  readonly withheld: string[] = []
  readonly answered: string[] = []
  readonly refused: string[] = []
  readonly vhost: string
  readonly #original: string | undefined
  readonly #flags: readonly string[]
  #kube: Kube | undefined
  #remote: InsightsRemote | undefined
  #observer: RabbitObserver | undefined

  constructor(name: string, original: string | undefined, flags: readonly string[]) {
    this.name = name
    this.vhost = name.replaceAll(' ', '-')
    this.#original = original
    this.#flags = flags
  }

  get kube(): Kube {
    if (this.#kube === undefined) throw new Error('it is not started')
    return this.#kube
  }

  async start(folder: string, server: RabbitServer): Promise<void> {
    const own = join(folder, this.vhost)
    mkdirSync(own)
    this.#kube = await startKube(own)
    const kubeconfig = join(own, 'kubeconfig')
    writeFileSync(kubeconfig, kubeconfigOf(this.#kube), { mode: 0o600 })
    await this.#kube.call('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'proj-main', labels: ids },
    })
    this.#observer = new RabbitObserver(`${server.url}/${this.vhost}`)
    this.#remote = await startInsightsRemote({
      original: this.#original,
      data: join(own, 'data'),
      kubeconfig,
      secret,
      broker: `127.0.0.1:${server.port}/${this.vhost}`,
      flags: this.#flags,
      env: { BURN_AFTER_READING: 'TRUE' },
    })
  }

  async produce(prefix: string, count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const name = `${prefix}-${index}`
      await this.#write(name, { 'core.insights.lagoon.sh/enabled': 'true' })
      this.written.push(name)
      const status = await this.#post(`fact-${name}`)
      ;(status === 200 ? this.answered : this.refused).push(`fact-${name}`)
    }
    await this.#write(`${prefix}-withheld`, {})
    this.withheld.push(`${prefix}-withheld`)
  }

  async delivered(): Promise<ReadonlySet<string>> {
    const received = (await this.#observer?.received('lagoon-insights:items')) ?? []
    return new Set(
      received.map(({ content }) => {
        const message = JSON.parse(content.toString()) as {
          readonly service?: string
          readonly facts?: readonly [{ readonly name: string }]
        }
        return message.facts?.[0].name ?? message.service ?? ''
      }),
    )
  }

  async stop(): Promise<void> {
    await this.#observer?.close().catch(() => undefined)
    await this.#remote?.stop()
    await this.#kube?.stop()
  }

  async #write(name: string, annotations: Readonly<Record<string, string>>) {
    const labels = { ...ids, 'lagoon.sh/insightsType': 'sbom-gz', 'lagoon.sh/service': name }
    await this.kube.call('POST', configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, labels, annotations },
      binaryData,
    })
  }

  async #post(name: string): Promise<number> {
    const response = await fetch(`${this.#remote?.url}/facts`, {
      method: 'POST',
      headers: { authorization: await mintToken(secret, claims) },
      body: JSON.stringify([{ name, value: '1' }]),
    })
    await response.arrayBuffer()
    return response.status
  }
}

async function namesOf(kube: Kube): Promise<ReadonlySet<string>> {
  const { items } = (await kube.call('GET', configMaps)) as {
    readonly items: readonly { readonly metadata: { readonly name: string } }[]
  }
  return new Set(items.map(({ metadata: { name } }) => name))
}

const countOf = async (kube: Kube) => (await namesOf(kube)).size
