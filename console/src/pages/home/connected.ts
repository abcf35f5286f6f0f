import type { PipelineView, SinkView, SourceView } from '../../api/pipeline-view.ts'
import type { Exporters } from '../../api/exporters.ts'

/** Something that is, or could be, connected. */
export interface Connection {
  readonly id: string
  readonly name: string
  /** `yes`: rows pass; `waits`: it is there and nothing has come; `no`: it is not set up; `trouble`: it is, and something is wrong. */
  readonly is: 'yes' | 'waits' | 'no' | 'trouble'
  readonly says: string
  readonly where: readonly string[]
}

interface Told {
  readonly view: PipelineView
  readonly exporters: Exporters | undefined
  readonly count: (rows: number) => string
}

/** Who sends: each source, and what of it is missing. */
export function senders({ view, exporters, count }: Told): readonly Connection[] {
  const found = view.sources
    .filter(({ type }) => type !== '')
    .map((source): Connection => {
      const listens = exporters?.sources.find(({ name }) => name === source.name)
      const common = { id: `source:${source.name}`, name: source.name, where: source.addresses }
      if (source.error !== undefined) return { ...common, is: 'trouble', says: source.error }
      if (source.accepted === 0 && source.addresses.length === 0 && source.type in setUp)
        return { ...common, is: 'no', says: setUp[source.type] ?? '' }
      if (source.accepted === 0) return { ...common, is: 'waits', says: listens?.why ?? nothingYet(source) }
      const who =
        listens === undefined || listens.exporters.length === 0
          ? ''
          : ` from ${count(listens.known)} exporter${listens.known === 1 ? '' : 's'}`
      return { ...common, is: 'yes', says: `${count(source.accepted)} rows accepted${who}` }
    })
  const known = new Set(view.sources.map(({ type }) => type))
  return [
    ...found,
    ...Object.entries(setUp).flatMap(([type, says]) => (known.has(type) ? [] : [missing(type, type, says)])),
  ]
}

/** Sources of flows, and how each is made to listen. */
const setUp: Readonly<Record<string, string>> = {
  netflow:
    'NetFlow and IPFIX: it does not listen. Start with --netflow 0.0.0.0:2055, or write sources.netflow.listen in the configuration.',
  sflow: 'sFlow: it does not listen. Write sources.sflow.listen: 0.0.0.0:6343 in the configuration.',
}

function nothingYet({ type }: SourceView): string {
  return type === 'http' ? 'Nothing was posted yet.' : 'Nothing has come yet.'
}

function missing(id: string, name: string, says: string): Connection {
  return { id, name, is: 'no', says, where: [] }
}

/** Where rows go: the store and each sink. */
export function takers({ view, count }: Pick<Told, 'view' | 'count'>): readonly Connection[] {
  const found = view.sinks
    .filter(({ state }) => state !== 'gone')
    .map((sink): Connection => {
      const common = { id: `sink:${sink.name}`, name: sink.name, where: [] }
      const trouble = troubleOf(sink)
      if (trouble !== undefined) return { ...common, is: 'trouble', says: trouble }
      const delivered = sink.parts.find(({ name }) => name === 'delivered')?.rows ?? 0
      const letters = sink.parts.find(({ name }) => name === 'dead letters')?.rows ?? 0
      return delivered === 0
        ? { ...common, is: 'waits', says: 'Ready; no row has come for it yet.' }
        : {
            ...common,
            is: 'yes',
            says: `${count(delivered)} rows delivered${letters === 0 ? '' : `, ${count(letters)} dead letters`}`,
          }
    })
  const stores = found.some(({ name }) => name === 'store')
  return [
    ...(stores
      ? []
      : [
          missing(
            'store',
            'store',
            'Nothing is stored: pages show the live memory only. Take “store: none” out of the configuration to keep rows.',
          ),
        ]),
    ...found,
    ...(found.some(({ name }) => name !== 'store')
      ? []
      : [
          missing(
            'sinks',
            'further sinks',
            'None: rows go to no bus and no other system. “sinks” in the configuration adds a bus such as Kafka, NATS or RabbitMQ, an HTTP server, or files.',
          ),
        ]),
  ]
}

function troubleOf({ state, error, balanced }: SinkView): string | undefined {
  if (!balanced) return 'Its rows do not add up to what was accepted.'
  if (state === 'running') return undefined
  return (
    error ??
    (state === 'blocked'
      ? 'It is full and holds its sources back.'
      : state === 'stopped'
        ? 'It has stopped.'
        : 'It is tried again.')
  )
}
