/** Leader election among replicas by a `Lease`. See ADR 0019. */
import type { Host } from '../../../host/index.ts'
import type { LeaseClient, LeaseRef, LeaseRecord, LeaseCheckpoint } from '../../../net/kubernetes/lease.ts'
import { withDeadline } from '../../../net/kubernetes/deadline.ts'
import type { Log } from '../../../telemetry/ports.ts'
import { messageOf } from '../../../model/errors.ts'

type LeaseOptions = Readonly<{
  host: Host
  log: Log
  id: string
  client: LeaseClient
  ref: LeaseRef
  identity: string
  durationMs: number
  checkpoint: () => LeaseCheckpoint
  onHeld: () => void
  onLeadership: (leads: boolean) => void
  onCheckpoint: (checkpoint: LeaseCheckpoint) => void
}>

interface LeaseStatus extends LeaseRef {
  readonly state: 'holds' | 'stands by'
  readonly holder?: string
  readonly since?: string
  readonly epoch?: number
  readonly problem?: string
}

type Held = Readonly<{
  record: LeaseRecord
  acquired: string
  /** Whichever clock ends first: sleep stops the monotonic one, and the wall clock can be set. */
  until: number
  wallUntil: number
}>

/** Shares of the duration: renewal, standby check, validity after a renewal. */
const [renewPart, checkPart, leadPart] = [0.2, 0.1, 0.8]

export class LeaseKeeper {
  readonly #options: LeaseOptions
  #held: Held | undefined
  /** Another replica's record, valid from its first local observation. */
  #seen: Readonly<{ record: LeaseRecord; until: number }> | undefined
  /** Highest observed: never reused, even if the Lease is removed. */
  #epoch = 0
  #problem: string | undefined
  #before: LeaseCheckpoint = {}
  readonly #first = Promise.withResolvers<void>()

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  /** Epoch of the leadership; undefined: not the leader. It ends by the local clock before another leader may begin. */
  epoch(): number | undefined {
    const { clock } = this.#options.host
    const heldLease = this.#held
    return heldLease !== undefined && clock.monotonic() < heldLease.until && clock.now() < heldLease.wallUntil
      ? heldLease.record.epoch
      : undefined
  }

  get known(): Promise<void> {
    return this.#first.promise
  }

  checkpointOf(key: string): string | undefined {
    return this.#before[key]
  }

  status(): LeaseStatus {
    const { ref } = this.#options
    const epoch = this.epoch()
    const record = epoch === undefined ? this.#seen?.record : this.#held?.record
    return {
      ...ref,
      state: epoch === undefined ? 'stands by' : 'holds',
      ...(record === undefined || record.holder === ''
        ? {}
        : {
            holder: record.holder,
            epoch: record.epoch,
            ...(record.acquired === undefined ? {} : { since: record.acquired }),
          }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { timers, random } = this.#options.host
    while (!signal.aborted) {
      const wait = await this.#try(signal)
      await timers.sleep(wait * (1 + random.next() * 0.1), signal)
    }
    this.#first.resolve()
  }

  /** Releases the Lease, so that another replica need not wait. */
  async release(): Promise<void> {
    const { client, log, id, identity } = this.#options
    const heldLease = this.#held
    this.#held = undefined
    if (heldLease === undefined) return
    const update = {
      holder: '',
      seconds: 1,
      epoch: heldLease.record.epoch,
      acquired: heldLease.acquired,
      renewed: this.#now(),
      checkpoint: this.#mergedCheckpoint(),
    }
    try {
      await this.#within(new AbortController().signal, async (signal) => {
        if ((await client.write(heldLease.record, update, signal)) !== undefined) return
        const now = await client.read(signal)
        if (now?.holder === identity) await client.write(now, update, signal)
      })
    } catch (error) {
      log.warn('The Lease could not be released; other replicas wait until it expires.', {
        source: id,
        error: messageOf(error),
      })
    }
  }

