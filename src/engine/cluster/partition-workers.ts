import { Fenced } from '../../journal/index.ts'
import type { Pipeline } from '../control.ts'
import { murmur128 } from '../dedupe/murmur.ts'
import { messageOf, WeirError } from '../../model/errors.ts'
import type { Applied, SinkEntry } from '../delivery/sinks.ts'
import { PartitionWorker, type PartitionWorkerOptions, type PartitionRecord } from './partition-worker.ts'
import { keys } from './names.ts'
import { writeRecord, type SharedRecords } from './records.ts'
import { RetryingWriter } from './retrying-writer.ts'

interface PartitionWorkersOptions extends Omit<PartitionWorkerOptions, 'partition'> {
  /** Interval between heartbeats, and silence after which an instance is gone, in ms. */
  readonly heartbeatMs?: number
  readonly memberTimeoutMs?: number
}

type Member = Readonly<{
  left: boolean
  sinks?: readonly SinkReport[]
}>

type SinkReport = Pipeline['sinks'][number]

const pollMs = 500
const defaultMemberTimeoutMs = 10_000

/** All deliverers compute the same shares from the heartbeats. The bus accepts only the last owner of a partition. */
export class PartitionWorkers {
  readonly #options: PartitionWorkersOptions
  readonly #workers = new Map<number, PartitionWorker>()
  readonly #moving = new Map<number, Promise<void>>()
  #entries: readonly SinkEntry[] = []
  #writer: RetryingWriter | undefined
  #heartbeatAt = 0
  #problem: string | undefined

  constructor(options: PartitionWorkersOptions) {
    this.#options = options
  }

  get all(): ReadonlyMap<number, PartitionWorker> {
    return this.#workers
  }

