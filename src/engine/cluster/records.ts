import type { Host } from '../../host/index.ts'
import { fenceKey, type JournalBus } from '../../journal/index.ts'
import type { Log } from '../contracts.ts'
import type { RetryingWriter } from './retrying-writer.ts'

type Known = Readonly<{
  value: unknown
  at: number
  place: number
}>

const retryMs = 500

/** Newest records beside the journal: sink positions, source totals, heartbeats. */
export class SharedRecords {
  readonly #bus: JournalBus
  readonly #host: Host
  readonly #log: Log
  readonly #without: string
  readonly #known = new Map<string, Known>()
  readonly #waiting = new Set<() => void>()
  readonly #versions = new Map<string, number>()
  #place = 0

  constructor(options: Readonly<{ bus: JournalBus; host: Host; log: Log; without?: string }>) {
    this.#without = options.without ?? fenceKey
    this.#bus = options.bus
    this.#host = options.host
    this.#log = options.log
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const records of this.#bus.read('records', this.#place, signal)) {
          for (const { key, value, position } of records) {
            this.#place = position
            if (!key.startsWith(fenceKey) && !key.startsWith(this.#without)) this.#take(key, value, position)
          }
          for (const wake of this.#waiting) wake()
        }
      } catch (error) {
        this.#log.warn("Reading the journal's records failed; retrying.", { error: String(error) })
      }
      await this.#host.timers.sleep(retryMs, signal)
    }
  }

  async sync(signal: AbortSignal): Promise<void> {
    const { last } = await this.#bus.bounds('records')
    await this.until(() => this.#place >= last, signal)
  }

  /** Tested now and after each group of records. */
  until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!signal.aborted && !condition()) return
        this.#waiting.delete(check)
        signal.removeEventListener('abort', check)
        resolve()
      }
      this.#waiting.add(check)
      signal.addEventListener('abort', check)
      check()
    })
  }

  /** Increases with each record of this kind (the key up to the first slash). */
  version(kind: string): number {
    return this.#versions.get(kind) ?? 0
  }

  get<T>(key: string): T | undefined {
    return this.#known.get(key)?.value as T | undefined
  }

  /** Position of the newest record of this key: the order in which records were written. */
  placeOf(key: string): number | undefined {
    return this.#known.get(key)?.place
  }

  under<T>(prefix: string): readonly Readonly<{ name: string; value: T; ageMs: number }>[] {
    const now = this.#host.clock.monotonic()
    return [...this.#known]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { value, at }]) => ({ name: key.slice(prefix.length), value: value as T, ageMs: now - at }))
  }

  /** Restarts all ages after an outage, when no heartbeat could be read. */
  renew(): void {
    const at = this.#host.clock.monotonic()
    for (const [key, record] of this.#known) this.#known.set(key, { ...record, at })
  }

  #take(key: string, value: Uint8Array, position: number) {
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
        place: position,
      })
    } catch {
      this.#log.warn('Skipped a journal record of unknown format.', { key })
    }
  }
}

export function writeRecord(writer: RetryingWriter, key: string, value: unknown): Promise<number> {
  return writer.write('records', [{ key, value: new TextEncoder().encode(JSON.stringify(value)) }])
}
