/** Keeps a Secret with a valid token in the namespace of each environment. */
import type { SourceContext } from '../../../engine/contracts.ts'
import { messageOf } from '../../../model/errors.ts'
import { fieldsOf } from '../../../model/json.ts'
import { followCollection, keyOf, metaOf, type ObjectMeta } from '../../../net/kubernetes/follow-collection.ts'
import { mintToken, verifyToken, type EnvironmentClaims } from '../../../net/lagoon-token.ts'
import { Conflict, paths, type Cluster } from '../client.ts'
import type { InsightsConfig } from '../config.ts'
import * as names from '../map/labels.ts'
import type { Namespaces } from './namespaces.ts'

export const secretName = 'insights-token'
export const secretKey = 'INSIGHTS_TOKEN'
export const tokenLabel = 'lagoon.sh/insights-token'
const labels = { [tokenLabel]: 'true', 'lagoon.sh/dynamic-secret': secretName }
const [checkMs, retryMs] = [60_000, 5000]

export type TokenChange = 'minted' | 'rotated' | 'refreshed' | 'repaired'

export type TokenOptions = Readonly<{
  config: Pick<InsightsConfig, 'token_lifetime' | 'target_label' | 'token_algorithms'>
  context: SourceContext
  cluster: Cluster
  namespaces: Namespaces
  /** The current one, then the previous one. */
  secrets: readonly string[]
}>

type StoredToken = Readonly<{
  meta: ObjectMeta
  token: string
}>

export class TokenController {
  problem: string | undefined
  readonly #options: TokenOptions
  readonly #stored = new Map<string, StoredToken>()
  readonly #due = new Set<string>()
  #isListed = false
  #wake: () => void = () => undefined

  constructor(options: TokenOptions) {
    this.#options = options
    options.namespaces.onChange = (name) => {
      this.#check(name)
    }
  }

  /** Ends after the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { context, namespaces } = this.#options
    const { host } = context
    const timer = host.timers.every(checkMs, () => {
      this.#checkAll()
    })
    const wake = (): void => {
      this.#wake()
    }
    signal.addEventListener('abort', wake)
    try {
      await Promise.all([this.#followSecrets(signal), this.#work(signal)])
    } finally {
      timer.cancel()
      signal.removeEventListener('abort', wake)
      namespaces.onChange = () => undefined
      this.#due.clear()
    }
  }

  #followSecrets(signal: AbortSignal): Promise<void> {
    const { context, cluster } = this.#options
    return followCollection({
      ask: cluster.client.ask,
      host: context.host,
      path: paths.secrets,
      selector: tokenLabel,
      whole: true,
      signal,
      onObject: (meta, object) => {
        if (meta.name !== secretName) return
        this.#stored.set(meta.namespace, storedToken(meta, object))
        this.#check(meta.namespace)
      },
      onGone: (meta) => {
        if (meta.name === secretName) this.#stored.delete(meta.namespace)
        this.#check(meta.namespace)
      },
      onListed: (keys) => {
        this.problem = undefined
        this.#isListed = true
        for (const [namespace, { meta }] of this.#stored) if (!keys.has(keyOf(meta))) this.#stored.delete(namespace)
        this.#checkAll()
      },
      onTrouble: (reason) => {
        if (this.problem === undefined)
          context.log.warn('Token Secrets cannot be read; Weir retries.', { source: context.id, error: reason })
        this.problem = `token Secrets cannot be read: ${reason}`
      },
    })
  }

  #check(namespace: string): void {
    this.#due.add(namespace)
    this.#wake()
  }

  #checkAll(): void {
    for (const { name } of this.#options.namespaces.all) this.#due.add(name)
    this.#wake()
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { context } = this.#options
    while (!signal.aborted) {
      const [namespace] = this.#isListed ? this.#due : []
      if (namespace === undefined) {
        const woken = Promise.withResolvers<void>()
        this.#wake = woken.resolve
        await woken.promise
        continue
      }
      this.#due.delete(namespace)
      try {
        const change = await this.#reconcile(namespace, signal)
        if (change === undefined) continue
        context.metrics.count('weir_lagoon_tokens_total', 1, { source: context.id, change })
        context.log.info('A token Secret was written.', { source: context.id, namespace, change })
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof Conflict))
          context.log.warn('A token Secret cannot be written; Weir retries.', {
            source: context.id,
            namespace,
            error: messageOf(error),
          })
        context.host.timers.after(retryMs, () => {
          this.#check(namespace)
        })
      }
    }
  }

  async #reconcile(namespace: string, signal: AbortSignal): Promise<TokenChange | undefined> {
    const { config, context, cluster, namespaces, secrets } = this.#options
    const meta = namespaces.get(namespace)
    const claims = meta === undefined ? undefined : claimsOf(meta, config.target_label)
    if (claims === undefined) return undefined
    const now = context.host.clock.now()
    const lifetime = config.token_lifetime
    const stored = this.#stored.get(namespace)
    const change = stored === undefined ? 'minted' : await staleness(stored.token, claims, { secrets, now, lifetime })
    if (change === undefined) return undefined
    const token = await mintToken(secrets[0] ?? '', claims, lifetime === null ? undefined : { now, ms: lifetime })
    const data = { [secretKey]: Buffer.from(token).toString('base64') }
    const position = { namespace, name: secretName }
    const written =
      stored === undefined
        ? await this.#create(position, data, signal)
        : await cluster.patch('secrets', position, patchOf(stored.meta, data), signal)
    const writtenMeta = metaOf(written)
    if (writtenMeta !== undefined) this.#stored.set(namespace, storedToken(writtenMeta, written))
    return change
  }

  /** A Secret of this name without the labels is adopted: the name belongs to the tokens. */
  async #create(
    position: Readonly<{ namespace: string; name: string }>,
    data: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<unknown> {
    const { cluster } = this.#options
    try {
      return await cluster.create(
        'secrets',
        position.namespace,
        { apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata: { ...position, labels }, data },
        signal,
      )
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      return cluster.patch('secrets', position, { metadata: { labels }, data }, signal)
    }
  }
}

