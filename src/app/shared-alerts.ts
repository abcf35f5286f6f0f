import { keyOf, readRecorded, type AlertJournal, type AlertRule, type Alerts, type AlertView } from '../alerts/index.ts'
import { leaderRecord } from '../engine/cluster/leader-record.ts'
import { evaluatorInstance, keys, sharedSource, type TotalsRecord } from '../engine/cluster/names.ts'
import { SharedWriter } from '../engine/cluster/writer.ts'
import type { Host } from '../host/index.ts'
import { aborted, untilAborted } from '../host/with-timeout.ts'
import { alertSource } from '../model/alerts.ts'
import { fieldsOf } from '../model/json.ts'
import { runAsLeader } from '../polling/leader.ts'
import type { Log } from '../telemetry/ports.ts'
import type { Joined } from './shared.ts'

export type SharedAlertParts = Readonly<{
  joined: Pick<Joined, 'bus' | 'records'>
  instance: string
  /** Whether this instance has a store to query. */
  evaluates: boolean
  host: Host
  log: Log
  /** Makes the alerts; their loops start when they are opened. */
  make(journal: AlertJournal): Alerts
  leaseMs?: number
}>

type Listed = ReturnType<AlertView['list']>[number]
type Status = Readonly<Record<string, Pick<Listed, 'last' | 'failing'>>>

const queueBytes = 8 * 1024 * 1024
const totals = keys.totals(sharedSource(alertSource, evaluatorInstance))
const record = keys.leader(alertSource)
/** Maximum length of an error message that other instances list. */
const maxError = 300

/**
 * Alerts of instances that share a journal. The leader evaluates the rules. It writes as one fixed writer, which a
 * takeover fences first: a new leader resumes from the states in the last event, and no earlier leader adds one.
 */
export class SharedAlerts implements AlertView {
  readonly #parts: SharedAlertParts
  readonly #idle: Alerts
  #rules: readonly AlertRule[] = []
  #leading: Alerts | undefined
  #adopting: Promise<void> = Promise.resolve()
  #contending: Readonly<{ stop: AbortController; done: Promise<void> }> | undefined

  constructor(parts: SharedAlertParts) {
    this.#parts = parts
    this.#idle = parts.make(noJournal)
  }

  /** The instance that evaluates the rules now. */
  get evaluator(): string | undefined {
    const { holder, instance } = this.#lease()
    return typeof instance === 'string' && holder !== '' ? instance : undefined
  }

  async apply(rules: readonly AlertRule[]): Promise<void> {
    this.#rules = rules
    if (rules.length > 0) return this.#contend()
    // The alerts of removed rules end while this instance still leads.
    await this.#adopt()
    await this.stop()
  }

  list(): readonly Listed[] {
    if (this.#leading !== undefined) return this.#leading.list()
    const recorded = this.#recorded()
    const status = fieldsOf(this.#lease().state) as Status
    return this.#rules.map((rule) => ({
      rule,
      instances: new Map((recorded[rule.name]?.instances ?? []).map((instance) => [keyOf(instance.labels), instance])),
      ...status[rule.name],
    }))
  }

  async test(name: string): ReturnType<AlertView['test']> {
    const rule = this.#rules.find((alertRule) => alertRule.name === name)
    return rule === undefined ? undefined : this.#idle.evaluate(rule)
  }

  async notify(name: string, by: string): Promise<boolean> {
    if (!this.#rules.some((rule) => rule.name === name)) return false
    if (this.#leading !== undefined) return this.#leading.notify(name, by)
    throw new Error(`Instance ${this.evaluator ?? 'none'} evaluates the rules; send it there.`)
  }

  async stop(): Promise<void> {
    const contending = this.#contending
    this.#contending = undefined
    contending?.stop.abort()
    await contending?.done
  }

  async #contend() {
    if (!this.#parts.evaluates) return
    await this.#adopt()
    if (this.#contending !== undefined) return
    const stop = new AbortController()
    const { joined, instance, host, log, leaseMs } = this.#parts
    const leading = runAsLeader(
      {
        context: { host, log, id: alertSource },
        record: leaderRecord(record, { ...joined, instance, host }),
        what: 'alert rules',
        verbs: ['evaluates', 'evaluating'],
        state: () => this.#status(),
        ...(leaseMs === undefined ? {} : { durationMs: leaseMs }),
      },
      stop.signal,
      (leading, _, isLeader) => this.#lead(leading, isLeader),
    )
    this.#contending = { stop, done: leading }
  }

  async #lead(leading: AbortSignal, isLeader: () => boolean) {
    const fenced = new AbortController()
    const ending = AbortSignal.any([leading, fenced.signal])
    const writer = await this.#claim(ending)
    const alerts = this.#parts.make({
      cursor: () => writer.begin(alertSource),
      append: async (unit) => {
        if (!isLeader()) throw new Error('another instance evaluates the alert rules')
        try {
          const position = await writer.append({ ...unit, source: alertSource })
          // Other instances list the states from the saved records.
          await writer.save()
          return position
        } catch (error) {
          // The writer is fenced by an instance that was suspended while this one took over.
          if (writer.fenced) fenced.abort()
          throw error
        }
      },
    })
    ending.addEventListener('abort', () => void alerts.stop().catch(() => undefined), { once: true })
    try {
      const rules = this.#rules
      await untilAborted(alerts.open(rules), ending)
      this.#leading = alerts
      if (rules !== this.#rules) await this.#adopt()
      await aborted(ending)
    } catch (error) {
      if (!ending.aborted) throw error
    } finally {
      this.#leading = undefined
      await alerts.stop()
      await writer.close()
    }
  }

  async #claim(ending: AbortSignal): Promise<SharedWriter> {
    const { joined, host, log } = this.#parts
    const opening = SharedWriter.open({ ...joined, instance: evaluatorInstance, host, log, queueBytes })
    try {
      return await untilAborted(opening, ending)
    } catch (error) {
      opening.then((writer) => writer.close()).catch(() => undefined)
      throw error
    }
  }

  /** Adoptions run one after another, because each ends the alerts of former rules. */
  #adopt(): Promise<void> {
    const adopted = this.#adopting.then(() => this.#leading?.apply(this.#rules))
    this.#adopting = adopted.catch(() => undefined)
    return adopted
  }

  #status(): Status {
    return Object.fromEntries(
      (this.#leading?.list() ?? []).map(({ rule, last, failing }) => [
        rule.name,
        {
          ...(last === undefined
            ? {}
            : { last: { ...last, ...(last.error === undefined ? {} : { error: last.error.slice(0, maxError) }) } }),
          ...(failing === undefined ? {} : { failing }),
        },
      ]),
    )
  }

  #recorded(): ReturnType<typeof readRecorded> {
    const cursor = this.#parts.joined.records.get<TotalsRecord>(totals)?.cursor
    return readRecorded(cursor === undefined ? undefined : Buffer.from(cursor, 'base64'))
  }

  #lease(): Readonly<Record<string, unknown>> {
    return fieldsOf(this.#parts.joined.records.get<Readonly<{ value: unknown }>>(record)?.value)
  }
}

const noJournal: AlertJournal = {
  cursor: () => Promise.resolve(undefined),
  append: () => Promise.reject(new Error('this instance does not evaluate alert rules')),
}
