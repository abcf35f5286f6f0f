import type { Source, SourceContext } from '../../engine/contracts.ts'
import { appendEvents } from '../../engine/sources/append-events.ts'
import type { WeirEvent } from '../../model/events.ts'
import { messageOf } from '../../model/errors.ts'
import { maxJsonDepth, nestsDeeper } from '../../model/json-depth.ts'
import { jsonMemory } from '../../model/json-memory.ts'
import type { HttpListeners } from '../../net/http/listeners.ts'
import { PushRefused, type RefusalReason } from '../../net/http/push-refused.ts'
import { openReceiver, type PushAnswer, type PushRequest } from '../../net/http/receiver.ts'
import { releaseBuffer } from '../../model/release-buffer.ts'
import { TlsFiles } from '../../net/tls-files.ts'
import { revealSecret } from '../../net/secrets.ts'
import { defineSource } from '../../engine/define.ts'
import type { KubeAuditConfig, kubeAuditSchema } from './config.ts'
import type { metrics } from './metrics.ts'
import { mapAuditEvent, type Left } from './map.ts'

export const source = defineSource<typeof kubeAuditSchema>('kube-audit', { build: openKubeAudit })

const housekeepingMs = 30_000
const silentRounds = 10

type KubeAuditStatus = Readonly<{
  cluster: string
  batches: number
  events: number
  last: number | undefined
  refused: Readonly<Partial<Record<RefusalReason, number>>>
  why?: string
}>

export interface KubeAuditSource extends Source {
  status(): KubeAuditStatus
}

export async function openKubeAudit(config: KubeAuditConfig, context: SourceContext): Promise<KubeAuditSource> {
  const source = new KubeAudit(config, context)
  await source.open()
  return source
}

class KubeAudit implements KubeAuditSource {
  readonly #config: KubeAuditConfig
  readonly #context: SourceContext
  readonly #refused: Partial<Record<RefusalReason, number>> = {}
  #listeners: HttpListeners | undefined
  #files: TlsFiles | undefined
  #batches = 0
  #events = 0
  #last: number | undefined

  constructor(config: KubeAuditConfig, context: SourceContext) {
    this.#config = config
    this.#context = context
  }

  get addresses(): readonly string[] {
    return this.#listeners?.addresses ?? []
  }

