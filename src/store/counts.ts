import type { FrameHeader } from '../journal/types.ts'
import type { SourceCount } from './record.ts'

interface Counting {
  readonly id: number
  stored: number
  quarantined: number
  filtered?: number
  skipped?: NonNullable<SourceCount['skipped']>
}

export class SourceCounts {
  readonly #sources: Map<string, Counting>

  constructor(from: Readonly<Record<string, SourceCount>>) {
    this.#sources = new Map(Object.entries(from).map(([name, count]) => [name, { ...count }]))
  }

  /** Returns the source's number. Call it with every frame: missing rows are a gap. */
  arrive(header: FrameHeader): number {
    const counting = this.#of(header.source)
    this.#settle(counting, header.sourceRows)
    return counting.id
  }

  /** `rows`: before a checkpoint; missing ones are a gap. */
  settle(source: string, rows: number): void {
    this.#settle(this.#of(source), rows)
  }

  #settle(counting: Counting, rows: number) {
    const gap = rows - counting.stored - counting.quarantined - (counting.filtered ?? 0)
    if (gap > 0) counting.quarantined += gap
  }

  store({ source, sequence }: Pick<FrameHeader, 'source' | 'sequence'>, rows: number): void {
    const counting = this.#of(source)
    counting.stored += rows
    const last = counting.skipped?.at(-1)
    if (last?.length === 1) counting.skipped = [...(counting.skipped ?? []).slice(0, -1), [last[0], sequence]]
  }

  filter({ source, sequence }: Pick<FrameHeader, 'source' | 'sequence'>, rows: number): void {
    const counting = this.#of(source)
    counting.filtered = (counting.filtered ?? 0) + rows
    if (counting.skipped?.at(-1)?.length !== 1) counting.skipped = [...(counting.skipped ?? []), [sequence]]
  }

  quarantine(source: string, rows: number): void {
    this.#of(source).quarantined += rows
  }

  toRecord(): Record<string, SourceCount> {
    return Object.fromEntries([...this.#sources].map(([name, count]) => [name, { ...count }]))
  }

  #of(source: string): Counting {
    let counting = this.#sources.get(source)
    if (counting === undefined) {
      counting = { id: 1 + Math.max(0, ...[...this.#sources.values()].map(({ id }) => id)), stored: 0, quarantined: 0 }
      this.#sources.set(source, counting)
    }
    return counting
  }
}
