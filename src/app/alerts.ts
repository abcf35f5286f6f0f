import { AlertBook } from '../alerts/book.ts'
import type { AlertParts, AlertRule, AlertView, FileRule } from '../alerts/index.ts'
import type { Unit } from '../journal/types.ts'
import { alertSource } from '../model/alerts.ts'
import type { ManifestQuery } from '../model/kubernetes.ts'
import type { Control } from '../engine/control.ts'
import type { Remote } from '../engine/rpc.ts'
import type { Host } from '../host/index.ts'
import { messageOf } from '../model/errors.ts'
import { locate } from '../schema/document.ts'
import type { Log, Metrics } from '../telemetry/ports.ts'
import { hasAlertmanager } from './config-across.ts'
import type { Loaded } from './load-config.ts'
import type { SharedAlertParts, SharedAlerts } from './shared-alerts.ts'
import type { ingestMethods } from './workers/ingest.ts'

type AlertStart = Readonly<{
  host: Host
  log: Log
  metrics: Metrics
  ingest: Remote<typeof ingestMethods>
  runtime: () => Pick<Control, 'store' | 'storeLag' | 'manifest'>
  loaded: () => Pick<Loaded, 'config' | 'document'>
  /** The data folder. */
  folder: string
  shared?: Pick<SharedAlertParts, 'joined' | 'instance' | 'evaluates'> | undefined
}>

/** Alerts are loaded with the first rule, or if recorded ones have to end. */
export class ConfiguredAlerts {
  readonly #start: AlertStart
  readonly book: AlertBook
  /** Rules of the configuration; undefined before the API listens. */
  #rules: readonly AlertRule[] | undefined
  #alerts: (AlertView & Pick<SharedAlerts, 'apply' | 'stop'>) | undefined
  #last: Promise<void> = Promise.resolve()
  #stopped = false
  #listenUrl = ''

  constructor(start: AlertStart) {
    this.#start = start
    const { host, log, folder, loaded, shared } = start
    this.book = new AlertBook({
      host,
      log,
      // Instances that share a journal have the rules of their configuration.
      folder: shared === undefined ? folder : undefined,
      fileRules: () => fileRules(loaded()),
      refreshes: () => (hasAlertmanager(loaded().config) ? 'refresh' : 'once'),
      onChange: () => {
        if (this.#rules !== undefined) this.apply(this.#rules)
      },
    })
  }

  get running(): AlertView | undefined {
    return this.#alerts
  }

  /** Waits for nothing: a full journal must not delay a start or a reload. */
  apply(rules: readonly AlertRule[], listenUrl = this.#listenUrl): void {
    this.#listenUrl = listenUrl
    this.#rules = rules
    this.#last = this.#last
      .then(() => this.#apply([...rules, ...this.book.rules()]))
      .catch((error: unknown) => {
        if (!this.#stopped)
          this.#start.log.error('Alert rules cannot be applied; alerts are not evaluated until the next reload.', {
            error: messageOf(error),
          })
      })
  }

  async #apply(rules: readonly AlertRule[]): Promise<void> {
    if (this.#alerts !== undefined) return this.#alerts.apply(rules)
    const { ingest, loaded, folder: _, runtime, shared, ...parts } = this.#start
    const cursor = () => ingest.call('cursor', alertSource)
    if (rules.length === 0 && (shared !== undefined || (await cursor()) === undefined)) return
    const { Alerts: Loaded } = await import('../alerts/index.ts')
    const { causeOfAlert } = await import('./alert-causes.ts')
    const store = () => runtime().store
    const causes = { host: parts.host, store, manifest: (query: ManifestQuery) => runtime().manifest(query) }
    const common: Omit<AlertParts, 'journal'> = {
      ...parts,
      store,
      causeOf: (alert, signal) => causeOfAlert(alert, causes, signal),
      lagMs: () => Promise.resolve(runtime().storeLag() ?? 0),
      silences: () => this.book.silences(),
      url: () => (loaded().config.console.url ?? this.#listenUrl).replace(/\/+$/, ''),
    }
    if (shared !== undefined) {
      const { SharedAlerts: Shared } = await import('./shared-alerts.ts')
      this.#alerts = new Shared({ ...parts, ...shared, make: (journal) => new Loaded({ ...common, journal }) })
      return this.#alerts.apply(rules)
    }
    const journal = {
      cursor,
      append: (unit: Omit<Unit, 'source'>) => ingest.call('append', { ...unit, source: alertSource }),
    }
    const alerts = new Loaded({ ...common, journal })
    this.#alerts = alerts
    await alerts.open(rules)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#alerts?.stop()
    await this.#last
  }
}

function fileRules({ config, document }: Pick<Loaded, 'config' | 'document'>): readonly FileRule[] {
  return Object.entries(config.alerts).map(([name, written]) => {
    const { file, line } = locate(document, ['alerts', name], 'key')
    return { name, written, file, line }
  })
}
