import type { AwaitedSink } from '../../src/engine/contracts.ts'

/** A sink with a state set by the test. `undefined`: the sink does not run. */
export class AwaitedTestSink implements AwaitedSink {
  passed: number | undefined
  #changed = Promise.withResolvers<void>()

  constructor(passed: number | undefined) {
    this.passed = passed
  }

  move(passed: number | undefined): void {
    this.passed = passed
    this.#changed.resolve()
    this.#changed = Promise.withResolvers<void>()
  }

  async ready(signal: AbortSignal, waiting: (why: string) => void): Promise<boolean> {
    if (this.passed === undefined) waiting('sink out does not run')
    await this.#until(signal, () => this.passed !== undefined)
    return !signal.aborted
  }

  async settled(
    { position: { sequence } }: { readonly position: { readonly sequence: number } },
    signal: AbortSignal,
  ): Promise<'settled' | 'gone' | 'stopped'> {
    await this.#until(signal, () => this.passed === undefined || this.passed >= sequence)
    if (this.passed === undefined) return 'gone'
    return this.passed >= sequence ? 'settled' : 'stopped'
  }

  async #until(signal: AbortSignal, fact: () => boolean): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        resolve()
      })
    })
    while (!fact() && !signal.aborted) await Promise.race([this.#changed.promise, stopped])
  }
}
