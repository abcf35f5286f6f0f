import type { Fence } from '../host/fence.ts'
import type { DiskFile, Host } from '../host/index.ts'
import { WeirError } from '../model/errors.ts'
import type { Position } from '../model/positions.ts'
import type { Metrics } from '../telemetry/ports.ts'
import { AppendQueue, type PendingAppend } from './append-queue.ts'
import { FrameGroup, pack, type CopiedFrame, type Counters } from './group.ts'
import type { JournalLimits } from './limits.ts'
import { segmentName, segmentStart } from './paths.ts'
import { Room, writeError, type MakeRoom, type Relieve, type Segment } from './room.ts'
import { LocalTail } from './tail.ts'
import { appendPieces } from './torn.ts'
import type { Appended, JournalWriter, SourceTotals, Unit } from './types.ts'

/** The first refused append waits for it, so that health never lags behind what a client sees. */
export type OnRefusing = (why: string | undefined) => void | Promise<void>

const retryMs = 50

export class SegmentWriter implements JournalWriter {
  readonly tail: LocalTail = new LocalTail()
  readonly epoch: number
  readonly #host: Host
  readonly #directory: string
  readonly #limits: JournalLimits
  readonly #metrics: Metrics | undefined
  readonly #totals: Map<string, SourceTotals>
  readonly #queue: AppendQueue
  readonly #space: Room
  #file: DiskFile | undefined
  #offset = 0
  #counters: Counters
  #running: Promise<void> | undefined
  #last: Promise<unknown> = Promise.resolve()
  #problem: string | undefined
  /** Time since which appends wait for room. */
  #lacksSince: number | undefined
  readonly #onRefusing: OnRefusing | undefined
  readonly #ends: Map<string, number>
  #closed = false

  constructor(options: {
    host: Host
    directory: string
    epoch: number
    limits: JournalLimits
    last: Position
    totals: Map<string, SourceTotals>
    ends?: ReadonlyMap<string, number> | undefined
    segments: Segment[]
    anchor?: string | undefined
    afterLoss: boolean
    metrics: Metrics | undefined
    fence?: Fence | undefined
    onRefusing?: OnRefusing | undefined
    makeRoom?: MakeRoom | undefined
    relieve?: Relieve | undefined
  }) {
    this.#host = options.host
    this.#queue = new AppendQueue(options.host)
    this.#directory = options.directory
    this.epoch = options.epoch
    this.#limits = options.limits
    this.#counters = { ...options.last, afterLoss: options.afterLoss }
    this.#totals = options.totals
    this.#ends = new Map(options.ends)
    this.#space = new Room(options)
    this.#metrics = options.metrics
    this.#onRefusing = options.onRefusing
    const { sequence, row } = options.last
    const { name, bytes } = this.#space.last ?? { name: '', bytes: 0 }
    this.tail.publish({ segment: name, offset: bytes, sequence, row })
  }

