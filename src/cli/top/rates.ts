import type { ExporterReport, Ledger, Pipeline, SinkState } from '../../engine/control.ts'
import type { Exporters } from '../../topics/exporters/schema.ts'
import { withoutUndefined } from '../../model/json.ts'

export type Sample = Readonly<{
  at: number
  pipeline: Pipeline
  ledger: Ledger
  exporters: Exporters
}>

export type Rates = Readonly<{
  time: string
  seconds: number
  journal: Pipeline['journal']
  sources: readonly SourceRates[]
  exporters: readonly ExporterRates[]
  sinks: readonly SinkRates[]
}>

export type SourceRates = Readonly<{
  name: string
  type: string
  accepted: number
  rate: number
  shed: number
  shedRate: number
  error?: string
}>

type ExporterRates = Readonly<{
  source: string
  address: string
  lastSeen: number
  rate: number
  datagramRate: number
  missing: number
  why?: string
}>

type SinkRates = Readonly<{
  name: string
  type: string
  state: SinkState
  lagMs: number
  pending: number
  rate: number
  dropped: number
  dropRate: number
  deadLettered: number
  quarantined: number
  error?: string
}>

const total = (reasons: Readonly<Record<string, number>>) => Object.values(reasons).reduce((sum, rows) => sum + rows, 0)

export function ratesBetween(before: Sample, after: Sample): Rates {
  const seconds = Math.max(0.001, (after.at - before.at) / 1000)
  /** A lower count: the server restarted. */
  const perSecond = (now: number, then: number | undefined) =>
    then === undefined || now < then ? 0 : Math.round((10 * (now - then)) / seconds) / 10
  const sourcesBefore = new Map(before.ledger.sources.map((source) => [source.name, source]))
  const sinksBefore = new Map(before.ledger.sinks.map((sink) => [sink.name, sink]))
  const running = new Map(after.pipeline.sources.map((source) => [source.name, source]))
  const sinkStates = new Map(after.pipeline.sinks.map((sink) => [sink.name, sink]))
  return {
    time: new Date(after.at).toISOString(),
    seconds: Math.round(seconds * 10) / 10,
    journal: after.pipeline.journal,
    sources: after.ledger.sources.map(({ name, accepted, shed }) => {
      const then = sourcesBefore.get(name)
      const { type = '', error } = running.get(name) ?? {}
      return {
        name,
        type,
        accepted,
        rate: perSecond(accepted, then?.accepted),
        shed: total(shed),
        shedRate: perSecond(total(shed), then === undefined ? undefined : total(then.shed)),
        ...withoutUndefined({ error }),
      }
    }),
    exporters: exporterRates(before.exporters, after.exporters, perSecond),
    sinks: after.ledger.sinks.map(({ name, delivered, dropped, pending, dead_lettered: deadLettered, quarantined }) => {
      const then = sinksBefore.get(name)
      const { type = '', state = 'stopped' as const, lagMs = 0, error } = sinkStates.get(name) ?? {}
      return {
        name,
        type,
        state,
        lagMs: Math.round(lagMs),
        pending,
        rate: perSecond(delivered, then?.delivered),
        dropped: total(dropped),
        dropRate: perSecond(total(dropped), then === undefined ? undefined : total(then.dropped)),
        deadLettered,
        quarantined,
        ...withoutUndefined({ error }),
      }
    }),
  }
}

function exporterRates(
  before: Exporters,
  after: Exporters,
  perSecond: (now: number, then: number | undefined) => number,
): ExporterRates[] {
  const keyed = ({ sources }: Exporters): [string, ExporterReport][] =>
    sources.flatMap(({ name, exporters }) =>
      exporters.map((exporter): [string, ExporterReport] => [`${name} ${exporter.address}`, exporter]),
    )
  const earlier = new Map(keyed(before))
  return after.sources
    .flatMap(({ name, exporters }) =>
      exporters.map((exporter) => {
        const then = earlier.get(`${name} ${exporter.address}`)
        const { missing } = exporter
        return {
          source: name,
          address: exporter.address,
          lastSeen: exporter.lastSeen,
          rate: perSecond(exporter.rows, then?.rows ?? 0),
          datagramRate: perSecond(exporter.datagrams, then?.datagrams ?? 0),
          missing: typeof missing === 'number' ? missing : 0,
          ...(exporter.why === undefined ? {} : { why: exporter.why }),
        }
      }),
    )
    .toSorted((a, b) => b.rate - a.rate || b.datagramRate - a.datagramRate || b.lastSeen - a.lastSeen)
}
