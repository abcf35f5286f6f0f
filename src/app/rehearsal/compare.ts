import { stableId } from '../../model/positions.ts'
import type { FrameHeader } from '../../journal/types.ts'
import { DistinctValues, seriesOf } from './distinct.ts'
import { differenceOf, fieldsOf, shown } from './messages.ts'
import type { SinkResult } from './pipeline.ts'
import {
  differences,
  noCounts,
  type Counts,
  type Difference,
  type Example,
  type Side,
  type SinkReport,
  type SourceAtSink,
} from './report.ts'
import type { RowKey } from './row-keys.ts'
import type { SentRow } from './sink.ts'

type CompareOptions = Readonly<{
  sink: string
  type: string
  is: SinkReport['is']
  /** Number of examples for each difference. */
  examples: number
  problem?: string | undefined
}>

export const noResult: SinkResult = { rows: [], counts: new Map(), reason: () => 'no such row is made' }
/** Rows made of several rows that wait for an equal row of the other side. */
const maxWaiting = 200_000

/** Compares what a sink receives under two configurations, frame by frame. */
export class SinkComparison {
  readonly sink: string
  readonly #options: CompareOptions
  readonly #counts: Readonly<Record<Side, Map<string, Counts>>> = { running: new Map(), candidate: new Map() }
  readonly #differences = Object.fromEntries(differences.map((name) => [name, 0])) as Record<Difference, number>
  readonly #examples = new Map<Difference, Example[]>()
  readonly #destinations = { running: new DistinctValues(), candidate: new DistinctValues() }
  readonly #series = { running: new DistinctValues(), candidate: new DistinctValues() }
  /** Rows without a row of the journal, by their content: the other side may make them with another frame. */
  readonly #waiting: Readonly<Record<Side, Map<string, SentRow>>> = { running: new Map(), candidate: new Map() }

  constructor(options: CompareOptions) {
    this.#options = options
    this.sink = options.sink
  }