  append(unit: Unit): Promise<Appended> {
    return this.#enqueue(() => {
      const packed = pack(unit.raw, unit.kind)
      return { bytes: packed.body.length, add: (group) => group.add(unit, packed) }
    }, unit.maxDelayMs)
  }

  /** Writes all frames (at least one) in one write, or none. Resolves with the position of the last frame. */
  copy(frames: readonly CopiedFrame[]): Promise<Appended> {
    return this.#enqueue(() => ({
      bytes: frames.reduce((sum, { body }) => sum + body.length, 0),
      add: (group) => frames.map((frame) => group.copy(frame)).at(-1)!,
    }))
  }

  #enqueue(pack: () => Pick<PendingAppend, 'bytes' | 'add'>, maxDelayMs = 0): Promise<Appended> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new WeirError('WEIR_JOURNAL_SYNC', 'the journal is closed'))
      if (this.#queue.bytes > this.#limits.queueBytes) {
        return reject(
          new WeirError(
            'WEIR_JOURNAL_FULL',
            `${this.#queue.bytes} bytes wait to be synced, because the disk of the journal is too slow`,
          ),
        )
      }
      this.#queue.add({ ...pack(), resolve, reject }, maxDelayMs)
      this.#running ??= this.#run()
    })
  }

  totals(): ReadonlyMap<string, Readonly<SourceTotals>> {
    return this.#totals
  }

  size(): number {
    return this.#space.size()
  }

  segments(): readonly Readonly<Segment>[] {
    return this.#space.segments
  }

  get problem(): string | undefined {
    return this.#problem
  }

  get tight(): boolean {
    return this.#space.tight
  }

  async release(sequence: number): Promise<void> {
    this.#space.settled(sequence)
    await this.#exclusive(async () => {
      try {
        await this.#space.verifyOwned()
        await this.#find()
        // A process that is not ready may receive no append.
        if (this.#problem !== undefined && this.#file === undefined) await this.#roll()
        this.#space.doubt()
        await this.#room()
        await this.#refuses(undefined)
      } catch (error) {
        const reason = writeError(error)
        if (!this.#mayWait(reason)) await this.#refuses(reason.message)
      }
      this.#publish()
    })
  }

  async checkpoint(): Promise<void> {
    try {
      await this.#exclusive(() => this.#roll())
    } catch {
      // The next append reports the error.
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#queue.close()
    await this.#running
    await this.#last
    await this.#file?.close()
    this.#file = undefined
  }

  async #run() {
    // Appends of this turn share a sync.
    await this.#host.timers.yield()
    while (this.#queue.length > 0) {
      await this.#queue.ready()
      const group = this.#queue.take(this.#limits.groupBytes)
      try {
        const results = await this.#writeWhenRoom(group)
        await this.#refuses(undefined)
        group.forEach((waiting, index) => waiting.resolve(results[index]!))
      } catch (error) {
        const reason = writeError(error)
        await this.#refuses(reason.message)
        for (const pendingAppend of group) pendingAppend.reject(reason)
      }
    }
    this.#running = undefined
  }

  /** Settled segments and the store may make room within a moment. */
  async #writeWhenRoom(group: readonly PendingAppend[]): Promise<Appended[]> {
    for (;;) {
      try {
        return await this.#exclusive(async () => {
          await this.#room()
          return this.#write(group)
        })
      } catch (error) {
        if (!this.#mayWait(writeError(error))) throw error
        await this.#host.timers.sleep(retryMs)
      }
    }
  }

  #mayWait({ code }: WeirError): boolean {
    if (code !== 'WEIR_JOURNAL_FULL' || this.#closed || this.#problem !== undefined) return false
    const now = this.#host.clock.monotonic()
    this.#lacksSince ??= now
    return now - this.#lacksSince < this.#limits.waitMs
  }

  async #refuses(why: string | undefined) {
    const before = this.#problem
    this.#problem = why
    this.#lacksSince = undefined
    if ((before === undefined) === (why === undefined)) return
    try {
      await this.#onRefusing?.(why)
    } catch {
      // Health shows the problem with the next maintenance.
    }
  }

  #exclusive<T>(act: () => Promise<T>): Promise<T> {
    const committed = this.#last.then(act)
    this.#last = committed.catch(() => {})
    return committed
  }

  async #room() {
    await this.#space.make(async () => {
      const isBegun =
        this.#file === undefined || this.tail.durable().sequence > (segmentStart(this.#space.last?.name ?? '') ?? 0)
      if (isBegun) await this.#roll()
      return isBegun
    })
  }

  async #find() {
    const file = this.#file
    if (file === undefined || (await this.#space.has(file.path))) return
    this.#file = undefined
    await file.close()
    throw new WeirError('WEIR_JOURNAL_SYNC', `${file.path} was removed while Weir was writing to it`)
  }

  async #write(waiting: readonly PendingAppend[]): Promise<Appended[]> {
    if (this.#file === undefined || this.#offset >= this.#limits.segmentBytes) await this.#roll()
    const group = new FrameGroup(this.#counters, this.epoch, this.#totals)
    const results = waiting.map(({ add }) => add(group))
    await this.#sync(group)
    // A new owner of the journal may not have read this group.
    await this.#space.verifyClaim()
    for (const [name, total] of group.changed) this.#totals.set(name, total)
    return results
  }

  /** Sequences of a failed group are used up. */
  async #sync(group: FrameGroup) {
    const file = this.#file!
    try {
      await appendPieces(file, group.pieces, this.#offset)
      await file.sync()
    } catch (error) {
      this.#metrics?.count('weir_journal_failed_syncs_total', 1)
      this.#counters = { ...this.#counters, sequence: group.counters.sequence }
      await this.#abandon()
      throw error
    }
    this.#metrics?.count('weir_journal_syncs_total', 1)
    this.#metrics?.count('weir_journal_frames_total', group.counters.sequence - this.#counters.sequence)
    this.#metrics?.count('weir_journal_written_bytes_total', group.bytes)
    this.#counters = group.counters
    this.#offset += group.bytes
    this.#space.wrote(group.bytes)
    this.#space.grownTo(this.#offset)
    this.#publish()
  }

  async #roll() {
    await this.#space.verifyOwned()
    await this.#file?.close()
    this.#file = undefined
    const name = segmentName(this.#counters.sequence + 1)
    const checkpoint = new FrameGroup(this.#counters, this.epoch, this.#totals)
    for (const endedSegment of this.#ends.keys())
      if (!this.#space.segments.some((segment) => segment.name === endedSegment)) this.#ends.delete(endedSegment)
    checkpoint.addCheckpoint(this.#host.clock.now(), this.#ends, this.#host.boot)
    this.#counters = { ...this.#counters, sequence: checkpoint.counters.sequence }
    this.#offset = 0
    try {
      this.#file = await this.#host.disk.open(`${this.#directory}/${name}`, 'create')
      this.#space.segments.push({ name, bytes: 0 })
      await appendPieces(this.#file, checkpoint.pieces, 0)
      await this.#file.sync()
      await this.#host.disk.syncDirectory(this.#directory)
    } catch (error) {
      await this.#abandon()
      throw error
    }
    this.#counters = checkpoint.counters
    this.#offset = checkpoint.bytes
    this.#space.grownTo(this.#offset)
    this.#space.anchored()
    this.#space.doubt()
    this.#publish()
  }

  /** Truncates unsynced frames. If that fails, they are void once the next segment exists. */
  async #abandon() {
    const abandonedFile = this.#file
    const current = this.#space.last
    const durable = this.tail.durable()
    this.#file = undefined
    this.#space.doubt()
    if (abandonedFile === undefined || current === undefined) return
    const retained = durable.segment === current.name ? durable.offset : 0
    try {
      await abandonedFile.truncate(retained)
      await abandonedFile.sync()
      await abandonedFile.close()
      current.bytes = retained
      if (retained === 0) {
        await this.#host.disk.remove(abandonedFile.path)
        this.#space.segments.pop()
      }
    } catch {
      this.#ends.set(current.name, retained)
      await abandonedFile.close().catch(() => {})
    }
  }

  #publish() {
    const segment = this.#space.last?.name
    // Readers stay before an abandoned segment until its successor exists.
    if (this.#file === undefined || segment === undefined) return
    const { sequence, row } = this.#counters
    this.tail.publish({ segment, offset: this.#offset, sequence, row })
  }
}
