/** Replicas take turns: one of them holds a `Lease` and tells what happens, the others stand by. See ADR 0019. */
import type { Host } from '../../host/index.ts'
import type { LeaseClient, LeasePlace, LeaseRecord, Told } from '../../net/kubernetes/lease.ts'
import { limited } from '../../net/kubernetes/limited.ts'
import type { Log } from '../../telemetry/ports.ts'
import { messageOf } from '../../model/errors.ts'

export interface LeaseOptions {
  readonly host: Host
  readonly log: Log
  /** Of the source, for lines of the log. */
  readonly id: string
  readonly client: LeaseClient
  readonly place: LeasePlace
  /** Of this process: nobody else has ever had it. */
  readonly identity: string
  /** How long a holder that says nothing is thought to be alive. */
  readonly durationMs: number
  /** What this replica has told, or knows to be told. */
  readonly told: () => Told
  /** It is our turn for a while longer. */
  readonly onHeld: () => void
  /** Our turn has begun, or is over. */
  readonly onTurn: (ours: boolean) => void
  /** Another one has told so much. */
  readonly onTold: (told: Told) => void
}

export interface LeaseStatus extends LeasePlace {
  readonly state: 'holds' | 'stands by'
  /** Who has it, as far as is known. */
  readonly holder?: string
  /** ISO 8601, by the holder's clock. */
  readonly since?: string
  readonly epoch?: number
  /** Why the Lease can't be asked for. */
  readonly problem?: string
}

interface Held {
  readonly record: LeaseRecord
  readonly acquired: string
  /** Monotonic, and by the wall clock: whichever comes first. A machine that sleeps stops the one, who sets the time moves the other. */
  readonly until: number
  readonly wallUntil: number
}

/** Parts of the duration: between two renewals, between two looks of who stands by, and how long a holder tells after its last renewal began. */
const [renewPart, lookPart, tellPart] = [0.2, 0.1, 0.8]

export class LeaseKeeper {
  readonly #options: LeaseOptions
  #held: Held | undefined
  /** The record as another one wrote it, and for how long, since we first saw it so, it is to be believed. */
  #seen: { readonly record: LeaseRecord; readonly until: number } | undefined
  /** The highest that was ever seen: an epoch is never used again, even if somebody removes the Lease. */
  #epoch = 0
  #problem: string | undefined
  /** What others have told of collections that this replica has not told of yet. */
  #before: Told = {}
  readonly #first = Promise.withResolvers<void>()

  constructor(options: LeaseOptions) {
    this.#options = options
  }

  /**
   * Under which number this replica may tell at this moment; undefined: it may not. Ends by its own clock before anybody else
   * may begin, whether or not a renewal is under way.
   */
  epoch(): number | undefined {
    const { clock } = this.#options.host
    const held = this.#held
    return held !== undefined && clock.monotonic() < held.until && clock.now() < held.wallUntil
      ? held.record.epoch
      : undefined
  }

  /** Resolves when it is known for the first time whose turn it is, or when `run` ends. */
  get known(): Promise<void> {
    return this.#first.promise
  }

  /** Up to where another one has told of a collection, if none of ours came after that. */
  toldBefore(key: string): string | undefined {
    return this.#before[key]
  }

  status(): LeaseStatus {
    const { place } = this.#options
    const epoch = this.epoch()
    const record = epoch === undefined ? this.#seen?.record : this.#held?.record
    return {
      ...place,
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

  /** Ends when the signal aborts; the Lease is not given back by that. */
  async run(signal: AbortSignal): Promise<void> {
    const { timers, random } = this.#options.host
    while (!signal.aborted) {
      const wait = await this.#try(signal)
      // Not all at the same moment.
      await timers.sleep(wait * (1 + random.next() * 0.1), signal)
    }
    this.#first.resolve()
  }

  /** Lets go of the Lease, so that another one need not wait. */
  async release(): Promise<void> {
    const { client, log, id, identity } = this.#options
    const held = this.#held
    this.#held = undefined
    if (held === undefined) return
    const wish = {
      holder: '',
      seconds: 1,
      epoch: held.record.epoch,
      acquired: held.acquired,
      renewed: this.#now(),
      told: this.#told(),
    }
    try {
      await this.#within(new AbortController().signal, async (signal) => {
        if ((await client.write(held.record, wish, signal)) !== undefined) return
        // The end came in the middle of a renewal.
        const now = await client.read(signal)
        if (now?.holder === identity) await client.write(now, wish, signal)
      })
    } catch (error) {
      log.warn('The Lease could not be given back; others wait until it is over.', {
        source: id,
        error: messageOf(error),
      })
    }
  }