  get problem(): string | undefined {
    if (this.#problem !== undefined) return this.#problem
    for (const [partition, { sinks }] of this.#workers)
      for (const { entry, delivery } of sinks.all())
        if (delivery.error !== undefined) return `sink ${entry.id}, partition ${partition}: ${delivery.error}`
    return undefined
  }

  async apply(entries: readonly SinkEntry[]): Promise<Applied> {
    const before = this.#entries
    const changed = new Set<string>()
    const orphaned = new Map<string, number>()
    const reopened = new Set<number>()
    const [any] = this.#workers.values()
    const failed = await any?.unbuildable(entries.filter(({ id }) => any.sinks.get(id) === undefined))
    if (failed !== undefined) return { changed: [], orphaned: [], failed }
    for (const [partition, worker] of this.#workers) {
      const coming = entries.filter(({ id }) => worker.sinks.get(id) === undefined)
      const applied = await worker.sinks.apply(entries.filter((entry) => !coming.includes(entry)))
      if (applied.failed !== undefined) {
        for (const partitionWorker of this.#workers.values()) await partitionWorker.sinks.apply(before)
        return { changed: [], orphaned: [], failed: applied.failed }
      }
      if (coming.length > 0) reopened.add(partition)
      for (const id of [...applied.changed, ...coming.map((entry) => entry.id)]) changed.add(id)
      for (const { id, rows } of applied.orphaned) orphaned.set(id, (orphaned.get(id) ?? 0) + rows)
    }
    this.#entries = entries
    // The copied frames may begin after the position of a new or returning sink.
    for (const [partition, worker] of this.#workers)
      if (reopened.has(partition) && !this.#moving.has(partition))
        this.#begin(partition, () => this.#leave(partition, worker))
    return { changed: [...changed], orphaned: [...orphaned].map(([id, rows]) => ({ id, rows })) }
  }

  async forget(id: string): Promise<number> {
    let rows: number | undefined
    for (const { sinks } of this.#workers.values()) {
      const hasRows =
        sinks.get(id) !== undefined ||
        sinks.former().some((former) => former.id === id && former.orphaned !== undefined)
      if (hasRows) rows = (rows ?? 0) + (await sinks.forget(id))
    }
    if (rows === undefined)
      throw new WeirError(
        'WEIR_SINK_UNKNOWN',
        `no removed sink ${id} has pending rows in the partitions delivered here`,
      )
    return rows
  }

  async run(signal: AbortSignal): Promise<void> {
    const { host, log } = this.#options
    while (!signal.aborted) {
      try {
        await this.#heartbeat('running')
        if (this.#writer?.ended instanceof Fenced) this.#leaveAll()
        else this.#share()
      } catch (error) {
        log.warn('Computing the shares of the journal failed; retrying.', { error: String(error) })
      }
      await host.timers.sleep(pollMs, signal)
    }
    await Promise.all(this.#moving.values())
    await Promise.all([...this.#workers.values()].map((worker) => worker.close()))
    this.#workers.clear()
    await this.#heartbeat('left').catch(() => undefined)
    await this.#writer?.close(pollMs)
  }

  async #heartbeat(state: 'running' | 'left') {
    const left = state === 'left'
    const {
      bus,
      records,
      host,
      log,
      instance,
      heartbeatMs = 2000,
      memberTimeoutMs = defaultMemberTimeoutMs,
    } = this.#options
    const now = host.clock.monotonic()
    if (!left && now - this.#heartbeatAt < heartbeatMs) return
    const name = `member/${instance}`
    if (this.#writer === undefined) {
      this.#writer = new RetryingWriter({ writer: await bus.claim(name), name, host, log })
      await this.#writer.fence('records', keys.member(instance))
    }
    if (this.#writer.ended !== undefined) return
    await writeRecord(this.#writer, keys.member(instance), { left, sinks: left ? [] : this.#report() } satisfies Member)
    const done = host.clock.monotonic()
    // After an outage or suspension, the ages of other heartbeats are unknown.
    if (this.#heartbeatAt !== 0 && done - this.#heartbeatAt > memberTimeoutMs / 2) records.renew()
    this.#heartbeatAt = done
  }

  #leaveAll() {
    this.#problem =
      `another Weir delivers as ${this.#options.instance}: give each instance its own \`instance\` and ` +
      'restart this one'
    for (const [partition, worker] of this.#workers) this.#begin(partition, () => this.#leave(partition, worker))
  }

  #report(): SinkReport[] {
    const now = this.#options.host.clock.now()
    return worst(
      [...this.#workers.values()].flatMap(({ sinks }) =>
        sinks.all().map(({ entry, delivery }): SinkReport => ({
          name: entry.id,
          type: entry.type,
          from: delivery.settings.from ?? [],
          state: delivery.state,
          lagMs: delivery.oldest === undefined ? 0 : Math.max(0, now - delivery.oldest),
          ...(delivery.settings.batch.waitMs > 0 ? { waitMs: delivery.settings.batch.waitMs } : {}),
          ...(delivery.error === undefined ? {} : { error: delivery.error }),
        })),
      ),
    )
  }

  #share() {
    const { records, instance, bus, memberTimeoutMs = defaultMemberTimeoutMs } = this.#options
    const members = records
      .under<Member>(keys.member(''))
      .filter(({ value, ageMs }) => !value.left && ageMs < memberTimeoutMs)
      .map(({ name }) => name)
    // Other instances count only instances with a stored heartbeat.
    if (!members.includes(instance)) return
    const shares = sharesOf(bus.partitions, members)
    for (let partition = 0; partition < bus.partitions; partition++) {
      if (this.#moving.has(partition)) continue
      const worker = this.#workers.get(partition)
      const local = shares.get(partition) === instance
      if (worker !== undefined && (!local || worker.lost)) this.#begin(partition, () => this.#leave(partition, worker))
      else if (worker === undefined && local && this.#isFree(partition, members))
        this.#begin(partition, () => this.#take(partition))
      else if (worker === undefined && !local && this.#isHeldInVain(partition))
        this.#begin(partition, () => this.#release(partition))
    }
  }

  #isFree(partition: number, members: readonly string[]) {
    const record = this.#options.records.get<PartitionRecord>(keys.owner(partition))
    return (
      record === undefined || record.free || record.owner === this.#options.instance || !members.includes(record.owner)
    )
  }

  /** After a failed takeover, or a kill: this instance is alive, so that others wait for its release. */
  #isHeldInVain(partition: number) {
    const record = this.#options.records.get<PartitionRecord>(keys.owner(partition))
    return record?.owner === this.#options.instance && !record.free
  }

  async #release(partition: number) {
    const { bus, host, log, instance } = this.#options
    const name = `partition/${partition}`
    const writer = new RetryingWriter({ writer: await bus.claim(name), name, host, log })
    try {
      await writer.fence('records', keys.owner(partition))
      await writeRecord(writer, keys.owner(partition), { owner: instance, free: true } satisfies PartitionRecord)
    } finally {
      await writer.close(pollMs)
    }
    log.info('Released a journal partition that was not delivered here.', { partition })
  }

  #begin(partition: number, act: () => Promise<void>) {
    const { log } = this.#options
    this.#moving.set(
      partition,
      act()
        .catch((error: unknown) => {
          this.#problem = `partition ${partition}: ${messageOf(error)}`
          log.warn('Taking or leaving a journal partition failed; retrying.', { partition, error: String(error) })
        })
        .finally(() => this.#moving.delete(partition)),
    )
  }

  async #take(partition: number) {
    const { directory, log } = this.#options
    const options = { ...this.#options, partition, directory: `${directory}/${partition}` }
    const entries = this.#entries
    const worker = await PartitionWorker.open(options, entries)
    // Opened with an earlier configuration.
    if (entries !== this.#entries) return worker.close()
    this.#workers.set(partition, worker)
    this.#problem = undefined
    this.#options.metrics.set('weir_shared_journal_partitions', this.#workers.size)
    log.info('Took over a journal partition.', { partition })
  }

  async #leave(partition: number, worker: PartitionWorker) {
    this.#workers.delete(partition)
    this.#options.metrics.set('weir_shared_journal_partitions', this.#workers.size)
    await worker.close()
    this.#options.log.info('Released a journal partition.', { partition })
  }
}

export function sinksOf(records: SharedRecords, memberTimeoutMs = defaultMemberTimeoutMs): Pipeline['sinks'] {
  return worst(
    records
      .under<Member>(keys.member(''))
      .filter(({ ageMs }) => ageMs < memberTimeoutMs)
      .flatMap(({ value }) => value.sinks ?? []),
  )
}

function worst(reports: readonly SinkReport[]): SinkReport[] {
  const order = ['blocked', 'retrying', 'running', 'stopped']
  return [...Map.groupBy(reports, ({ name }) => name).values()].flatMap((ofName) => {
    const [first] = ofName.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
    return first === undefined ? [] : [{ ...first, lagMs: Math.max(...ofName.map(({ lagMs }) => lagMs)) }]
  })
}

/** Few partitions move when an instance joins or leaves. */
export function sharesOf(partitions: number, members: readonly string[]): ReadonlyMap<number, string> {
  const capacity = new Map(members.map((name) => [name, Math.ceil(partitions / members.length)]))
  const shares = new Map<number, string>()
  for (let partition = 0; partition < partitions; partition++) {
    let [best, owner]: [number, string | undefined] = [-1, undefined]
    for (const name of members.toSorted()) {
      const hash = murmur128([new TextEncoder().encode(`${partition}/${name}`)])[0] >>> 0
      if ((capacity.get(name) ?? 0) > 0 && hash > best) [best, owner] = [hash, name]
    }
    if (owner === undefined) continue
    shares.set(partition, owner)
    capacity.set(owner, (capacity.get(owner) ?? 0) - 1)
  }
  return shares
}
