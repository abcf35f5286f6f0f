import type { Unit } from '../journal/types.ts'
import { eventUnit } from '../engine/sources/append-events.ts'
import type { StoreReader } from '../engine/control.ts'
import type { Host } from '../host/index.ts'
import { Permits } from '../host/permits.ts'
import { withTimeoutUntil } from '../host/with-timeout.ts'
import { alertSource, type AlertCause } from '../model/alerts.ts'
import { messageOf, WeirError } from '../model/errors.ts'
import type { WeirEvent } from '../model/events.ts'
import type { Log, Metrics } from '../telemetry/ports.ts'
import { eventOf, factsOf, testEventOf, type RuleFacts } from './event.ts'
import { evaluate } from './evaluate.ts'
import { viewOf } from './link.ts'
import { readRecorded, writeRecorded, type RecordedRule } from './recorded.ts'
import type { AlertRule } from './rule.ts'
import { silenceOf, withSilences, type Silence } from './silences.ts'
import { differs, keyOf, resolveAll, step, type Instance, type Instances, type Outcome, type Step } from './states.ts'

export interface AlertJournal {
  append(unit: Omit<Unit, 'source'>): Promise<unknown>
  cursor(): Promise<Uint8Array | undefined>
}

export type AlertParts = Readonly<{
  host: Pick<Host, 'clock' | 'timers'>
  log: Log
  metrics: Metrics
  journal: AlertJournal
  store: () => StoreReader | undefined
  /** Ms by which the store is behind the journal. */
  lagMs?: () => Promise<number>
  /** URL of the console without a path, for links. */
  url: () => string
  /** Silences that may apply now. */
  silences?: () => readonly Silence[]
  /** The change that preceded an alert. Undefined: none explains it. */
  causeOf?: (alert: BegunAlert, signal: AbortSignal) => Promise<AlertCause | undefined>
}>

/** An alert that begins to fire. Times in Unix ms. */
export type BegunAlert = Readonly<{
  rule: AlertRule
  labels: Readonly<Record<string, string>>
  active: number
  at: number
}>

/** A filter is cheap; a statement of users is not, and must not delay filters. */
const atOnce = { filter: 3, sql: 2 } as const
const timeoutMs = 30_000
const retryMs = 1000
/** Alerts of an evaluation for which a cause is searched, and the time for all of them: an alert must not be late. */
const [maxCauses, causesMs] = [3, 5000]

export type Evaluated = Readonly<{
  at: number
  tookMs: number
  /** Why the last evaluation failed. */
  error?: string
  noData?: boolean
}>

interface Running {
  readonly rule: AlertRule
  readonly stop: AbortController
  instances: Instances
  last?: Evaluated
  /** Unix ms since which evaluations fail. */
  failing?: number
  done: Promise<void>
}

/** The functions of {@link Alerts} that the API uses. */
export type AlertView = Pick<Alerts, 'list' | 'test' | 'notify'> & {
  /** With a shared journal: the instance that evaluates the rules. */
  readonly evaluator?: string | undefined
}

/** Evaluates rules. A transition is an event of the source `alerts`, recorded together with the new states. */
export class Alerts {
  readonly #parts: AlertParts
  readonly #permits: Readonly<Record<AlertRule['is'], Permits>>
  readonly #running = new Map<string, Running>()
  /** Recorded states of rules that are not configured: their alerts end when rules are applied. */
  #recorded: Record<string, RecordedRule> = {}
  #last: Promise<unknown> = Promise.resolve()
  readonly #stopped = new AbortController()

  constructor(parts: AlertParts) {
    this.#parts = parts
    this.#permits = { filter: new Permits(atOnce.filter), sql: new Permits(atOnce.sql) }
  }

  async open(rules: readonly AlertRule[]): Promise<void> {
    this.#recorded = { ...readRecorded(await this.#parts.journal.cursor()) }
    await this.apply(rules)
  }