function patchOf({ uid, resourceVersion }: ObjectMeta, data: Readonly<Record<string, string>>): object {
  return { metadata: { uid, resourceVersion, labels }, data }
}

function storedToken(meta: ObjectMeta, object: unknown): StoredToken {
  const value = fieldsOf(fieldsOf(object)['data'])[secretKey]
  return { meta, token: typeof value === 'string' ? Buffer.from(value, 'base64').toString() : '' }
}

/** Undefined for a namespace that gets no token. */
export function claimsOf(
  { name, labels, deletionTimestamp }: ObjectMeta,
  target: string | null,
): EnvironmentClaims | undefined {
  const [environmentId, environmentName, projectName] = [names.environmentId, names.environment, names.project].map(
    (label) => labels[label],
  )
  if (environmentId === undefined || environmentName === undefined || projectName === undefined) return undefined
  if (deletionTimestamp !== undefined || (target !== null && labels[target] === undefined)) return undefined
  return { environmentId, environmentName, namespace: name, projectName }
}

type Freshness = Readonly<{
  secrets: readonly string[]
  now: number
  /** ms. */
  lifetime: number | null
}>

/** Why the token must be replaced; undefined: it is as it should be. */
export async function staleness(
  token: string,
  claims: EnvironmentClaims,
  { secrets, now, lifetime }: Freshness,
): Promise<TokenChange | undefined> {
  const verifiedToken = await verifyToken(token, secrets, { algorithms: ['HS256'], now })
  if (verifiedToken === undefined) return 'repaired'
  if (verifiedToken.namespace !== claims.namespace) return 'repaired'
  if (
    verifiedToken.secret > 0 ||
    verifiedToken.environmentId !== claims.environmentId ||
    verifiedToken.environmentName !== claims.environmentName ||
    verifiedToken.projectName !== claims.projectName
  )
    return 'rotated'
  if (lifetime === null) return verifiedToken.expires === undefined ? undefined : 'refreshed'
  if (verifiedToken.expires === undefined || verifiedToken.issuedAt === undefined) return 'refreshed'
  return now - verifiedToken.issuedAt * 1000 >= lifetime / 2 ? 'refreshed' : undefined
}
