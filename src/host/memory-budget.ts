import { WeirError } from '../model/errors.ts'

/** Memory that one request, message or response holds while it is decoded. */
export interface MemoryLease {
  readonly bytes: number
  /** Throws as `MemoryBudget.reserve`; the lease keeps its size then. */
  grow(bytes: number): void
  /** Returns the memory. A second call has no effect. */
  release(): void
}

export const memoryBusy = (): WeirError =>
  new WeirError('WEIR_MEMORY_BUSY', 'the memory for decoding is in use by other requests')

/** Cells of the shared memory; sizes in KiB. */
const cell = { capacity: 0, used: 1, peak: 2, busy: 3, tooLarge: 4 } as const
const kib = 1024
const defaultCapacity = 64 * kib
/** Larger leases leave the last eighth of the budget to smaller ones. */
const smallLease = kib
/** Decoding of more than this leaves garbage that is worth a collection. */
const largeLease = 4 * kib

/**
 * One budget for everything that a process decodes from outside, in all its threads. It counts what decoding makes: the
 * body, its decompressed form, and the rows that are not in the journal yet.
 */
export class MemoryBudget {
  readonly shared: SharedArrayBuffer
  readonly #cells: Int32Array
  #afterLarge: () => void = () => undefined

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(5 * Int32Array.BYTES_PER_ELEMENT)) {
    this.shared = shared
    this.#cells = new Int32Array(shared)
    Atomics.compareExchange(this.#cells, cell.capacity, 0, defaultCapacity)
  }

  get capacity(): number {
    return this.#at('capacity') * kib
  }

  set capacity(bytes: number) {
    Atomics.store(this.#cells, cell.capacity, Math.ceil(bytes / kib))
  }

  get used(): number {
    return this.#at('used') * kib
  }

  /** Most memory in use at once since the start. */
  get peak(): number {
    return this.#at('peak') * kib
  }

  /** Refused leases since the start. */
  get refused(): Readonly<Record<'busy' | 'too_large', number>> {
    return { busy: this.#at('busy'), too_large: this.#at('tooLarge') }
  }

  /** Calls `act` when this thread releases a lease of more than 4 MiB. */
  onLargeRelease(act: () => void): void {
    this.#afterLarge = act
  }

  /**
   * Throws WEIR_MEMORY_BUSY if others use the memory now, and WEIR_MEMORY_TOO_LARGE if the lease exceeds the budget by
   * itself, so that a retry is useless.
   */
  reserve(bytes: number): MemoryLease {
    const lease = new Lease((from, to) => {
      this.#move(from, to)
      if (to === 0 && from > largeLease) this.#afterLarge()
    })
    lease.grow(bytes)
    return lease
  }

  /** Reserves while `act` runs. */
  async use<T>(bytes: number, act: (lease: MemoryLease) => Promise<T>): Promise<T> {
    const lease = this.reserve(bytes)
    try {
      return await act(lease)
    } finally {
      lease.release()
    }
  }

  #at(name: keyof typeof cell) {
    return Atomics.load(this.#cells, cell[name])
  }

  #move(from: number, to: number) {
    const cells = this.#cells
    if (to <= from) return void Atomics.sub(cells, cell.used, from - to)
    const all = this.#at('capacity')
    const limit = to <= smallLease ? all : all - (all >> 3)
    if (to > limit) {
      Atomics.add(cells, cell.tooLarge, 1)
      throw new WeirError(
        'WEIR_MEMORY_TOO_LARGE',
        `decoding needs more than ${limit >> 10} MiB of memory, which is the limit for one request`,
      )
    }
    for (;;) {
      const used = this.#at('used')
      const next = used + to - from
      if (next > limit) {
        Atomics.add(cells, cell.busy, 1)
        throw memoryBusy()
      }
      if (Atomics.compareExchange(cells, cell.used, used, next) !== used) continue
      for (let peak = this.#at('peak'); next > peak; peak = this.#at('peak'))
        if (Atomics.compareExchange(cells, cell.peak, peak, next) === peak) break
      return
    }
  }
}

class Lease implements MemoryLease {
  bytes = 0
  #held = 0
  #isReleased = false
  readonly #move: (from: number, to: number) => void

  constructor(move: (from: number, to: number) => void) {
    this.#move = move
  }

  grow(bytes: number): void {
    if (this.#isReleased) return
    const to = Math.ceil((this.bytes + bytes) / kib)
    if (to !== this.#held) this.#move(this.#held, to)
    this.#held = to
    this.bytes += bytes
  }

  release(): void {
    this.#isReleased = true
    if (this.#held > 0) this.#move(this.#held, 0)
    this.#held = this.bytes = 0
  }
}

/** The budget of the process, in a worker. */
export function memoryOf(workerData: unknown): MemoryBudget | undefined {
  if (typeof workerData !== 'object' || workerData === null || !('memory' in workerData)) return undefined
  return new MemoryBudget(workerData.memory as SharedArrayBuffer)
}

const [least, most] = [32 * 2 ** 20, 256 * 2 ** 20]

/** A sixteenth of the memory of the container or machine, between 32 and 256 MiB. */
export function defaultBudget(limit: number): number {
  return Math.min(most, Math.max(least, limit / 16))
}
