import type { LabelSet } from '../metrics/labels.ts'

export type LogEntry = Readonly<{
  /** Ns since 1970. */
  time: bigint
  line: string
  stream: LabelSet
  metadata: Readonly<Record<string, string>>
}>

export const errorLabel = '__error__'

/** A line between two stages. */
export class State {
  readonly entry: LogEntry
  line: string
  /** Labels of the stream, the metadata and the parsers. */
  readonly labels: Map<string, string>
  /** Names of labels of structured metadata; one that the stream has too gets a suffix. */
  readonly metadata: Set<string> = new Set()
  /** Names of labels of the parsers. */
  readonly parsed: Set<string> = new Set()
  /** Value that unwrap read. */
  value: number | undefined

  /** Time of the query, in ns. */
  readonly now: bigint

  constructor(entry: LogEntry, now: bigint) {
    this.entry = entry
    this.now = now
    this.line = entry.line
    this.labels = new Map(entry.stream.entries)
    for (const [name, value] of Object.entries(entry.metadata)) {
      const label = entry.stream.get(name) === '' ? name : `${name}_extracted`
      this.labels.set(label, value)
      this.metadata.add(label)
    }
  }

  get isFailed(): boolean {
    return this.labels.has(errorLabel)
  }

  fail(reason: string): void {
    this.labels.set(errorLabel, reason)
    this.parsed.add(errorLabel)
  }

  /** A label of the stream is not replaced; one of another parser only with `replaces`. */
  extract(name: string, value: string, { replaces = false }: { readonly replaces?: boolean } = {}): void {
    const isTaken = this.entry.stream.get(name) !== '' || this.metadata.has(name)
    const target = isTaken ? `${name}_extracted` : name
    if (!replaces && this.parsed.has(target)) return
    this.labels.set(target, value)
    this.parsed.add(target)
  }
}
