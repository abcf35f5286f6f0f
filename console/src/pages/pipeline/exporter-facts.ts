import type { ExporterReport } from '../../../../src/api/published.ts'
import type { Exporters } from '../../api/exporters.ts'
import { pipelineText } from '../../text/pipeline.ts'

export type ExporterRow = Readonly<{
  key: string
  source: string
  report: ExporterReport
  last: number
  lastRow: number | undefined
  templates: number
  sampling: readonly number[]
  missing: number
  malformed: number
  undecoded: Readonly<Record<string, number>>
}>

type Facts = Readonly<Record<string, unknown>>

export const listOf = (value: unknown): readonly Facts[] => (Array.isArray(value) ? (value as readonly Facts[]) : [])
const numberOf = (value: unknown) => (typeof value === 'number' ? value : undefined)

/** Bytes that are neither templates, headers nor data. */
const undecoded = ['parked', 'skipped', 'malformed'] as const

export function exporterRows({ sources }: Exporters): readonly ExporterRow[] {
  return sources.flatMap((source) =>
    source.exporters.map((report): ExporterRow => {
      const domains = listOf(report['domains'])
      const bytes = (report['bytes'] ?? {}) as Facts
      return {
        key: `${source.name}/${report.address}`,
        source: source.name,
        report,
        last: report.lastSeen,
        lastRow: numberOf(report['lastRow']),
        templates: domains.reduce((sum, domain) => sum + listOf(domain['templates']).length, 0),
        sampling: [...new Set(domains.flatMap((domain) => numberOf(domain['sampling']) ?? []))].sort((a, b) => a - b),
        missing: ['missing', 'missingDatagrams', 'missingSamples'].reduce(
          (sum, name) => sum + (numberOf(report[name]) ?? 0),
          0,
        ),
        malformed: (numberOf(report['malformed']) ?? 0) + (numberOf(report['malformedSets']) ?? 0),
        undecoded: Object.fromEntries(
          undecoded.flatMap((name) => ((numberOf(bytes[name]) ?? 0) > 0 ? [[name, numberOf(bytes[name]) ?? 0]] : [])),
        ),
      }
    }),
  )
}

export function kernelDrops(source: Exporters['sources'][number]): number {
  return listOf(source['listeners']).reduce((sum, listener) => sum + (numberOf(listener['kernelDrops']) ?? 0), 0)
}

const orders: Readonly<Record<string, (row: ExporterRow) => number | string>> = {
  exporter: ({ report }) => report.address,
  source: ({ source }) => source,
  last: ({ last }) => last,
  lastRow: ({ lastRow }) => lastRow ?? 0,
  datagrams: ({ report }) => report.datagrams,
  rows: ({ report }) => report.rows,
  templates: ({ templates }) => templates,
  missing: ({ missing }) => missing,
  malformed: ({ malformed }) => malformed,
}

export function sorted(rows: readonly ExporterRow[], sort: string): readonly ExporterRow[] {
  const of = orders[sort.replace(/^-/, '')]
  if (of === undefined) return rows
  const sign = sort.startsWith('-') ? -1 : 1
  return rows.toSorted((a, b) => {
    const [x, y] = [of(a), of(b)]
    return (
      sign *
        (typeof x === 'number' && typeof y === 'number'
          ? x - y
          : String(x).localeCompare(String(y), undefined, { numeric: true })) || a.key.localeCompare(b.key)
    )
  })
}

export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return pipelineText.secondsAgo(seconds)
  return seconds < 7200
    ? pipelineText.minutesAgo(Math.round(seconds / 60))
    : pipelineText.hoursAgo(Math.round(seconds / 3600))
}