  /** Returns after how many milliseconds to try again. */
  async #try(signal: AbortSignal): Promise<number> {
    const { durationMs, log, id } = this.#options
    const held = this.#held
    try {
      const wait = await this.#within(signal, (asked) =>
        held === undefined ? this.#look(asked) : this.#renew(held, asked),
      )
      this.#problem = undefined
      this.#first.resolve()
      return wait
    } catch (error) {
      if (signal.aborted) return 0
      const problem = messageOf(error)
      if (problem !== this.#problem)
        log.warn('The Lease by which replicas take turns can’t be asked for; it is tried again.', {
          source: id,
          ...this.#options.place,
          error: problem,
        })
      this.#problem = problem
      return durationMs * lookPart
    } finally {
      if (this.#held !== undefined && this.epoch() === undefined) this.#lose('it was not renewed in time')
    }
  }

  async #renew(held: Held, signal: AbortSignal): Promise<number> {
    const { client, durationMs, identity } = this.#options
    if (await this.#write(held.record, held.record.epoch, held.acquired, signal)) return durationMs * renewPart
    const now = await client.read(signal)
    // Somebody has put a label on it.
    if (now?.holder === identity && (await this.#write(now, now.epoch, held.acquired, signal)))
      return durationMs * renewPart
    this.#lose(now === undefined ? 'it is gone' : `it is ${now.holder === '' ? 'nobody' : now.holder}’s`)
    return 0
  }

  async #look(signal: AbortSignal): Promise<number> {
    const { client, durationMs, identity, host, onTold } = this.#options
    const record = await client.read(signal)
    const now = host.clock.monotonic()
    this.#epoch = Math.max(this.#epoch, record?.epoch ?? 0)
    if (record !== undefined && record.holder !== identity) {
      // Whether its holder lives is told by its writing alone, and by our clock: its own may be anywhere.
      if (record.holder !== '' && this.#seen?.record.version !== record.version)
        this.#seen = { record, until: now + Math.max(durationMs, record.seconds * 1000) }
      this.#before = record.told
      onTold(record.told)
    }
    // Who has removed it does not know whether somebody still holds it.
    const rest =
      this.#seen === undefined || record?.holder === '' || record?.holder === identity ? 0 : this.#seen.until - now
    if (rest > 0) return Math.min(rest, durationMs * lookPart)
    // Ours already, when an answer was lost or we were late: nobody else can have had it since.
    const ours = record?.holder === identity
    const [epoch, acquired] = ours ? [record.epoch, record.acquired ?? this.#now()] : [this.#epoch + 1, this.#now()]
    if (await this.#write(record, epoch, acquired, signal)) return durationMs * renewPart
    return durationMs * lookPart * host.random.next()
  }

  /** False: somebody was faster. */
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
      onTurn,
      onTold,
      log,
      id,
      place,
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
        told: this.#told(),
      },
      signal,
    )
    if (record === undefined) return false
    const fresh = this.#held === undefined
    this.#epoch = Math.max(this.#epoch, epoch)
    this.#seen = undefined
    this.#held = { record, acquired, until: began + durationMs * tellPart, wallUntil: wall + durationMs * tellPart }
    if (fresh) {
      if (record.toldSince !== undefined) onTold(record.toldSince)
      log.info('This replica tells what happens in the cluster from now on.', { source: id, ...place, epoch })
      onTurn(true)
    }
    onHeld()
    return true
  }

  #told(): Told {
    const ours = this.#options.told()
    this.#before = Object.fromEntries(Object.entries(this.#before).filter(([key]) => ours[key] === undefined))
    return { ...this.#before, ...ours }
  }

  #lose(why: string): void {
    const { log, id, place, onTurn } = this.#options
    this.#held = undefined
    onTurn(false)
    log.warn('This replica stands by: it does not hold the Lease any more.', { source: id, ...place, why })
  }

  #within<T>(signal: AbortSignal, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const {
      host: { timers },
      durationMs,
    } = this.#options
    return limited(signal, { timers, ms: durationMs * renewPart }, act)
  }

  /** As the API wants it, to the microsecond. */
  #now(): string {
    return new Date(this.#options.host.clock.now()).toISOString().replace('Z', '000Z')
  }
}
