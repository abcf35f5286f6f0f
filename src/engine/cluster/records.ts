import type { Host } from '../../host/index.ts'
import { fenceKey, type JournalBus } from '../../journal/index.ts'
import type { Log } from '../contracts.ts'
import type { SteadyWriter } from './steady-writer.ts'

interface Known {
  readonly value: unknown
  /** Monotonic ms at which it was read here. */
  readonly at: number
}

const againMs = 500

/** The small records beside the journal (places of sinks, totals of sources, who is there), as they are now: every process reads them all. */
export class SharedRecords {
  readonly #bus: JournalBus
  readonly #host: Host
  readonly #log: Log
  readonly #without: string
  readonly #known = new Map<string, Known>()
  readonly #waiting = new Set<() => void>()
  readonly #versions = new Map<string, number>()
  #place = 0

  /** `without`: what begins so is not kept. */
  constructor(options: {
    readonly bus: JournalBus
    readonly host: Host
    readonly log: Log
    readonly without?: string
  }) {
    this.#without = options.without ?? fenceKey
    this.#bus = options.bus
    this.#host = options.host
    this.#log = options.log
  }

  /** Reads on until the signal aborts; a bus that is away is asked again. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const records of this.#bus.read('records', this.#place, signal)) {
          for (const { key, value, place } of records) {
            this.#place = place
            if (!key.startsWith(fenceKey) && !key.startsWith(this.#without)) this.#take(key, value)
          }
          for (const wake of this.#waiting) wake()
        }
      } catch (error) {
        this.#log.warn('The records of the journal can not be read and are tried again.', { error: String(error) })
      }
      await this.#host.timers.sleep(againMs, signal)
    }
  }

  /** Resolves when everything that is written now is known here. Rejects when the bus is away. */
  async sync(signal: AbortSignal): Promise<void> {
    const { last } = await this.#bus.bounds('records')
    await this.until(() => this.#place >= last, signal)
  }

  /** Resolves when the records say so, or the signal aborts: they are looked at now and whenever some have come. */
  until(fact: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!signal.aborted && !fact()) return
        this.#waiting.delete(look)
        signal.removeEventListener('abort', look)
        resolve()
      }
      this.#waiting.add(look)
      signal.addEventListener('abort', look)
      look()
    })
  }

  /** Rises with each record whose key begins so, up to the first slash. */
  version(kind: string): number {
    return this.#versions.get(kind) ?? 0
  }

  get<T>(key: string): T | undefined {
    return this.#known.get(key)?.value as T | undefined
  }

  /** Those whose key begins so: what follows, their value, and how many ms ago it was read. */
  under<T>(prefix: string): readonly { readonly name: string; readonly value: T; readonly ageMs: number }[] {
    const now = this.#host.clock.monotonic()
    return [...this.#known]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { value, at }]) => ({ name: key.slice(prefix.length), value: value as T, ageMs: now - at }))
  }

  /** Counts every age from now on: while nothing could be read, nobody could show a sign of life. */
  renew(): void {
    const at = this.#host.clock.monotonic()
    for (const [key, known] of this.#known) this.#known.set(key, { ...known, at })
  }

  #take(key: string, value: Uint8Array): void {
    const kind = key.slice(0, key.indexOf('/'))
    this.#versions.set(kind, this.version(kind) + 1)
    if (value.length === 0) {
      this.#known.delete(key)
      return
    }
    try {
      this.#known.set(key, {
        value: JSON.parse(new TextDecoder().decode(value)) as unknown,
        at: this.#host.clock.monotonic(),
      })
    } catch {
      this.#log.warn('A record of the journal is not one of ours and is passed over.', { key })
    }
  }
}

export function writeRecord(writer: SteadyWriter, key: string, value: unknown): Promise<number> {
  return writer.write('records', [{ key, value: new TextEncoder().encode(JSON.stringify(value)) }])
}
