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
  /** Of the stream, the metadata and the parsers. */
  readonly labels: Map<string, string>
  /** Names of labels of the parsers. */
  readonly parsed: Set<string> = new Set()
  /** Of unwrap. */
  value: number | undefined

  constructor(entry: LogEntry) {
    this.entry = entry
    this.line = entry.line
    this.labels = new Map([...entry.stream.entries, ...Object.entries(entry.metadata)])
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
    const { stream, metadata } = this.entry
    const isTaken = stream.get(name) !== '' || Object.hasOwn(metadata, name)
    const target = isTaken ? `${name}_extracted` : name
    if (!replaces && this.parsed.has(target)) return
    this.labels.set(target, value)
    this.parsed.add(target)
  }
}
