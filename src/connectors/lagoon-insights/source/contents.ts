/** Contents of reports for the store, and the services that posted some, so that a deletion ends all of them. */
import { createHash } from 'node:crypto'
import type { SourceContext } from '../../../engine/contracts.ts'
import { makeDurableDirectory, replaceFile } from '../../../host/index.ts'
import { hasCode, messageOf } from '../../../model/errors.ts'
import type { WeirEvent } from '../../../model/events.ts'
import { reportFile, type ImageReport } from '../../../model/insights.ts'
import { isRecord } from '../../../model/json.ts'
import type { InsightsConfig } from '../config.ts'
import { contentsOfImage, contentsOfPosted, eventsOfPlace, type Origin, type Posted } from '../map/contents.ts'

const file = 'posted.json'
const maxServices = 1000

type Kind = Posted['kind']

export class ReportContents {
  readonly #config: Pick<InsightsConfig, 'contents' | 'cluster' | 'max_decompressed'>
  readonly #context: SourceContext
  /** Services by kind, namespace and source. */
  readonly #services: Map<string, Set<string>>
  /** The last contents of a service and type that this process appended; equal ones would change no row. */
  readonly #last = new Map<string, Readonly<{ hash: string; at: number }>>()

  private constructor(
    config: Pick<InsightsConfig, 'contents' | 'cluster' | 'max_decompressed'>,
    context: SourceContext,
    services: Map<string, Set<string>>,
  ) {
    this.#config = config
    this.#context = context
    this.#services = services
  }

  /** Unreadable state: a deletion ends only what is posted afterwards. */
  static async open(
    config: Pick<InsightsConfig, 'contents' | 'cluster' | 'max_decompressed'>,
    context: SourceContext,
  ): Promise<ReportContents> {
    const { host, state } = context
    const services = new Map<string, Set<string>>()
    try {
      const text = state === undefined ? '{}' : Buffer.from(await host.disk.readFile(`${state}/${file}`)).toString()
      const stored: unknown = JSON.parse(text)
      for (const [key, list] of Object.entries(isRecord(stored) ? stored : {}))
        if (Array.isArray(list)) services.set(key, new Set(list.filter((candidate) => typeof candidate === 'string')))
    } catch {
      // The first start, or a torn file.
    }
    return new ReportContents(config, context, services)
  }

  get isWanted(): boolean {
    return this.#config.contents && this.#context.storeRetentionMs !== undefined
  }

  /** Another process may have appended other contents since. */
  forget(): void {
    this.#last.clear()
  }

  /** Call it when the contents of the report are synced. */
  appended(report: ImageReport): void {
    const position = placeOf(report)
    if (!this.isWanted || this.#last.has(position)) return
    this.#last.set(position, { hash: hashOf(report), at: this.#context.host.clock.now() })
  }

  /** The contents are repeated before the store forgets them. */
  #isRepeated(report: ImageReport): boolean {
    const { host, storeRetentionMs = 0 } = this.#context
    const position = placeOf(report)
    const last = this.#last.get(position)
    if (last?.hash === hashOf(report) && host.clock.now() - last.at < storeRetentionMs / 2) return true
    this.#last.delete(position)
    return false
  }

  /** An unreadable report has none; it is sent to the core all the same. Rejects with WEIR_MEMORY_BUSY. */
  async ofImage(report: ImageReport): Promise<readonly WeirEvent[]> {
    if (!this.isWanted || this.#isRepeated(report)) return []
    const { log, id, metrics, host } = this.#context
    try {
      const { namespace, project, environment } = report
      const origin = this.#origin({ namespace, project, environment })
      return await host.memory.use(0, (memory) =>
        contentsOfImage(report, origin, this.#config.max_decompressed, (bytes) => memory.grow(bytes)),
      )
    } catch (error) {
      if (hasCode(error, 'WEIR_MEMORY_BUSY')) throw error
      metrics.count('weir_lagoon_configmaps_total', 1, { source: id, result: 'without_contents' })
      log.warn('Packages and facts of a report cannot be read; the report itself is delivered.', {
        source: id,
        namespace: report.namespace,
        service: report.service,
        error: messageOf(error),
      })
      return []
    }
  }

  /** `written`: equal for repetitions of one request. */
  async ofPosted(posted: Posted, position: Place, written?: number): Promise<readonly WeirEvent[]> {
    if (!this.isWanted) return []
    for (const { source = '', service = '' } of posted.items) {
      const key = keyOf(posted.kind, position.namespace, source)
      const existing = this.#services.get(key) ?? new Set()
      if (existing.has(service) || existing.size >= maxServices) continue
      this.#services.set(key, existing.add(service))
      await this.#save()
    }
    return contentsOfPosted(posted, this.#origin(position, written))
  }

  /** An empty `service` ends the items of all services that posted some to this instance. */
  ofDeleted(
    kind: Kind,
    { source, service }: Readonly<{ source: string; service: string }>,
    position: Place,
    written?: number,
  ): readonly WeirEvent[] {
    if (!this.isWanted) return []
    const existing = this.#services.get(keyOf(kind, position.namespace, source)) ?? []
    const services = service === '' ? existing : [service]
    const origin = this.#origin(position, written)
    return [...services].flatMap((text) => eventsOfPlace({ kind, items: [] }, { source, service: text }, origin))
  }

  #origin(position: Place, written?: number): Origin {
    const now = this.#context.host.clock.now()
    return { cluster: this.#config.cluster, ...position, now, written: written ?? now }
  }

  async #save(): Promise<void> {
    const { host, state, log, id } = this.#context
    if (state === undefined) return
    try {
      await makeDurableDirectory(host.disk, state)
      const text = JSON.stringify(Object.fromEntries([...this.#services].map(([key, set]) => [key, [...set]])))
      await replaceFile(host.disk, state, file, [new TextEncoder().encode(text)])
    } catch (error) {
      log.warn('The services of posted reports cannot be stored.', { source: id, error: messageOf(error) })
    }
  }
}

export type Place = Readonly<{ namespace: string; project: string; environment: string }>

const placeOf = ({ namespace, service, type }: ImageReport): string => JSON.stringify([namespace, service, type])

function hashOf(report: ImageReport): string {
  return createHash('sha256')
    .update(reportFile(report)?.bytes ?? '')
    .digest('hex')
}

function keyOf(kind: Kind, namespace: string, source: string): string {
  return JSON.stringify([kind, namespace, source])
}