  /** Alerts of removed rules, and of rules with other labels, end. Unchanged rules continue. */
  async apply(rules: readonly AlertRule[]): Promise<void> {
    const next = new Map(rules.map((rule) => [rule.name, rule]))
    const isUnchanged = (running: Running): boolean =>
      JSON.stringify(next.get(running.rule.name), exact) === JSON.stringify(running.rule, exact)
    const removedRules = [...this.#running.values()].filter((running) => !isUnchanged(running))
    for (const { stop } of removedRules) stop.abort()
    await Promise.all(removedRules.map(({ done }) => done))
    for (const { rule } of removedRules) this.#running.delete(rule.name)
    await this.#end(next)
    for (const rule of rules) if (!this.#running.has(rule.name)) this.#start(rule)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    for (const { stop } of this.#running.values()) stop.abort()
    await Promise.all([...this.#running.values()].map(({ done }) => done))
    await this.#last
    // Another instance may evaluate the rules now.
    this.#running.clear()
    this.#measure()
  }

  list(): readonly Readonly<Pick<Running, 'rule' | 'instances' | 'last' | 'failing'>>[] {
    return [...this.#running.values()]
  }

  /** Evaluates now, without any effect on states. */
  async test(name: string): Promise<Outcome | undefined> {
    const rule = this.#running.get(name)?.rule
    return rule === undefined ? undefined : this.evaluate(rule)
  }

  /** Sends a firing test alert of the rule to the sinks of alerts. False: there is no such rule. */
  async notify(name: string, by: string): Promise<boolean> {
    const rule = this.#running.get(name)?.rule
    if (rule === undefined) return false
    const { host, url } = this.#parts
    const at = host.clock.now()
    await this.#commit(() => this.#record([testEventOf(rule, by, at, `${url()}${viewOf(rule, {}, at)}`)]))
    return true
  }

  evaluate(rule: AlertRule): Promise<Outcome> {
    return this.#evaluate(rule, this.#parts.host.clock.now(), this.#stopped.signal)
  }

  #start(rule: AlertRule): void {
    const instances = new Map(
      (this.#recorded[rule.name]?.instances ?? []).map((instance) => [keyOf(instance.labels), instance]),
    )
    const newRunning: Running = { rule, stop: new AbortController(), instances, done: Promise.resolve() }
    this.#running.set(rule.name, newRunning)
    newRunning.done = this.#loop(newRunning).catch((error: unknown) => {
      if (!newRunning.stop.signal.aborted)
        this.#parts.log.error('An alert rule is no longer evaluated.', { rule: rule.name, error: messageOf(error) })
    })
  }

  async #loop(running: Running): Promise<void> {
    const { clock, timers } = this.#parts.host
    const { rule, stop } = running
    for (;;) {
      await this.#round(running)
      if (stop.signal.aborted) return
      const now = clock.now()
      // A rule that needs long is evaluated less often.
      const remainingMs = Math.max(rule.every - (now % rule.every), running.last?.tookMs ?? 0)
      await timers.sleep(remainingMs, stop.signal)
      if (stop.signal.aborted) return
    }
  }

  async #round(running: Running): Promise<void> {
    const { host, log, metrics } = this.#parts
    const { rule, stop } = running
    const at = host.clock.now()
    const began = host.clock.monotonic()
    try {
      const outcome = await this.#evaluate(rule, at, stop.signal)
      if (stop.signal.aborted) return
      const explained = await this.#withCauses(running, step(rule, running.instances, outcome, at))
      const next = withSilences(explained, (labels) => this.#silenceOf(rule, labels, at), at)
      if (stop.signal.aborted) return
      await this.#take(running, next)
      running.last = { at, tookMs: host.clock.monotonic() - began, noData: outcome.is === 'no data' }
      if (running.failing !== undefined) log.info('An alert rule is evaluated again.', { rule: rule.name })
      delete running.failing
      metrics.count('weir_alert_evaluations_total', 1, { outcome: outcome.is === 'no data' ? 'no_data' : 'evaluated' })
    } catch (error) {
      if (stop.signal.aborted) return
      if (running.failing === undefined)
        log.warn('An alert rule cannot be evaluated; its alerts keep their states.', {
          rule: rule.name,
          error: messageOf(error),
        })
      running.failing ??= at
      running.last = { at, tookMs: host.clock.monotonic() - began, error: messageOf(error) }
      metrics.count('weir_alert_evaluations_total', 1, { outcome: 'failed' })
    }
    this.#measure()
  }

  #evaluate(rule: AlertRule, at: number, signal: AbortSignal): Promise<Outcome> {
    const { store, lagMs } = this.#parts
    const timeoutText = `The query took longer than ${timeoutMs / 1000} s and was ended.`
    return this.#permits[rule.is].use(
      () =>
        this.#within({ ms: timeoutMs, late: timeoutText }, signal, (ended) =>
          evaluate(rule, store(), at, ended, lagMs),
        ),
      signal,
    )
  }

  /** Runs `run` with a signal that aborts with `signal` or after the time limit. */
  async #within<Value>(
    limit: Readonly<{ ms: number; late: string }>,
    signal: AbortSignal,
    run: (ended: AbortSignal) => Promise<Value>,
  ): Promise<Value> {
    const timeoutAbort = new AbortController()
    try {
      return await withTimeoutUntil(
        run(AbortSignal.any([signal, timeoutAbort.signal])),
        { timers: this.#parts.host.timers, ...limit },
        signal,
        'Evaluation was stopped.',
      )
    } finally {
      timeoutAbort.abort()
    }
  }

  /** Adds the causes of alerts that begin to fire. An alert without a known cause is sent as well. */
  async #withCauses({ rule, stop }: Running, next: Step): Promise<Step> {
    const { causeOf, log } = this.#parts
    if (causeOf === undefined) return next
    const firingChanges = next.transitions.filter(({ to, repeated }) => to === 'firing' && repeated !== true)
    if (firingChanges.length === 0) return next
    const causes = new Map<Instance, AlertCause>()
    const search = async (signal: AbortSignal) => {
      for (const { instance, at } of firingChanges.slice(0, maxCauses)) {
        const cause = await causeOf({ rule, labels: instance.labels, active: instance.active, at }, signal)
        if (cause !== undefined) causes.set(instance, cause)
      }
    }
    try {
      await this.#within(
        { ms: causesMs, late: `The search took longer than ${causesMs / 1000} s.` },
        stop.signal,
        search,
      )
    } catch (error) {
      if (!stop.signal.aborted)
        log.debug('An alert is sent without its cause.', { rule: rule.name, error: messageOf(error) })
    }
    const withCause = (instance: Instance): Instance => {
      const cause = causes.get(instance)
      return cause === undefined ? instance : { ...instance, cause }
    }
    return {
      instances: new Map([...next.instances].map(([key, instance]) => [key, withCause(instance)])),
      transitions: next.transitions.map((transition) => ({
        ...transition,
        instance: withCause(transition.instance),
      })),
    }
  }

  #silenceOf({ name }: AlertRule, labels: Instance['labels'], at: number): Silence | undefined {
    return silenceOf(this.#parts.silences?.() ?? [], name, labels, at)
  }

  #take(running: Running, next: Step): Promise<void> {
    return this.#commit(async () => {
      if (differs(running.instances, next)) {
        const { rule } = running
        const before = this.#recorded
        this.#recorded = { ...before, ...recordOf(rule, next.instances) }
        if (next.instances.size === 0) delete this.#recorded[rule.name]
        try {
          await this.#append(factsOf(rule), next, rule)
        } catch (error) {
          this.#recorded = before
          throw error
        }
      }
      running.instances = next.instances
    })
  }

  /** Resolves recorded alerts if their rule is gone or has other labels. */
  async #end(next: ReadonlyMap<string, AlertRule>): Promise<void> {
    for (const [name, { facts, shape, instances }] of Object.entries(this.#recorded)) {
      const rule = next.get(name)
      if (rule !== undefined && shapeOf(rule) === shape) continue
      await this.#commit(async () => {
        const byLabels = new Map(instances.map((instance) => [keyOf(instance.labels), instance]))
        const reason = rule === undefined ? 'the rule was removed' : 'the rule was changed'
        const { [name]: _, ...others } = this.#recorded
        this.#recorded = others
        const at = this.#parts.host.clock.now()
        await this.#append(
          facts,
          withSilences(resolveAll(byLabels, at, reason), () => undefined, at),
          rule,
        )
      })
    }
  }

  async #append(facts: RuleFacts, { transitions }: Step, rule: AlertRule | undefined): Promise<void> {
    const { metrics, url } = this.#parts
    const events = transitions.map((transition) =>
      eventOf(facts, transition, `${url()}${viewOf(rule, transition.instance.labels, transition.at)}`),
    )
    await this.#record(events)
    for (const { to, withheld } of transitions)
      metrics.count('weir_alert_transitions_total', 1, { state: withheld === undefined ? to : 'silenced' })
  }

  /** Records events with the states of all rules. */
  async #record(events: readonly WeirEvent[]): Promise<void> {
    const { host, log, journal } = this.#parts
    const cursor = writeRecorded(this.#recorded)
    const { signal } = this.#stopped
    for (let failures = 0; ; failures++) {
      try {
        await journal.append(eventUnit(alertSource, events, host.clock.now(), { cursor }))
        break
      } catch (error) {
        // The same events are appended again: the frame may be durable in spite of the error.
        if (!(error instanceof WeirError) || !error.retry || signal.aborted) throw error
        if (failures === 0) log.warn('The journal accepts no data now; alerts wait.', { error: error.message })
        await host.timers.sleep(retryMs, signal)
      }
    }
  }

  /** Changes follow one another, because each records the states of all rules. */
  #commit(act: () => Promise<void>): Promise<void> {
    const committed = this.#last.then(act)
    this.#last = committed.catch(() => {})
    return committed
  }

  #measure(): void {
    const { metrics } = this.#parts
    const all = [...this.#running.values()]
    for (const state of ['pending', 'firing'] as const) {
      const count = all
        .flatMap(({ instances }) => [...instances.values()])
        .filter((instance) => instance.state === state).length
      metrics.set('weir_alert_active_alerts', count, { state })
    }
    metrics.set('weir_alert_failing_rules', all.filter(({ failing }) => failing !== undefined).length)
  }
}

function recordOf(rule: AlertRule, instances: Instances): Record<string, RecordedRule> {
  return { [rule.name]: { facts: factsOf(rule), shape: shapeOf(rule), instances: [...instances.values()] } }
}

function shapeOf(rule: AlertRule): string {
  const { labels, severity } = rule
  return JSON.stringify([rule.is === 'sql' ? 'sql' : rule.by.map(({ name }) => name), labels, severity])
}

function exact(_: string, value: unknown): unknown {
  return typeof value === 'bigint' || typeof value === 'function' ? String(value) : value
}
