/** Reads the documents that refer to images of a registry. */
import type { SourceContext } from '../../engine/contracts.ts'
import type { Host } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { messageOf } from '../../model/errors.ts'
import { HttpClient } from '../../net/http/client.ts'
import { isLoopback } from '../../net/http/loopback.ts'
import { openLeaderLease } from '../../net/kubernetes/leader-lease.ts'
import { readTls } from '../../net/tls.ts'
import { runAsLeader } from '../../polling/leader.ts'
import { Registry } from './client-registry.ts'
import { RegistryLogin } from './client-login.ts'
import type { RegistryConfig, SbomConfig } from './config.ts'
import { Failed, type Failure } from './map-failure.ts'
import { hostsOf, placeOf, type Place } from './map-registry.ts'
import type { DocumentReader } from './source-emit.ts'
import { ImageReader } from './source-image.ts'
import { PodImages } from './source-pods.ts'
import { RegistryState } from './source-registry-state.ts'

const connections = 4
/** New images of a rollout are read together. */
const gatherMs = 1000
const retryMs = 60_000
const forgetMs = 7 * 86_400_000

type Config = RegistryConfig & Pick<SbomConfig, 'max_size' | 'lease'>

type Opened = Readonly<{
  registry: Registry
  close: () => void
}>

/** Rejects if a TLS file is unreadable. */
async function openRegistry(
  { url, timeout, tls, auth }: RegistryConfig,
  host: Host,
  onFailure: (reason: Failure) => void,
): Promise<Opened> {
  const http = {
    connections,
    timeoutMs: timeout,
    timers: host.timers,
    tls: await readTls(tls, host.disk),
    ...(isLoopback(url) ? {} : { proxyEnv: self.env }),
  }
  const client = new HttpClient({ ...http, url: new URL(url).origin })
  const login = new RegistryLogin({ auth, host, http, registry: new URL(url) })
  return {
    registry: new Registry({ http: client, login, host, onFailure }),
    close: () => {
      client.close()
      login.close()
    },
  }
}

type Parts = Readonly<{
  config: Config
  context: SourceContext
  opened: Opened
  images: ImageReader
  state: RegistryState
  pods: PodImages | undefined
  lease: Awaited<ReturnType<typeof openLeaderLease>>
}>

export class RegistryReader implements DocumentReader {
  readonly #parts: Parts
  readonly #hosts: readonly string[]
  /** Monotonic ms of the last attempt, by image. */
  readonly #attempts = new Map<string, number>()
  #failure: string | undefined
  #wake = new AbortController()

  private constructor(parts: Parts) {
    this.#parts = parts
    this.#hosts = hostsOf(parts.config.url, parts.config.hosts)
    if (parts.pods !== undefined) parts.pods.onImage = () => this.#wake.abort()
  }

  /** Rejects for unreadable files of TLS and logins; an unreachable registry is retried. */
  static async open(config: Config, context: SourceContext): Promise<RegistryReader> {
    const { metrics, id, host } = context
    const opened = await openRegistry(config, host, (reason) =>
      metrics.count('weir_sbom_registry_failures_total', 1, { source: id, reason }),
    )
    const state = await RegistryState.open(context)
    const { registry } = opened
    const images = new ImageReader({
      config,
      context,
      registry,
      state,
      host: hostsOf(config.url, config.hosts)[0] ?? '',
    })
    const pods = config.pods ? await PodImages.open(config.kubeconfig, context) : undefined
    const lease = await openLeaderLease(config.lease, context)
    return new RegistryReader({ config, context, opened, images, state, pods, lease })
  }

  /** Reads the manifests of the list of images. */
  static async verify(config: RegistryConfig, host: Host, signal: AbortSignal): Promise<void> {
    const { registry, close } = await openRegistry(config, host, () => undefined)
    try {
      const hosts = hostsOf(config.url, config.hosts)
      for (const image of config.images) {
        const location = placeOf(image, hosts)
        if (location === undefined) throw new Error(`${image} is no image of ${config.url}.`)
        if ((await registry.manifest(location, signal)) === undefined)
          throw new Error(`${image} does not exist in ${config.url}.`)
      }
    } finally {
      close()
    }
  }

