/** ConfigMaps that are due, and those that are due later. */
import type { Timer, Timers } from '../../../host/index.ts'
import { keyOf } from '../../../net/kubernetes/follow-collection.ts'
import type { Place } from '../client.ts'

export class ConfigMapQueue {
  readonly #places = new Map<string, Place>()
  readonly #later = new Map<string, Timer>()
  readonly #timers: Pick<Timers, 'after'>
  #woken = Promise.withResolvers<void>()

  constructor(timers: Pick<Timers, 'after'>) {
    this.#timers = timers
  }

  get size(): number {
    return this.#places.size
  }

  add({ namespace, name }: Place): void {
    this.#places.set(`${namespace}/${name}`, { namespace, name })
    this.wake()
  }

  later(position: Place, ms: number): void {
    const key = keyOf(position)
    this.cancel(key)
    const again = (): void => {
      this.#later.delete(key)
      this.add(position)
    }
    // Timers of Node end at 24 days.
    this.#later.set(key, this.#timers.after(Math.min(ms, 86_400_000), again))
  }

  /** Ends the wait of {@link later}. */
  cancel(key: string): void {
    this.#later.get(key)?.cancel()
    this.#later.delete(key)
  }

  drop(key: string): void {
    this.cancel(key)
    this.#places.delete(key)
  }

  /** Waits for one that is due. Undefined after an abort and {@link wake}. */
  async next(signal: AbortSignal): Promise<Place | undefined> {
    while (!signal.aborted) {
      const [first] = this.#places
      if (first !== undefined) {
        this.#places.delete(first[0])
        return first[1]
      }
      await this.#woken.promise
    }
    return undefined
  }

  wake(): void {
    this.#woken.resolve()
    this.#woken = Promise.withResolvers<void>()
  }

  close(): void {
    for (const timer of this.#later.values()) timer.cancel()
    this.#later.clear()
  }
}
