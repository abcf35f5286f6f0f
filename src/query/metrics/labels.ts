export const metricName = '__name__'

/** They describe the metric. A computed value is another metric. */
export const metadataLabels: ReadonlySet<string> = new Set([metricName, '__type__', '__unit__'])

/** Sorted by name. */
export class LabelSet {
  static readonly empty: LabelSet = new LabelSet([])
  readonly entries: readonly (readonly [string, string])[]
  #key: string | undefined

  private constructor(entries: readonly (readonly [string, string])[]) {
    this.entries = entries
  }

  /** A label with an empty value is absent. */
  static of(labels: Readonly<Record<string, string>> | Iterable<readonly [string, string]>): LabelSet {
    const entries = Symbol.iterator in labels ? [...labels] : Object.entries(labels)
    return LabelSet.withEmpty(entries.filter(([, value]) => value !== ''))
  }

  /** A label with an empty value is another set than without it. */
  static withEmpty(entries: Iterable<readonly [string, string]>): LabelSet {
    return new LabelSet([...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
  }

  /** Equal for equal sets. */
  get key(): string {
    return (this.#key ??= JSON.stringify(this.entries))
  }

  get(name: string): string {
    for (const [label, value] of this.entries) if (label === name) return value
    return ''
  }

  keep(names: ReadonlySet<string>): LabelSet {
    return new LabelSet(this.entries.filter(([name]) => names.has(name)))
  }

  drop(names: ReadonlySet<string>): LabelSet {
    if (!this.entries.some(([name]) => names.has(name))) return this
    return new LabelSet(this.entries.filter(([name]) => !names.has(name)))
  }

  with(name: string, value: string): LabelSet {
    return LabelSet.of([...this.entries.filter(([label]) => label !== name), [name, value]])
  }

  get nameless(): LabelSet {
    return this.drop(metadataLabels)
  }

  toJSON(): Record<string, string> {
    return Object.fromEntries(this.entries)
  }
}

export function compareLabels({ entries: a }: LabelSet, { entries: b }: LabelSet): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++)
    for (const part of [0, 1] as const) {
      const [text, otherText] = [a[at]![part], b[at]![part]]
      if (text !== otherText) return text < otherText ? -1 : 1
    }
  return a.length - b.length
}
