import type { Source, SourceContext } from '../../engine/contracts.ts'
import { appendEvents } from '../../engine/sources/append-events.ts'
import type { WeirEvent } from '../../model/events.ts'
import { messageOf } from '../../model/errors.ts'
import { maxJsonDepth, nestsDeeper } from '../../model/json-depth.ts'
import { TlsFiles } from '../../net/tls-files.ts'
import { revealSecret } from '../../net/secrets.ts'
import { defineSource } from '../../engine/define.ts'
import type { KubeAuditConfig, kubeAuditSchema } from './config.ts'
import type { metrics } from './metrics.ts'
import { mapAuditEvent, type Left } from './map.ts'
import { openListeners, Refused, type AuditListeners, type Refusal } from './source-http.ts'

export const source = defineSource<typeof kubeAuditSchema>('kube-audit', { build: openKubeAudit })

const housekeepingMs = 30_000
const silentRounds = 10
/** Small bodies could expand to large objects. */

type KubeAuditStatus = Readonly<{
  cluster: string
  batches: number
  events: number
  last: number | undefined
  refused: Readonly<Partial<Record<Refusal, number>>>
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
  readonly #refused: Partial<Record<Refusal, number>> = {}
  #listeners: AuditListeners | undefined
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
    const { listen: places, tls, token, max_body: mostBytes } = this.#config
    this.#files = await TlsFiles.ofListener(tls, this.#context.host.disk)
    this.#listeners = await openListeners({
      places,
      tls: this.#files?.current,
      token: token === null ? undefined : revealSecret(token),
      mostBytes,
      take: (body) => this.#take(body),
      refused: (refusal, message) => this.#refuse(refusal, message),
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

  async #take(body: Buffer) {
    const items = itemsOf(body)
    const events: WeirEvent[] = []
    const left: Partial<Record<Left, number>> = {}
    for (const item of items) {
      const mapped = mapAuditEvent(item, this.#config)
      if (typeof mapped === 'string') left[mapped] = (left[mapped] ?? 0) + 1
      else events.push(mapped)
    }
    const { duplicates = 0 } =
      events.length === 0 ? {} : await appendEvents(this.#context, events, { signal: AbortSignal.abort(), once: true })
    const { id, log, host } = this.#context
    for (const [outcome, count] of Object.entries({
      ...left,
      taken: events.length - duplicates,
      duplicate: duplicates,
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

  #refuse(refusal: Refusal, message: string) {
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

function itemsOf(body: Buffer): readonly unknown[] {
  const wrong = (message: string) => new Refused(400, 'unreadable', message)
  if (nestsDeeper(body)) throw wrong(`The JSON nests deeper than ${maxJsonDepth} levels.`)
  let list: Readonly<{ kind?: unknown; apiVersion?: unknown; items?: unknown }> | null
  try {
    list = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) as typeof list
  } catch (error) {
    throw wrong(`The body is not valid JSON: ${messageOf(error)}`)
  }
  if (list?.kind !== 'EventList' || list.apiVersion !== 'audit.k8s.io/v1' || !Array.isArray(list.items)) {
    const actual =
      typeof list?.kind === 'string' ? `, but ${list.kind.slice(0, 50)} of ${String(list.apiVersion).slice(0, 50)}` : ''
    throw wrong(`The body is not an EventList of audit.k8s.io/v1${actual}.`)
  }
  return list.items
}
