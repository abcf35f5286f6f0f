import type { Host } from '../host/index.ts'
import type { FrameGroup } from './group.ts'
import type { Appended } from './types.ts'

export type PendingAppend = Readonly<{
  bytes: number
  add: (group: FrameGroup) => Appended
  resolve: (appended: Appended) => void
  reject: (error: Error) => void
}>

/** In append order. Units with time left do not start a group. */
export class AppendQueue {
  readonly #host: Host
  #units: (PendingAppend & { readonly until: number })[] = []
  #flush: () => void = () => undefined
  #closed = false
  bytes = 0

  constructor(host: Host) {
    this.#host = host
  }

  get length(): number {
    return this.#units.length
  }

  add(unit: PendingAppend, maxDelayMs: number): void {
    this.bytes += unit.bytes
    this.#units.push({ ...unit, until: maxDelayMs === 0 ? -Infinity : this.#host.clock.monotonic() + maxDelayMs })
    if (maxDelayMs === 0) this.#flush()
  }

  async ready(): Promise<void> {
    const { clock, timers } = this.#host
    let first = Infinity
    for (const { until } of this.#units) {
      if (until === -Infinity) return
      first = Math.min(first, until)
    }
    const ms = first - clock.monotonic()
    if (ms <= 0 || this.#closed) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#flush = resolve
    const timer = timers.after(ms, resolve)
    await promise
    timer.cancel()
    this.#flush = () => undefined
  }

  take(groupBytes: number): readonly PendingAppend[] {
    let [bytes, count] = [0, 0]
    while (count < this.#units.length && (count === 0 || bytes < groupBytes)) bytes += this.#units[count++]?.bytes ?? 0
    this.bytes -= bytes
    return this.#units.splice(0, count)
  }

  close(): void {
    this.#closed = true
    this.#flush()
  }
}