  async open(): Promise<void> {
    const { listen: places, tls, token, max_body: maxBytes } = this.#config
    this.#files = await TlsFiles.ofListener(tls, this.#context.host.disk)
    this.#listeners = await openReceiver({
      places,
      tls: this.#files?.current,
      token: token === null ? undefined : revealSecret(token),
      maxBytes,
      memory: this.#context.host.memory,
      timers: this.#context.host.timers,
      routes: { '/audit': (request) => this.#receive(request) },
      explain: (message, _, status) => {
        const hint = status === 401 && tls === null ? overHttp : hints[status]
        return statusOf(status, hint === undefined ? message : `${message} ${hint}`)
      },
      refused: (reason, message) => this.#refuse(reason, message),
    })
  }

  status(): KubeAuditStatus {
    const refused = Object.entries(this.#refused).map(([reason, count]) => `${count} ${reason.replaceAll('_', ' ')}`)
    const silent =
      refused.length === 0
        ? `No batch was received at ${this.addresses.join(' or ')}/audit: start the API server with ` +
          '--audit-policy-file and --audit-webhook-config-file; the guide contains both files.'
        : `No batch was accepted, and some were rejected (${refused.join(', ')}): see the program log.`
    return {
      cluster: this.#config.cluster,
      batches: this.#batches,
      events: this.#events,
      last: this.#last,
      refused: this.#refused,
      ...(this.#batches === 0 && this.addresses.length > 0 ? { why: silent } : {}),
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const {
      id,
      log,
      host: { timers },
    } = this.#context
    for (let round = 1; !signal.aborted; round++) {
      await timers.sleep(housekeepingMs, signal)
      if (signal.aborted) break
      const files = this.#files
      await files?.renew('the audit listener', log, () => this.#listeners?.renew(files.current), { source: id })
      const { why } = this.status()
      if (round === silentRounds && why !== undefined) log.warn(why, { source: id })
    }
    await this.#listeners?.close()
  }

  async #receive({ type, body, lease }: PushRequest): Promise<PushAnswer> {
    if (type !== 'application/json')
      throw new PushRefused(415, 'wrong_request', `Content-Type is ${type || 'missing'}; it must be application/json.`)
    if (nestsDeeper(body)) throw unreadable(`The JSON nests deeper than ${maxJsonDepth} levels.`)
    // The values, and the events that are made of them.
    lease.grow(jsonMemory(body) + body.length)
    const items = itemsOf(body)
    releaseBuffer(body, body.buffer.byteLength)
    await this.#take(items)
    const { type: contentType, body: status } = statusOf(200)
    return { status: 200, headers: { 'content-type': contentType }, body: status }
  }

  async #take(items: readonly unknown[]) {
    // The two stages of a connection may be in one batch.
    const byId = new Map<string, WeirEvent>()
    let repeated = 0
    const left: Partial<Record<Left, number>> = {}
    for (const item of items) {
      const mapped = mapAuditEvent(item, this.#config)
      if (typeof mapped === 'string') left[mapped] = (left[mapped] ?? 0) + 1
      else if (byId.has(mapped.id)) repeated++
      else byId.set(mapped.id, mapped)
    }
    const events = [...byId.values()]
    const { duplicates = 0 } =
      events.length === 0 ? {} : await appendEvents(this.#context, events, { signal: AbortSignal.abort(), once: true })
    const { id, log, host } = this.#context
    for (const [outcome, count] of Object.entries({
      ...left,
      taken: events.length - duplicates,
      duplicate: duplicates + repeated,
    }))
      this.#count('weir_kube_audit_events_total', count, outcome)
    this.#count('weir_kube_audit_batches_total', 1, 'taken')
    if (left.malformed !== undefined) {
      this.#context.shed('malformed', left.malformed)
      log.warn('Some items of a batch are not audit events; the others were accepted.', {
        source: id,
        items: left.malformed,
      })
    }
    this.#batches++
    this.#events += events.length - duplicates
    this.#last = host.clock.now()
  }

  #refuse(refusal: RefusalReason, message: string) {
    const seen = this.#refused[refusal]
    this.#refused[refusal] = (seen ?? 0) + 1
    this.#count('weir_kube_audit_batches_total', 1, refusal)
    if (seen === undefined)
      this.#context.log.warn('A batch of audit events was rejected; the API server sends it again, up to five times.', {
        source: this.#context.id,
        reason: refusal,
        message,
      })
  }

  #count(name: keyof typeof metrics, count: number, outcome: string) {
    if (count > 0) this.#context.metrics.count(name, count, { source: this.#context.id, outcome })
  }
}

const unreadable = (message: string): PushRefused => new PushRefused(400, 'unreadable', message)

/** What to do at the API server. */
const hints: Readonly<Record<number, string>> = {
  401: 'Set the configured token for the user of the kubeconfig in --audit-webhook-config-file.',
  413: 'Or lower --audit-webhook-batch-max-size of the API server.',
}

const overHttp =
  'An API server sends its token over TLS only: set `tls` of this source, and an https URL in ' +
  '--audit-webhook-config-file.'

/** As API servers respond. */
function statusOf(code: number, message?: string) {
  const status = code < 300 ? 'Success' : 'Failure'
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status,
    ...(message === undefined ? {} : { message }),
    code,
  }
  return { type: 'application/json', body: JSON.stringify(body) }
}

function itemsOf(body: Buffer): readonly unknown[] {
  let list: Readonly<{ kind?: unknown; apiVersion?: unknown; items?: unknown }> | null
  try {
    list = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as typeof list
  } catch (error) {
    throw unreadable(`The body is not valid JSON: ${messageOf(error)}`)
  }
  if (list?.kind !== 'EventList' || list.apiVersion !== 'audit.k8s.io/v1' || !Array.isArray(list.items)) {
    const actual =
      typeof list?.kind === 'string' ? `, but ${list.kind.slice(0, 50)} of ${String(list.apiVersion).slice(0, 50)}` : ''
    throw unreadable(`The body is not an EventList of audit.k8s.io/v1${actual}.`)
  }
  return list.items
}
