import type { Fence } from '../host/fence.ts'
import type { Disk } from '../host/index.ts'
import { messageOf, WeirError } from '../model/errors.ts'
import type { JournalLimits } from './limits.ts'
import { segmentStart } from './paths.ts'
import { listSegments } from './recover.ts'

/** Bytes between checks of the free space. */
const maxUnchecked = 16 * 1024 * 1024

export interface Segment {
  readonly name: string
  bytes: number
}

export type MakeRoom = (sequence: number) => Promise<number>

/** Frees space of the volume outside of the journal. False: nothing is left to remove. */
export type Relieve = () => Promise<boolean>

type Lack = Readonly<{
  why: string
  /** Whether appends are refused; otherwise only the margin is used up. */
  refuses: boolean
  ofVolume: boolean
}>

export class Room {
  segments: Segment[]
  readonly #disk: Disk
  readonly #directory: string
  readonly #limits: JournalLimits
  readonly #makeRoom: MakeRoom | undefined
  readonly #relieve: Relieve | undefined
  readonly #fence: Fence | undefined
  /** Newest segment with a durable checkpoint; older ones may be removed. */
  #anchor: string
  #settled = 0
  #unchecked = Number.POSITIVE_INFINITY
  /** The margin beyond the reserve is used up, and no settled segment is left. */
  tight = false

  constructor({
    host,
    directory,
    limits,
    segments,
    anchor,
    makeRoom,
    relieve,
    fence,
  }: {
    host: { readonly disk: Disk }
    directory: string
    limits: JournalLimits
    segments: Segment[]
    anchor?: string | undefined
    makeRoom?: MakeRoom | undefined
    relieve?: Relieve | undefined
    fence?: Fence | undefined
  }) {
    this.#disk = host.disk
    this.#directory = directory
    this.#limits = limits
    this.#makeRoom = makeRoom
    this.#relieve = relieve
    this.#fence = fence
    this.segments = segments
    this.#anchor = anchor ?? ''
  }

  size(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  get last(): Segment | undefined {
    return this.segments.at(-1)
  }

  grownTo(bytes: number): void {
    if (this.last !== undefined) this.last.bytes = bytes
  }

  anchored(): void {
    this.#anchor = this.last?.name ?? ''
  }

  settled(sequence: number): void {
    this.#settled = Math.max(this.#settled, sequence)
  }

  wrote(bytes: number): void {
    this.#unchecked += bytes
  }

  doubt(): void {
    this.#unchecked = Number.POSITIVE_INFINITY
  }

  /**
   * Removes settled segments, oldest first: those beyond `keep`, more while `max`, the reserve or its margin is
   * exceeded. Throws WEIR_JOURNAL_FULL, unless only the margin is. `roll` begins a new segment; false if the current
   * one is empty. A segment without a durable checkpoint replaces no other: totals and cursors are in the older ones.
   */
  async make(roll: () => Promise<boolean>): Promise<void> {
    for (;;) {
      const lack = await this.#lack()
      const [first, second] = this.segments
      const last = second === undefined || second.name > this.#anchor ? Infinity : (segmentStart(second.name) ?? 0) - 1
      if (last > this.#settled && last !== Infinity && lack?.refuses === true && this.#makeRoom !== undefined)
        this.settled(await this.#makeRoom(last))
      if (first === undefined || last > this.#settled) {
        if (lack === undefined) return this.#roomy()
        if (this.#mayRoll(lack) && (await rolls(roll))) continue
        this.tight = lack.ofVolume
        if (!lack.refuses) return
        if (lack.ofVolume && (await this.#relieve?.()) === true) continue
        throw new WeirError('WEIR_JOURNAL_FULL', lack.why)
      }
      if (lack === undefined && this.size() - first.bytes < this.#limits.keepBytes) return this.#roomy()
      await this.#disk.remove(`${this.#directory}/${first.name}`)
      this.segments.shift()
      this.doubt()
    }
  }

  #roomy() {
    this.tight = false
  }

  /** A new segment lets the current one be removed, which is worth it if that is large or nothing else is left. */
  #mayRoll({ refuses }: Lack): boolean {
    const { name = '', bytes = 0 } = this.last ?? {}
    return refuses || (bytes > this.#limits.marginBytes && (segmentStart(name) ?? 0) <= this.#settled)
  }

  async verifyClaim(): Promise<void> {
    await this.#fence?.check()
  }

  /** Breaks the fence also if another process created a segment. */
  async verifyOwned(): Promise<void> {
    if (this.#fence === undefined) return
    await this.#fence.check()
    const names = new Set(this.segments.map(({ name }) => name))
    const foreignName = (await this.#disk.list(this.#directory)).find(
      (name) => segmentStart(name) !== undefined && !names.has(name),
    )
    if (foreignName !== undefined) this.#fence.break(`it created ${foreignName}`)
  }

  /** Writes to a removed file would succeed, but never be read. */
  async has(path: string): Promise<boolean> {
    if ((await this.#disk.stat(path)) !== undefined) return true
    this.segments = await listSegments(this.#disk, this.#directory)
    this.#anchor = ''
    return false
  }

  async #lack(): Promise<Lack | undefined> {
    const { maxBytes, reserveBytes, marginBytes } = this.#limits
    const size = this.size()
    if (size > maxBytes) {
      const reason = `the journal is at its limit of ${size} bytes, and a sink still needs them`
      return { why: reason, refuses: true, ofVolume: false }
    }
    const wantedBytes = reserveBytes + marginBytes
    if (wantedBytes === 0 || this.#unchecked < Math.min(maxUnchecked, wantedBytes / 4)) return undefined
    const freeBytes = await this.#disk.free(this.#directory)
    if (freeBytes < wantedBytes) {
      const reason =
        `only ${freeBytes} bytes are free on the disk of the journal; ${reserveBytes} are reserved, and no ` +
        'settled segment ' +
        `remains to remove (the journal has ${size} bytes)`
      return { why: reason, refuses: freeBytes < reserveBytes, ofVolume: true }
    }
    this.#unchecked = 0
    return undefined
  }
}

/** False also while the disk has no room for a segment: the lack of room is the reason then. */
async function rolls(roll: () => Promise<boolean>): Promise<boolean> {
  try {
    return await roll()
  } catch (error) {
    if (writeError(error).code === 'WEIR_JOURNAL_FULL') return false
    throw error
  }
}

export function isFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ENOSPC' || code === 'EDQUOT'
}

export function writeError(error: unknown): WeirError {
  if (error instanceof WeirError) return error
  const message = messageOf(error)
  if (isFull(error))
    return new WeirError('WEIR_JOURNAL_FULL', `the disk of the journal is full: ${message}`, { cause: error })
  return new WeirError('WEIR_JOURNAL_SYNC', `the journal could not be written: ${message}`, { cause: error })
}
