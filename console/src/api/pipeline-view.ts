import type { Ledger, Pipeline } from '../../../src/api/published.ts'
import { pipelineText } from '../text/pipeline.ts'

export type Reasons = Readonly<Record<string, number>>

export type SourceView = Readonly<{
  name: string
  /** Empty: known to the ledger only, not running here. */
  type: string
  addresses: readonly string[]
  rate: number
  silentMs: number | undefined
  error: string | undefined
  feed: Pipeline['sources'][number]['feed']
  accepted: number
  duplicates: number
  unreadable: number
  shed: Reasons
}>

type Part = Readonly<{
  name: 'delivered' | 'pending' | 'filtered' | 'dead_letters' | 'dropped' | 'quarantined'
  rows: number
  reasons: Reasons
}>

export type SinkState = Pipeline['sinks'][number]['state'] | 'gone'

export type SinkView = Readonly<{
  name: string
  type: string
  from: readonly string[]
  state: SinkState
  lagMs: number | undefined
  error: string | undefined
  accepted: number
  parts: readonly Part[]
  balanced: boolean
}>

export type PipelineView = Readonly<{
  sources: readonly SourceView[]
  sinks: readonly SinkView[]
  accepted: number
  balanced: boolean
}>

export const total = (reasons: Reasons): number => Object.values(reasons).reduce((sum, rows) => sum + rows, 0)
export const sum = <T>(of: readonly T[], pick: (item: T) => number): number =>
  of.reduce((before, item) => before + pick(item), 0)

/** Each can contain names that the other lacks, for example derived streams and removed components. */
export function viewOf(pipeline: Pipeline, ledger: Ledger): PipelineView {
  const names = (
    of: readonly { readonly name: string }[],
    more: readonly { readonly name: string }[],
  ): readonly string[] => [...new Set([...of, ...more].map(({ name }) => name))]
  const sources = names(pipeline.sources, ledger.sources).map((name): SourceView => {
    const runs = pipeline.sources.find((source) => source.name === name)
    const sums = ledger.sources.find((source) => source.name === name)
    return {
      name,
      type: runs?.type ?? '',
      addresses: runs?.addresses ?? [],
      rate: runs?.rate ?? 0,
      silentMs: runs?.silentMs,
      error: runs?.error,
      feed: runs?.feed,
      accepted: sums?.accepted ?? 0,
      duplicates: sums?.duplicates ?? 0,
      unreadable: sums?.unreadable ?? 0,
      shed: sums?.shed ?? {},
    }
  })
  const accepted = new Map(sources.map((source) => [source.name, source.accepted]))
  const sinks = names(pipeline.sinks, ledger.sinks).map((name): SinkView => {
    const runs = pipeline.sinks.find((sink) => sink.name === name)
    const sums = ledger.sinks.find((sink) => sink.name === name)
    const from = sums?.from ?? runs?.from ?? []
    const given = sum(from, (source) => accepted.get(source) ?? 0)
    const parts: readonly Part[] =
      sums === undefined
        ? []
        : [
            { name: 'delivered', rows: sums.delivered, reasons: {} },
            { name: 'pending', rows: sums.pending, reasons: {} },
            { name: 'filtered', rows: total(sums.filtered), reasons: sums.filtered },
            { name: 'dead_letters', rows: sums.dead_lettered, reasons: {} },
            { name: 'dropped', rows: total(sums.dropped), reasons: sums.dropped },
            { name: 'quarantined', rows: sums.quarantined, reasons: {} },
          ]
    return {
      name,
      type: runs?.type ?? '',
      from,
      state: runs?.state ?? 'gone',
      lagMs: runs?.lagMs,
      error: runs?.error,
      accepted: given,
      parts,
      balanced: sums === undefined || sum(parts, ({ rows }) => rows) === given,
    }
  })
  return { sources, sinks, accepted: sum(sources, (source) => source.accepted), balanced: ledger.balanced }
}

const shedReasons: Readonly<Record<string, string>> = {
  not_allowed: pipelineText.shedNotAllowed,
  kernel_dropped: pipelineText.shedKernelDropped,
  malformed: pipelineText.shedMalformed,
  no_template: pipelineText.shedNoTemplate,
  journal_full: pipelineText.shedJournalFull,
  journal_behind: pipelineText.shedJournalBehind,
}

export function shedText(reason: string): string {
  return shedReasons[reason] ?? pipelineText.shedOther(reason.replaceAll('_', ' '))
}

export function deliveredPerSecond(before: Ledger | undefined, after: Ledger, ms: number): ReadonlyMap<string, number> {
  if (before === undefined || ms <= 0) return new Map()
  const then = new Map(before.sinks.map(({ name, delivered }) => [name, delivered]))
  return new Map(
    after.sinks.flatMap(({ name, delivered }) => {
      const was = then.get(name)
      return was === undefined ? [] : [[name, (Math.max(0, delivered - was) * 1000) / ms] as const]
    }),
  )
}
