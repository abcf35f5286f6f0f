/**
 * The watermark of each partition, and the events that the journal already has. Watermarks are the cursor of the
 * source; events are read from its frames. If a partition is unreadable for long, the events are written to a file, and
 * the journal may release the frames.
 */
import { isCheckpointRecord, checkpointRecord, type CheckpointRecord } from './shared-checkpoint.ts'
import type { SourceContext } from '../engine/contracts.ts'
import { appendEvents } from '../engine/sources/append-events.ts'
import { makeDurableDirectory, replaceFile } from '../host/index.ts'
import { sealed, unsealed } from '../host/sealed.ts'
import { decodeBatch } from '../journal/bodies.ts'
import { messageOf } from '../model/errors.ts'
import { eventId, type WeirEvent } from '../model/events.ts'
import { chunks } from './chunks.ts'

const maxParts = 64
/** Frames are retained for at most this time. */
const maxHoldMs = 30 * 60_000
const stateFile = 'checkpoint.json'

type Cursor = Readonly<{
  places: Readonly<Record<string, number>>
  /** Later frames hold events that may be returned again. */
  behind: number
  of: string
}>

type Recorded = Readonly<{
  of: string
  before: number
  newest: number
  /** Unix ms at which the frame was appended. */
  received: number
}>

export class Checkpoint {
  readonly #context: SourceContext
  readonly #retentionMs: number
  readonly #across: readonly string[]
  readonly #watermarks: Record<string, number> = {}
  readonly #seen = new Map<string, Map<string, number>>()
  readonly #recording = new Map<string, ReadonlySet<string>>()
  #recorded: Recorded[] = []
  #sequence = 0
  readonly #saved = new Map<string, number>()
  #queue: Promise<unknown> = Promise.resolve()

  /** Watermarks of removed partitions stay for twice `retentionMs`. `across`: partitions with the same events. */
  constructor(context: SourceContext, retentionMs: number, across: readonly string[] = []) {
    this.#retentionMs = retentionMs
    this.#across = across
    this.#context = context
  }

