import type { SourceContext } from '../../engine/contracts.ts'
import { appendEvents } from '../../engine/sources/append-events.ts'
import { backoffMs } from '../../host/backoff.ts'
import type { CloudResource } from '../../model/cloud.ts'
import { messageOf } from '../../model/errors.ts'
import type { WeirEvent } from '../../model/events.ts'
import { chunks } from '../chunks.ts'
import { PollError } from '../poll-error.ts'
import { pollOnSchedule } from '../schedule.ts'
import {
  CollectError,
  type Account,
  type CollectFault,
  type Collector,
  type Sample,
  type Snapshot,
} from './collector.ts'
import { differences, type CollectorState } from './diff.ts'
import { baselineEvent, changeEvent } from './events.ts'
import { findingsOf, withMissingTags } from './findings.ts'
import { PublishedSamples, resourceSamples } from './published.ts'
import { Permits } from '../../host/permits.ts'
import { StateFiles } from './state.ts'

/** Series of a collector vanish after this many intervals without a snapshot. */
const staleIntervals = 3
const openBackoff = { firstMs: 5_000, maxMs: 300_000 }
const retryBackoff = { firstMs: 30_000, maxMs: 600_000 }
const repeatMs = 3_600_000

export class AccountInventory {
  readonly #context: SourceContext
  readonly #account: Account
  readonly #files: StateFiles
  readonly #permits: Permits
  readonly #resources = new Map<Collector, readonly CloudResource[]>()
  readonly #warned = new Map<string, number>()
  readonly #totals = new Map<Collector, readonly Sample[]>()
  #findings: PublishedSamples | undefined
  #sums: PublishedSamples | undefined

  constructor(context: SourceContext, account: Account) {
    this.#context = context
    this.#account = account
    this.#files = new StateFiles(context)
    this.#permits = new Permits(account.concurrency)
  }