  get documents(): number {
    return this.#parts.state.sum('documents')
  }

  get rejected(): number {
    return this.#parts.state.sum('rejected')
  }

  get problem(): string | undefined {
    return this.#failure ?? this.#parts.pods?.problem
  }

  async run(signal: AbortSignal): Promise<void> {
    const { opened, pods, lease } = this.#parts
    try {
      await Promise.all([this.#pollAsLeader(signal), pods?.run(signal)])
    } finally {
      lease?.close()
      opened.close()
    }
  }

  /** After a takeover, this instance emits again what it has not read. A report replaces the one before of its tool. */
  async #pollAsLeader(signal: AbortSignal): Promise<void> {
    const { context, lease } = this.#parts
    const record = lease?.record ?? context.replay?.shared?.leaderRecord
    if (record === undefined) return this.#poll(signal)
    const duration = lease === undefined ? {} : { durationMs: lease.durationMs }
    await runAsLeader(
      { context, record, what: 'documents of the registry', state: () => ({}), ...duration },
      signal,
      (leading) => this.#poll(leading),
    )
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const {
      config: { every },
      context: { host },
    } = this.#parts
    while (!signal.aborted) {
      this.#wake = new AbortController()
      const pauseMs = await this.#pass(signal)
      if (signal.aborted) return
      const now = host.clock.monotonic()
      const due = Math.min(...[...this.#attempts.values()].map((at) => at + every), now + every)
      const woken = AbortSignal.any([signal, this.#wake.signal])
      await (pauseMs > 0 ? host.timers.sleep(pauseMs, signal) : host.timers.sleep(Math.max(due - now, 0), woken))
      if (this.#wake.signal.aborted) await host.timers.sleep(gatherMs, signal)
    }
  }

  /** Reads the images that are due. Resolves with the ms that the registry demands to wait. */
  async #pass(signal: AbortSignal): Promise<number> {
    const {
      config: { every },
      context: { host, metrics, id, log, storeRetentionMs = Infinity },
      images,
      state,
    } = this.#parts
    const places = this.#places()
    metrics.set('weir_sbom_registry_images', places.size, { source: id })
    for (const key of this.#attempts.keys()) if (!places.has(key)) this.#attempts.delete(key)
    let failure: string | undefined
    for (const [key, location] of places) {
      if (signal.aborted) return 0
      if ((this.#attempts.get(key) ?? -Infinity) + every > host.clock.monotonic()) continue
      this.#attempts.set(key, host.clock.monotonic())
      try {
        await images.read(location, signal)
      } catch (error) {
        if (signal.aborted) return 0
        failure = messageOf(error)
        this.#attempts.set(key, host.clock.monotonic() - every + Math.min(every, retryMs))
        if (this.#failure === undefined)
          log.warn('Documents of an image cannot be read from the registry; Weir retries.', {
            source: id,
            image: key,
            error: failure,
          })
        this.#failure = failure
        if (error instanceof Failed && error.isGeneral) return Math.max(error.afterMs ?? 0, Math.min(every, retryMs))
      }
    }
    this.#failure = failure
    images.keep(new Set([...places.values()].map(({ name }) => name)))
    const since = host.clock.now() - Math.min(storeRetentionMs / 2, forgetMs)
    state.forget((key) => [...places.values()].some(({ name }) => key.startsWith(`${name}@`)), since)
    await state.save().catch((error: unknown) => {
      log.warn('The state file cannot be written; Weir retries.', { source: id, error: messageOf(error) })
    })
    return 0
  }

  #places(): ReadonlyMap<string, Place> {
    const { config, pods } = this.#parts
    const images = [...config.images, ...(pods?.images ?? [])]
    return new Map(
      images.flatMap((image) => {
        const location = placeOf(image, this.#hosts)
        return location === undefined ? [] : [[`${location.name}@${location.reference}`, location] as const]
      }),
    )
  }
}