  get state(): unknown {
    return { places: { ...this.#watermarks }, behind: this.#behind(this.#watermarks), of: '' } satisfies Cursor
  }

  get known(): CheckpointRecord {
    return checkpointRecord(this.#watermarks, this.#seen)
  }

  async restore(before?: unknown): Promise<void> {
    const { cursor: bytes, replay: frames, log, id, host } = this.#context
    const cursors = [cursorOf(bytes), isCursor(before) ? before : undefined].filter((value) => value !== undefined)
    this.#seen.clear()
    this.#recorded = []
    if (cursors.length === 0) return
    const now = host.clock.now()
    for (const { places } of cursors)
      for (const [partition, at] of Object.entries(places)) this.#reached(partition, at, now)
    const heldSequence = cursors.reduce((least, cursor) => Math.min(least, cursor.behind), Infinity)
    this.#sequence = heldSequence
    let events = await this.#read()
    if (frames === undefined) return
    await frames.hold(heldSequence)
    for await (const frame of frames.after({ sequence: heldSequence, row: 0 })) {
      const { header } = frame
      const before = this.#sequence
      this.#sequence = header.sequence
      const batch = header.kind === 'events' ? decodeBatch('events', frame.body()) : undefined
      const { of, places = {} } = cursorOf(header.cursor) ?? {}
      for (const [partition, at] of Object.entries(places)) this.#reached(partition, at, now)
      if (batch?.kind !== 'events' || of === undefined) continue
      for (let row = 0; row < batch.count; row++)
        this.#remember(of, eventId(batch, row), timeOr(batch.time[row], header.received))
      this.#recorded.push({ of, before, newest: timeOr(header.timeMax, header.received), received: header.received })
      events += batch.count
    }
    if (events > 0) log.info('Recent events were restored from the journal after a restart.', { source: id, events })
  }

  learn(value: unknown): void {
    if (!isCheckpointRecord(value)) return
    const now = this.#context.host.clock.now()
    for (const [partition, at] of Object.entries(value.places)) this.#reached(partition, at, now)
    for (const [partition, events] of value.seen)
      for (const [event, time] of events) this.#remember(partition, event, time)
  }

  /** Releases frames before a leader with another journal continues: the end of its leadership is unknown. */
  async release(): Promise<void> {
    this.#recorded = []
    await this.#context.replay?.hold(Infinity)
  }

  #reached(partition: string, at: number, now: number) {
    if (at < now - this.#retentionMs * 2 || at < (this.#watermarks[partition] ?? -Infinity)) return
    this.#watermarks[partition] = at
    this.#saved.set(partition, at)
  }

  watermark(partition: string): number | undefined {
    return this.#watermarks[partition]
  }

  /** True if the event is recorded, or if another partition is recording it and repeats a failed append. */
  has(partition: string, event: string): boolean {
    if (!this.#across.includes(partition)) return this.#seen.get(partition)?.has(event) === true
    return this.#across.some(
      (text) =>
        this.#seen.get(text)?.has(event) === true ||
        (text !== partition && this.#recording.get(text)?.has(event) === true),
    )
  }

  /** Resolves when all events are synced; the last one moves the watermark. After a rejection it stays. */
  async record(partition: string, events: readonly WeirEvent[], until: number, signal: AbortSignal): Promise<void> {
    this.#recording.set(partition, new Set(events.map(({ id }) => id)))
    try {
      for (const [chunk, isLast] of chunks(events))
        await this.#enqueue(() => this.#append(partition, chunk, isLast ? until : undefined, signal))
    } finally {
      this.#recording.delete(partition)
    }
  }

  /** Moves the watermark without events; appends a frame only once per `everyMs`. */
  async advance(partition: string, until: number, everyMs: number, signal: AbortSignal): Promise<void> {
    this.#watermarks[partition] = until
    this.#forget(partition)
    if (until - (this.#saved.get(partition) ?? -Infinity) >= everyMs)
      await this.#enqueue(() => this.#append(partition, [], until, signal))
  }

  async releaseOld(signal: AbortSignal): Promise<void> {
    const { host, replay: frames, state } = this.#context
    this.#behind(this.#watermarks)
    const [oldest] = this.#recorded
    if (
      frames === undefined ||
      state === undefined ||
      oldest === undefined ||
      host.clock.now() - oldest.received < maxHoldMs
    )
      return
    await this.#enqueue(async () => {
      const seenEvents = [...this.#seen].map(([partition, events]) => [partition, [...events]] as const)
      await makeDurableDirectory(host.disk, state)
      await replaceFile(host.disk, state, stateFile, [new TextEncoder().encode(sealed({ seen: seenEvents }))])
      const { of } = oldest
      this.#recorded = []
      await this.#append(of, [], this.#watermarks[of], signal)
    })
  }

  async #read(): Promise<number> {
    const {
      host: { disk },
      state,
      log,
      id,
    } = this.#context
    if (state === undefined || (await disk.stat(`${state}/${stateFile}`)) === undefined) return 0
    let events = 0
    try {
      const content = unsealed(new TextDecoder().decode(await disk.readFile(`${state}/${stateFile}`)))
      // Earlier versions wrote the list without an object around it.
      const read = (Array.isArray(content) ? content : content['seen']) as CheckpointRecord['seen']
      for (const [partition, seen] of read) {
        const settledUntil = settledTime(this.#watermarks, this.#across, partition) ?? Infinity
        for (const [event, time] of seen) {
          if (time < settledUntil) continue
          this.#remember(partition, event, time)
          events++
        }
      }
    } catch (error) {
      log.warn('The state file is unreadable; some events may be emitted again with the same ids.', {
        source: id,
        error: messageOf(error),
      })
    }
    return events
  }

  #enqueue(act: () => Promise<void>) {
    const result = this.#queue.then(act)
    this.#queue = result.catch(() => undefined)
    return result
  }

  async #append(partition: string, events: readonly WeirEvent[], until: number | undefined, signal: AbortSignal) {
    const places = { ...this.#watermarks, ...(until === undefined ? {} : { [partition]: until }) }
    const cursor: Cursor = { places, behind: this.#behind(places), of: partition }
    const newest = events.reduce(
      (most, { time = Number.NEGATIVE_INFINITY }) => Math.max(most, time),
      Number.NEGATIVE_INFINITY,
    )
    const { position } = await appendEvents(this.#context, events, {
      cursor: new TextEncoder().encode(JSON.stringify(cursor)),
      signal,
    })
    const receivedAt = this.#context.host.clock.now()
    for (const { id, time } of events) this.#remember(partition, id, time ?? receivedAt)
    const before = this.#sequence === 0 ? Math.max(0, position.sequence - maxParts) : this.#sequence
    if (events.length > 0)
      this.#recorded.push({
        of: partition,
        before,
        newest: newest === Number.NEGATIVE_INFINITY ? receivedAt : newest,
        received: receivedAt,
      })
    this.#sequence = position.sequence
    for (const [name, at] of Object.entries(places)) this.#saved.set(name, at)
    if (until !== undefined) {
      this.#watermarks[partition] = until
      this.#forget(partition)
    }
    await this.#context.replay?.hold(cursor.behind)
  }

  #remember(partition: string, event: string, time: number) {
    const seenEvents = this.#seen.get(partition) ?? new Map<string, number>()
    this.#seen.set(partition, seenEvents.set(event, time))
  }

  #forget(partition: string) {
    for (const text of this.#across.includes(partition) ? this.#across : [partition]) {
      const settledUntil = settledTime(this.#watermarks, this.#across, text) ?? -Infinity
      const seenEvents = this.#seen.get(text)
      for (const [event, time] of seenEvents ?? []) if (time < settledUntil) seenEvents?.delete(event)
    }
  }

  /** First sequence to hold: frames stay while one of their events may be returned again. */
  #behind(places: Readonly<Record<string, number>>) {
    this.#recorded = this.#recorded.filter(
      ({ of, newest }) => newest >= (settledTime(places, this.#across, of) ?? Infinity),
    )
    return this.#recorded.reduce((least, { before }) => Math.min(least, before), this.#sequence)
  }
}

function cursorOf(bytes: Uint8Array | undefined): Cursor | undefined {
  if (bytes === undefined) return undefined
  try {
    const read: unknown = JSON.parse(new TextDecoder().decode(bytes))
    return isCursor(read) ? read : undefined
  } catch {
    return undefined
  }
}

function isCursor(value: unknown): value is Cursor {
  const cursor = value as Partial<Cursor> | null | undefined
  return typeof cursor?.places === 'object' && typeof cursor.behind === 'number' && typeof cursor.of === 'string'
}

/** No poll returns older events, of this partition or of those with the same events. */
function settledTime(places: Cursor['places'], across: readonly string[], partition: string): number | undefined {
  if (!across.includes(partition)) return places[partition]
  const times = across.map((text) => places[text]).filter((at) => at !== undefined)
  return times.length === 0 ? undefined : Math.min(...times)
}

function timeOr(time: number | undefined, byDefault: number) {
  return time === undefined || Number.isNaN(time) ? byDefault : time
}
