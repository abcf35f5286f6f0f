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
      ...whole.sources.map((one) => ({ kind: 'source', ...one })),
      ...whole.exporters.map((one) => ({ kind: 'exporter', name: one.address, ...one })),
      ...whole.sinks.map((one) => ({ kind: 'sink', ...one })),
    ].map((one) => ({ time: rates.time, ...one })),
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
      sources.map((one) => [one.name, one.type, one.rate, one.accepted, one.shedRate, one.shed]),
    ),
    ...(exporters.length === 0
      ? []
      : [
          textTable(
            ['exporter', 'source', 'flows/s', 'datagrams/s', 'missing', 'last seen'],
            exporters
              .slice(0, limit)
              .map((one) => [
                one.address,
                one.source,
                one.rate,
                one.datagramRate,
                one.missing,
                ago(now - one.lastSeen),
              ]),
          ),
        ]),
    ...(exporters.length > limit ? [`${exporters.length - limit} more exporters\n`] : []),
    textTable(
      ['sink', 'type', 'state', 'rows/s', 'lag', 'pending', 'dropped/s', 'dropped', 'dead letters'],
      sinks.map((one) => [
        one.name,
        one.type,
        one.state,
        one.rate,
        `${(one.lagMs / 1000).toFixed(1)} s`,
        one.pending,
        one.dropRate,
        one.dropped,
        one.deadLettered,
      ]),
    ),
    ...(troubles.length === 0 ? [] : [`${troubles.join('\n')}\n`]),
  ].join('\n')
}
