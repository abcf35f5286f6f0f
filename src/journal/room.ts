/** The segments of a folder, and room for more: what is settled goes first, and only the rest makes the journal full. */
import type { Disk } from '../host/index.ts'
import { WeirError } from '../model/errors.ts'
import type { JournalLimits } from './limits.ts'
import { segmentStart } from './paths.ts'
import { listSegments } from './recover.ts'

/** Bytes written before the free space is checked again, at most; a quarter of the reserve where that is less. */
const mostUnchecked = 16 * 1024 * 1024

export interface Segment {
  readonly name: string
  bytes: number
}

export class Room {
  /** Oldest first; the last one is being written, or was. */
  segments: Segment[]
  readonly #disk: Disk
  readonly #directory: string
  readonly #limits: JournalLimits
  /** Everything up to this sequence is settled. */
  #settled = 0
  #unchecked = Number.POSITIVE_INFINITY

  constructor(disk: Disk, directory: string, limits: JournalLimits, segments: Segment[]) {
    this.#disk = disk
    this.#directory = directory
    this.#limits = limits
    this.segments = segments
  }

  size(): number {
    return this.segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  get last(): Segment | undefined {
    return this.segments.at(-1)
  }

  /** Size of the last segment. */
  grownTo(bytes: number): void {
    if (this.last !== undefined) this.last.bytes = bytes
  }

  settled(sequence: number): void {
    this.#settled = Math.max(this.#settled, sequence)
  }

  wrote(bytes: number): void {
    this.#unchecked += bytes
  }

  /** The free space is checked before anything more is written. */
  doubt(): void {
    this.#unchecked = Number.POSITIVE_INFINITY
  }

  /**
   * Removes settled segments, oldest first: those beyond `keep`, and more while `max` or the reserve is exceeded. Throws
   * WEIR_JOURNAL_FULL when that is not enough. `roll` begins a new segment, so that the only one can go once it is settled;
   * false: it holds nothing.
   */
  async make(roll: () => Promise<boolean>): Promise<void> {
    for (;;) {
      const lack = await this.#lack()
      const [first, second] = this.segments
      if (first === undefined) return refuse(lack)
      if (second === undefined) {
        if (lack === undefined || !(await roll())) return refuse(lack)
        continue
      }
      const isSettled = (segmentStart(second.name) ?? 0) - 1 <= this.#settled
      if (!isSettled || (lack === undefined && this.size() - first.bytes < this.#limits.keepBytes)) return refuse(lack)
      await this.#disk.remove(`${this.#directory}/${first.name}`)
      this.segments.shift()
      this.doubt()
    }
  }

  /** False: the file being written was removed. It could be written on without an error, and would never be read. */
  async has(path: string): Promise<boolean> {
    if ((await this.#disk.stat(path)) !== undefined) return true
    this.segments = await listSegments(this.#disk, this.#directory)
    return false
  }

  /** What there is too much or too little of, in words. */
  async #lack(): Promise<string | undefined> {
    const { maxBytes, reserveBytes } = this.#limits
    const size = this.size()
    if (size > maxBytes) return `the journal holds ${size} bytes, its limit, and a sink still needs them`
    if (reserveBytes === 0 || this.#unchecked < Math.min(mostUnchecked, reserveBytes / 4)) return undefined
    const free = await this.#disk.free(this.#directory)
    if (free < reserveBytes) return `only ${free} bytes are free on the disk of the journal; ${reserveBytes} are kept in reserve, and nothing settled is left to remove (the journal holds ${size} bytes)`
    this.#unchecked = 0
    return undefined
  }
}

function refuse(lack: string | undefined): void {
  if (lack !== undefined) throw new WeirError('WEIR_JOURNAL_FULL', lack)
}