  /** `candidate` undefined: the same settings and inputs, so that both sides have the results of `running`. */
  add(header: FrameHeader, running: SinkResult = noResult, candidate?: SinkResult): void {
    this.#sum('running', running)
    this.#sum('candidate', candidate ?? running)
    if (candidate === undefined) return
    const [before, after] = [this.#grouped('running', running), this.#grouped('candidate', candidate)]
    for (const [key, rows] of before) {
      this.#pair(header, rows, after.get(key) ?? [], { running, candidate })
      after.delete(key)
    }
    for (const rows of after.values()) this.#pair(header, [], rows, { running, candidate })
    this.#settleContents(header)
  }

  report(): SinkReport {
    this.#settleContents(undefined)
    const { sink, type, is, problem } = this.#options
    const names = [...new Set([...this.#counts.running.keys(), ...this.#counts.candidate.keys()])].sort()
    const resultsOf = (values: Readonly<Record<Side, DistinctValues>>) => ({
      running: values.running.result,
      candidate: values.candidate.result,
    })
    return {
      sink,
      type,
      is,
      ...(problem === undefined ? {} : { problem }),
      sources: names.map((source): SourceAtSink => {
        const countsOf = (side: Side) => this.#counts[side].get(source) ?? noCounts()
        return { source, running: countsOf('running'), candidate: countsOf('candidate') }
      }),
      differences: this.#differences,
      destinations: resultsOf(this.#destinations),
      series: seriesOf(type, undefined) === undefined ? null : resultsOf(this.#series),
      examples: [...this.#examples.values()].flat(),
    }
  }

  #sum(side: Side, { rows, counts }: SinkResult) {
    const all = this.#counts[side]
    for (const [source, more] of counts) {
      const sum = all.get(source) ?? noCounts()
      all.set(source, sum)
      sum.accepted += more.accepted
      sum.sent += more.sent
      sum.bytes += more.bytes
      sum.refused += more.refused
      for (const [reason, count] of Object.entries(more.filtered))
        sum.filtered[reason] = (sum.filtered[reason] ?? 0) + count
    }
    for (const { preview } of rows) {
      if ('problem' in preview) continue
      this.#destinations[side].add(preview.to ?? '')
      for (const series of seriesOf(this.#options.type, preview) ?? []) this.#series[side].add(series)
    }
  }

  #grouped(side: Side, { rows }: SinkResult): Map<number, SentRow[]> {
    const groups = new Map<number, SentRow[]>()
    const otherSide = side === 'running' ? 'candidate' : 'running'
    for (const row of rows) {
      const { key } = row
      if (typeof key === 'string') {
        const name = `${row.source}/${key}`
        const waitingRow = this.#waiting[otherSide].get(name)
        if (waitingRow === undefined) this.#waiting[side].set(name, row)
        else {
          this.#waiting[otherSide].delete(name)
          const pair = side === 'running' ? [row, waitingRow] : [waitingRow, row]
          this.#compare(undefined, pair[0], pair[1], noResult)
        }
        continue
      }
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [row])
      else group.push(row)
    }
    return groups
  }

  /** Pairs rows made of one row of the journal: equal rows first, then rows of the same source. */
  #pair(
    header: FrameHeader,
    running: readonly SentRow[],
    candidate: readonly SentRow[],
    results: Readonly<Record<Side, SinkResult>>,
  ) {
    const unpaired = [...candidate]
    const take = (test: (row: SentRow) => boolean): SentRow | undefined => {
      const at = unpaired.findIndex(test)
      return at === -1 ? undefined : unpaired.splice(at, 1)[0]
    }
    const unequal = running.filter(
      (row) => take(({ preview }) => differenceOf(row.preview, preview) === undefined) === undefined,
    )
    for (const row of unequal) {
      const next = take(({ source }) => source === row.source) ?? unpaired.shift()
      this.#compare(header, row, next, results.candidate)
    }
    for (const row of unpaired) this.#compare(header, undefined, row, results.running)
  }

  #compare(
    header: FrameHeader | undefined,
    running: SentRow | undefined,
    candidate: SentRow | undefined,
    without: SinkResult,
  ) {
    const row = running ?? candidate
    if (row === undefined) return
    const difference =
      running === undefined
        ? 'new'
        : candidate === undefined
          ? 'lost'
          : differenceOf(running.preview, candidate.preview)
    // A row that is sent on neither side is no difference.
    if (difference === undefined || ((difference === 'new' || difference === 'lost') && 'problem' in row.preview))
      return
    this.#differences[difference]++
    const examples = this.#examples.get(difference) ?? []
    this.#examples.set(difference, examples)
    if (examples.length >= this.#options.examples) return
    const reason = difference === 'lost' || difference === 'new' ? this.#reason(row, without) : undefined
    examples.push({
      is: difference,
      source: row.source,
      row: nameOf(header, row),
      ...(reason === undefined ? {} : { reason }),
      ...(running === undefined || candidate === undefined
        ? {}
        : { fields: fieldsOf(running.preview, candidate.preview) }),
      ...(running === undefined ? {} : { running: shown(running.preview) }),
      ...(candidate === undefined ? {} : { candidate: shown(candidate.preview) }),
    })
  }

  #reason({ key, source }: SentRow, { reason }: SinkResult): string {
    const { is } = this.#options
    if (is !== 'in both') return is === 'removed' ? 'the sink is removed' : 'the sink is new'
    return typeof key === 'string' ? 'no such row is made' : reason(key, source)
  }

  /** Undefined header: at the end, every waiting row is a difference. */
  #settleContents(header: FrameHeader | undefined) {
    const { running, candidate } = this.#waiting
    if (header !== undefined && running.size + candidate.size < maxWaiting) return
    for (const row of running.values()) this.#compare(undefined, row, undefined, noResult)
    for (const row of candidate.values()) this.#compare(undefined, undefined, row, noResult)
    running.clear()
    candidate.clear()
  }
}

/** The permanent id of a row of the journal; a row made of several has its content as name. */
function nameOf(header: FrameHeader | undefined, { key, source }: Readonly<{ key: RowKey; source: string }>): string {
  if (typeof key === 'string' || header === undefined) return `${source}:${String(key).slice(0, 12)}`
  return stableId(header.source, header.epoch, header.sourceSequence, key)
}
