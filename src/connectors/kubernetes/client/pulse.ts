import type { Host } from '../../../host/index.ts'

export class Pulse {
  readonly #host: Host
  readonly #act: () => void
  #timer: { cancel(): void } | undefined
  stopped = false
  late = false

  constructor(host: Host, act: () => void) {
    this.#host = host
    this.#act = act
  }

  beat(ms: number): void {
    this.#timer?.cancel()
    this.#timer = this.#host.timers.after(ms, () => {
      this.stopped = true
      this.late = true
      this.#act()
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }
}
