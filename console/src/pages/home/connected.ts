import type { PipelineView, SinkView, SourceView } from '../../api/pipeline-view.ts'
import type { Exporters } from '../../api/exporters.ts'
import { counted } from '../../parts/format.ts'
import { homeText } from './text.ts'
import { generalText } from '../../text/general.ts'

export type Connection = Readonly<{
  id: string
  name: string
  /** `waiting`: configured, no rows yet; `absent`: not configured. */
  status: 'connected' | 'waiting' | 'absent' | 'failing'
  text: string
  where: readonly string[]
}>

type ConnectionQuery = Readonly<{
  view: PipelineView
  exporters: Exporters | undefined
  count: (rows: number) => string
}>

export function sourceConnections({ view, exporters, count }: ConnectionQuery): readonly Connection[] {
  const sources = view.sources
    .filter(({ type }) => type !== '')
    .map((source): Connection => {
      const listens = exporters?.sources.find(({ name }) => name === source.name)
      const common = { id: `source:${source.name}`, name: source.name, where: source.addresses }
      if (source.error !== undefined) return { ...common, status: 'failing', text: source.error }
      if (source.accepted === 0 && source.addresses.length === 0 && source.type in setUp)
        return { ...common, status: 'absent', text: setUp[source.type] ?? '' }
      if (source.accepted === 0) return { ...common, status: 'waiting', text: listens?.why ?? nothingYet(source) }
      const who =
        listens === undefined || listens.exporters.length === 0
          ? ''
          : homeText.fromExporters(counted(listens.known, 'exporter'))
      return { ...common, status: 'connected', text: homeText.rowsAccepted(count(source.accepted), who) }
    })
  const types = new Set(view.sources.map(({ type }) => type))
  return [
    ...sources,
    ...Object.entries(setUp).flatMap(([type, message]) => (types.has(type) ? [] : [missing(type, type, message)])),
  ]
}

const setUp: Readonly<Record<string, string>> = {
  netflow: homeText.netflowOff,
  sflow: homeText.sflowOff,
}

function nothingYet({ type }: SourceView) {
  return type === 'http' ? homeText.noEventsPostedYet : homeText.noDataReceivedYet
}

function missing(id: string, name: string, message: string): Connection {
  return { id, name, status: 'absent', text: message, where: [] }
}

export function sinkConnections({ view, count }: Pick<ConnectionQuery, 'view' | 'count'>): readonly Connection[] {
  const sinks = view.sinks
    .filter(({ state }) => state !== 'gone')
    .map((sink): Connection => {
      const common = { id: `sink:${sink.name}`, name: sink.name, where: [] }
      const trouble = troubleOf(sink)
      if (trouble !== undefined) return { ...common, status: 'failing', text: trouble }
      const delivered = sink.parts.find(({ name }) => name === 'delivered')?.rows ?? 0
      const letters = sink.parts.find(({ name }) => name === generalText.deadLettersInText)?.rows ?? 0
      return delivered === 0
        ? { ...common, status: 'waiting', text: homeText.readyNoRowsYet }
        : {
            ...common,
            status: 'connected',
            text: homeText.rowsDelivered(
              count(delivered),
              letters === 0 ? '' : homeText.andDeadLetters(count(letters)),
            ),
          }
    })
  const stores = sinks.some(({ name }) => name === 'store')
  return [
    ...(stores ? [] : [missing('store', 'store', homeText.storeOff)]),
    ...sinks,
    ...(sinks.some(({ name }) => name !== 'store') ? [] : [missing('sinks', homeText.otherSinks, homeText.noSinks)]),
  ]
}

function troubleOf({ state, error, balanced }: SinkView): string | undefined {
  if (!balanced) return homeText.unbalanced
  if (state === 'running') return undefined
  return (
    error ?? (state === 'blocked' ? homeText.blocked : state === 'stopped' ? homeText.stopped : homeText.restarting)
  )
}