  async run(signal: AbortSignal): Promise<void> {
    const opened = await this.#open(signal)
    if (opened === undefined) return
    const { id, collectors } = opened
    const labels = { provider: this.#account.provider, account: id }
    this.#findings = new PublishedSamples(this.#context.metrics, labels)
    this.#sums = new PublishedSamples(this.#context.metrics, labels)
    await Promise.all(collectors.map((collector) => this.#follow(collector, id, signal)))
    this.#findings.clear()
    this.#sums.clear()
  }

  async #open(signal: AbortSignal) {
    const { host } = this.#context
    for (let failed = 0; !signal.aborted; failed++) {
      try {
        return await this.#account.open(signal)
      } catch (error) {
        if (signal.aborted) return undefined
        this.#count({ region: 'global', name: 'account' }, '', faultOf(error))
        this.#warn('account', `The account cannot be read: ${messageOf(error)}. Weir retries.`, {})
        const wait = backoffMs(openBackoff, failed, host.random.next())
        await host.timers.sleep(Math.max(wait, error instanceof PollError ? error.afterMs : 0), signal)
      }
    }
    return undefined
  }

  async #follow(collector: Collector, account: string, signal: AbortSignal) {
    const { host, metrics } = this.#context
    const { region, every, name } = collector
    const labels = { provider: this.#account.provider, account }
    const published = new PublishedSamples(metrics, labels)
    const stateName = `${labels.provider}-${account}-${region}-${name}`
    let state = await this.#files.read(stateName)
    let succeeded = host.clock.monotonic()
    let failures = 0
    const status = { ...labels, region, collector: name }
    // The interval may be shorter than the schedule's only after a failure.
    const turn = async (): Promise<number> => {
      const began = host.clock.monotonic()
      try {
        const snapshot = await this.#permits.use(() => collector.collect(signal))
        if (signal.aborted) return 0
        state = await this.#record(collector, account, snapshot, { state, stateName }, signal)
        published.show([...resourceSamples(snapshot.resources), ...(snapshot.samples ?? [])])
        this.#sum(collector, snapshot.totals ?? [])
        metrics.set('cloud_collector_up', snapshot.complete ? 1 : 0, status)
        if (snapshot.complete)
          metrics.set('cloud_collector_last_success_timestamp_seconds', host.clock.now() / 1000, status)
        if ((snapshot.undecodable ?? 0) > 0) {
          this.#count(collector, account, 'decode')
          this.#warn(`decode ${region} ${name}`, 'Items of a list could not be decoded; nothing is deleted.', status)
        }
        failures = 0
        succeeded = host.clock.monotonic()
        return 0
      } catch (error) {
        if (signal.aborted) return 0
        const fault = faultOf(error)
        metrics.set('cloud_collector_up', 0, status)
        this.#count(collector, account, fault)
        this.#warn(`${fault} ${region} ${name}`, `A list cannot be read: ${messageOf(error)}.`, status)
        if (host.clock.monotonic() - succeeded >= every * staleIntervals) {
          published.clear()
          this.#sum(collector, [])
        }
        const mayPass = error instanceof PollError && error.mayPass
        const after = error instanceof PollError ? error.afterMs : 0
        if (!mayPass || after > 0) return after
        return -Math.min(every, backoffMs(retryBackoff, failures++, host.random.next()))
      } finally {
        metrics.set('cloud_collector_duration_seconds', (host.clock.monotonic() - began) / 1000, status)
      }
    }
    await pollOnSchedule({ host, every }, () => this.#untilRegular(turn, signal), signal)
    published.clear()
  }

  /** A negative delay is a retry before the next regular turn. */
  async #untilRegular(turn: () => Promise<number>, signal: AbortSignal): Promise<number> {
    for (;;) {
      const delay = await turn()
      if (delay >= 0 || signal.aborted) return Math.max(0, delay)
      await this.#context.host.timers.sleep(-delay, signal)
    }
  }

  /** Appends the differences, then stores the state. A crash between both repeats the same ids, which are skipped. */
  async #record(
    collector: Collector,
    account: string,
    snapshot: Snapshot,
    { state, stateName }: Readonly<{ state: CollectorState | undefined; stateName: string }>,
    signal: AbortSignal,
  ): Promise<CollectorState | undefined> {
    const { host, metrics } = this.#context
    const { provider, origin } = this.#account
    const now = host.clock.now()
    const { requiredTags = [] } = this.#account
    const resources = snapshot.resources.map((resource) =>
      withMissingTags({ ...resource, provider, account }, requiredTags),
    )
    const begun = state === undefined || state.read === 0
    if (begun && !snapshot.complete) return state
    const since = state?.since ?? now
    if (state === undefined) await this.#files.write(stateName, { since, read: 0, known: new Map(), gone: new Map() })
    const { complete } = snapshot
    const { events, after } = differences(begun ? undefined : state, resources, { complete, now, since })
    const source = origin(account)
    const { region, name } = collector
    const baseline = { provider, account, region, collector: name, resources: resources.length }
    const rows: WeirEvent[] = [
      ...(begun ? [baselineEvent(baseline, source, { since, time: now })] : []),
      ...events.map((event) => changeEvent(event, source, collector)),
    ]
    if (rows.length > 0)
      for (const [chunk] of chunks(rows)) await appendEvents(this.#context, chunk, { signal, once: true })
    const isMissing = complete && [...after.known.values()].some(({ missing }) => missing > 0)
    if (rows.length > 0 || begun || isMissing) await this.#files.write(stateName, after)
    for (const { kind, body } of events)
      if (kind !== 'observed') metrics.count('cloud_changes_total', 1, { provider, account, type: body.type, kind })
    this.#resources.set(
      collector,
      [...after.known.values()].map(({ resource }) => resource),
    )
    this.#showFindings()
    return after
  }

  #showFindings() {
    const all = [...this.#resources.values()].flat()
    const findings = findingsOf(all, this.#context.host.clock.now()).map(
      ({ resource: { region, type }, reason }): Sample => ({
        name: 'cloud_orphaned_resources',
        value: 1,
        labels: { region, type, reason },
      }),
    )
    this.#findings?.show(summed(findings))
  }

  #sum(collector: Collector, totals: readonly Sample[]) {
    this.#totals.set(collector, totals)
    this.#sums?.show(summed([...this.#totals.values()].flat()))
  }

  #count({ region, name }: Pick<Collector, 'region' | 'name'>, account: string, reason: CollectFault) {
    const labels = { provider: this.#account.provider, account, region, collector: name, reason }
    this.#context.metrics.count('cloud_collector_errors_total', 1, labels)
  }

  #warn(what: string, message: string, fields: object) {
    const { log, host, id } = this.#context
    const now = host.clock.monotonic()
    if (now - (this.#warned.get(what) ?? -Infinity) < repeatMs) return
    this.#warned.set(what, now)
    log.warn(message, { source: id, ...fields })
  }
}

function faultOf(error: unknown): CollectFault {
  return error instanceof CollectError ? error.fault : 'server'
}

function summed(samples: readonly Sample[]): readonly Sample[] {
  const sums = new Map<string, Sample>()
  for (const sample of samples) {
    const key = JSON.stringify([sample.name, sample.labels])
    sums.set(key, { ...sample, value: sample.value + (sums.get(key)?.value ?? 0) })
  }
  return [...sums.values()]
}