  async #try(signal: AbortSignal): Promise<number> {
    const { durationMs, log, id } = this.#options
    const heldLease = this.#held
    try {
      const wait = await this.#within(signal, (combined) =>
        heldLease === undefined ? this.#check(combined) : this.#renew(heldLease, combined),
      )
      this.#problem = undefined
      this.#first.resolve()
      return wait
    } catch (error) {
      if (signal.aborted) return 0
      const problem = messageOf(error)
      if (problem !== this.#problem)
        log.warn('The Lease for leader election is unreachable; Weir retries.', {
          source: id,
          ...this.#options.ref,
          error: problem,
        })
      this.#problem = problem
      return durationMs * checkPart
    } finally {
      if (this.#held !== undefined && this.epoch() === undefined) this.#lose('it was not renewed in time')
    }
  }

  async #renew(held: Held, signal: AbortSignal): Promise<number> {
    const { client, durationMs, identity } = this.#options
    if (await this.#write(held.record, held.record.epoch, held.acquired, signal)) return durationMs * renewPart
    const now = await client.read(signal)
    // Another client changed the record, but not its holder.
    if (now?.holder === identity && (await this.#write(now, now.epoch, held.acquired, signal)))
      return durationMs * renewPart
    this.#lose(now === undefined ? 'it was removed' : now.holder === '' ? 'it is free' : `its holder is ${now.holder}`)
    return 0
  }

  async #check(signal: AbortSignal): Promise<number> {
    const { client, durationMs, identity, host, onCheckpoint } = this.#options
    const record = await client.read(signal)
    const now = host.clock.monotonic()
    this.#epoch = Math.max(this.#epoch, record?.epoch ?? 0)
    if (record !== undefined && record.holder !== identity) {
      // Only a new version and the local clock prove that the holder lives.
      if (record.holder !== '' && this.#seen?.record.version !== record.version)
        this.#seen = { record, until: now + Math.max(durationMs, record.seconds * 1000) }
      this.#before = record.checkpoint
      onCheckpoint(record.checkpoint)
    }
    // After a removal of the Lease its holder may still lead.
    const remainingMs =
      this.#seen === undefined || record?.holder === '' || record?.holder === identity ? 0 : this.#seen.until - now
    if (remainingMs > 0) return Math.min(remainingMs, durationMs * checkPart)
    // Still held after a lost response or a late renewal.
    const isHolder = record?.holder === identity
    const [epoch, acquired] = isHolder ? [record.epoch, record.acquired ?? this.#now()] : [this.#epoch + 1, this.#now()]
    if (await this.#write(record, epoch, acquired, signal)) return durationMs * renewPart
    return durationMs * checkPart * host.random.next()
  }

  async #write(
    before: LeaseRecord | undefined,
    epoch: number,
    acquired: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const {
      client,
      identity,
      durationMs,
      host: { clock },
      onHeld,
      onLeadership,
      onCheckpoint,
      log,
      id,
      ref,
    } = this.#options
    const [began, wall] = [clock.monotonic(), clock.now()]
    const record = await client.write(
      before,
      {
        holder: identity,
        seconds: Math.ceil(durationMs / 1000),
        epoch,
        acquired,
        renewed: this.#now(),
        checkpoint: this.#mergedCheckpoint(),
      },
      signal,
    )
    if (record === undefined) return false
    const isNewLeader = this.#held === undefined
    this.#epoch = Math.max(this.#epoch, epoch)
    this.#seen = undefined
    this.#held = { record, acquired, until: began + durationMs * leadPart, wallUntil: wall + durationMs * leadPart }
    if (isNewLeader) {
      if (record.emittedSince !== undefined) onCheckpoint(record.emittedSince)
      log.info('This replica leads now and emits the changes of the cluster.', { source: id, ...ref, epoch })
      onLeadership(true)
    }
    onHeld()
    return true
  }

  #mergedCheckpoint(): LeaseCheckpoint {
    const local = this.#options.checkpoint()
    this.#before = Object.fromEntries(Object.entries(this.#before).filter(([key]) => local[key] === undefined))
    return { ...this.#before, ...local }
  }

  #lose(why: string) {
    const { log, id, ref, onLeadership } = this.#options
    this.#held = undefined
    onLeadership(false)
    log.warn('This replica stands by: it no longer holds the Lease.', { source: id, ...ref, why })
  }

  #within<T>(signal: AbortSignal, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const {
      host: { timers },
      durationMs,
    } = this.#options
    return withDeadline(signal, { timers, ms: durationMs * renewPart }, act)
  }

  /** Time in microseconds, as the API requires. */
  #now() {
    return new Date(this.#options.host.clock.now()).toISOString().replace('Z', '000Z')
  }
}
