import type { StoredFile } from './record.ts'
import type { StoreState } from './state.ts'

export type Pin = Readonly<{
  state: StoreState
  files: readonly StoredFile[]
  again(): Pin
  release(): Promise<void>
}>

function lostNames(state: StoreState) {
  return [...state.files.values()].flatMap(({ name, lost }) => (lost === true ? [name] : []))
}

type Retired = Readonly<{ bytes: number; isUsed: (state: StoreState) => boolean }>

export class Versions {
  #current: StoreState
  readonly #missing: Set<string>
  readonly #pins = new Set<StoreState>()
  readonly #counts = new Map<StoreState, number>()
  readonly #retired = new Map<string, Retired>()
  readonly #remove: (name: string) => Promise<void>

  constructor(current: StoreState, missing: ReadonlySet<string>, remove: (name: string) => Promise<void>) {
    this.#current = current
    this.#missing = new Set([...missing, ...lostNames(current)])
    this.#remove = remove
  }

  get current(): StoreState {
    return this.#current
  }

  get missing(): ReadonlySet<string> {
    return this.#missing
  }

  advance(next: StoreState): void {
    this.#current = next
    for (const name of this.#missing) if (!next.files.has(name)) this.#missing.delete(name)
    for (const name of lostNames(next)) this.#missing.add(name)
  }

  exclude(name: string): void {
    if (this.#current.files.has(name)) this.#missing.add(name)
  }

  pin(): Pin {
    return this.#pin(this.#current)
  }

  #pin(state: StoreState): Pin {
    this.#pins.add(state)
    this.#counts.set(state, (this.#counts.get(state) ?? 0) + 1)
    let held = true
    return {
      state,
      files: [...state.files.values()].filter(({ name }) => !this.#missing.has(name)),
      again: () => this.#pin(state),
      release: async () => {
        if (!held) return
        held = false
        const left = (this.#counts.get(state) ?? 1) - 1
        this.#counts.set(state, left)
        if (left > 0) return
        this.#counts.delete(state)
        this.#pins.delete(state)
        await this.#sweep()
      },
    }
  }

  /** Removes a file of no durable version once no query uses it. */
  async retire(
    name: string,
    bytes: number,
    isUsed = (state: StoreState): boolean => state.files.has(name),
  ): Promise<void> {
    this.#retired.set(name, { bytes, isUsed })
    await this.#sweep()
  }

  /** Bytes of removed files that queries still read. */
  get retiredBytes(): number {
    return [...this.#retired.values()].reduce((sum, { bytes }) => sum + bytes, 0)
  }

  async #sweep() {
    for (const [name, { isUsed }] of this.#retired) {
      if ([...this.#pins].some(isUsed)) continue
      this.#retired.delete(name)
      await this.#remove(name)
    }
  }
}
