import { ago } from '../exporters/page.ts'
import { sizeText } from '../../model/size-text.ts'
import type { Data } from '../output.ts'
import { oneLine, textTable } from '../text-table.ts'
import type { Rates } from './rates.ts'

export function topData(rates: Rates, limit: number): Data {
  const whole = { ...rates, exporters: rates.exporters.slice(0, limit) }
  return {
    whole,
    rows: [
      ...whole.sources.map((source) => ({ kind: 'source', ...source })),
      ...whole.exporters.map((exporter) => ({ kind: 'exporter', name: exporter.address, ...exporter })),
      ...whole.sinks.map((sink) => ({ kind: 'sink', ...sink })),
    ].map((row) => ({ time: rates.time, ...row })),
    columns: [
      'time',
      'kind',
      'name',
      'source',
      'type',
      'state',
      'rate',
      'accepted',
      'shed',
      'shedRate',
      'datagramRate',
      'missing',
      'lagMs',
      'pending',
      'dropped',
      'dropRate',
      'deadLettered',
      'quarantined',
      'error',
      'why',
    ],
    table: () => topText(rates, limit),
  }
}

export function topText({ time, seconds, journal, sources, exporters, sinks }: Rates, limit: number): string {
  const now = Date.parse(time)
  const troubles = [
    ...sources.flatMap(({ name, error }) => (error === undefined ? [] : [`source ${name}: ${oneLine(error)}`])),
    ...exporters
      .flatMap(({ source, address, why }) => (why === undefined ? [] : [`${source} ${address}: ${oneLine(why)}`]))
      .slice(0, limit),
    ...sinks.flatMap(({ name, error }) => (error === undefined ? [] : [`sink ${name}: ${oneLine(error)}`])),
  ]
  return [
    `${time.slice(11, 19)} UTC, over ${seconds} s; journal ${sizeText(journal.bytes)} in ${journal.segments} ` +
      `segments, sequence ${journal.sequence}\n`,
    textTable(
      ['source', 'type', 'rows/s', 'accepted', 'shed/s', 'shed'],
      sources.map((source) => [source.name, source.type, source.rate, source.accepted, source.shedRate, source.shed]),
    ),
    ...(exporters.length === 0
      ? []
      : [
          textTable(
            ['exporter', 'source', 'flows/s', 'datagrams/s', 'missing', 'last seen'],
            exporters
              .slice(0, limit)
              .map((exporter) => [
                exporter.address,
                exporter.source,
                exporter.rate,
                exporter.datagramRate,
                exporter.missing,
                ago(now - exporter.lastSeen),
              ]),
          ),
        ]),
    ...(exporters.length > limit ? [`${exporters.length - limit} more exporters\n`] : []),
    textTable(
      ['sink', 'type', 'state', 'rows/s', 'lag', 'pending', 'dropped/s', 'dropped', 'dead letters'],
      sinks.map((sink) => [
        sink.name,
        sink.type,
        sink.state,
        sink.rate,
        `${(sink.lagMs / 1000).toFixed(1)} s`,
        sink.pending,
        sink.dropRate,
        sink.dropped,
        sink.deadLettered,
      ]),
    ),
    ...(troubles.length === 0 ? [] : [`${troubles.join('\n')}\n`]),
  ].join('\n')
}
