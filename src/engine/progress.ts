export class SourceRates {
  readonly #samples = new Map<string, Readonly<{ rows: number; at: number; rate: number; grew?: number }>>()

  /** `at`: monotonic time in ms. */
  update(sources: readonly Readonly<{ name: string; accepted: number }>[], at: number): void {
    for (const { name, accepted } of sources) {
      const last = this.#samples.get(name)
      const rate = last === undefined || at === last.at ? 0 : ((accepted - last.rows) / (at - last.at)) * 1000
      // Rows of an earlier run: silence is counted from the start.
      const grew = rate > 0 || (last === undefined && accepted > 0) ? at : last?.grew
      this.#samples.set(name, { rows: accepted, at, rate, ...(grew === undefined ? {} : { grew }) })
    }
  }

  sources(): string[] {
    return [...this.#samples.keys()]
  }

  has(source: string): boolean {
    return this.#samples.has(source)
  }

  of(source: string): number {
    return this.#samples.get(source)?.rate ?? 0
  }

  /** Ms since the last sample with new rows, or since the start if only earlier runs had rows. Undefined: none ever. */
  silence(source: string, now: number): number | undefined {
    const grew = this.#samples.get(source)?.grew
    return grew === undefined ? undefined : Math.max(0, now - grew)
  }
}

/** Time since the journal was at the store's position, in steps of a second. */
export class StoreLag {
  /** Journal end by second, for an hour. */
  readonly #ends: Readonly<{ at: number; sequence: number }>[] = []

  moved(end: number, now: number): void {
    if (end > (this.#ends.at(-1)?.sequence ?? 0) && this.#ends.length < 3600)
      this.#ends.push({ at: now, sequence: end })
  }

  of(stored: number, end: number, now: number): number {
    while ((this.#ends[0]?.sequence ?? Number.POSITIVE_INFINITY) <= stored) this.#ends.shift()
    return stored < end ? now - (this.#ends[0]?.at ?? now) : 0
  }
}
