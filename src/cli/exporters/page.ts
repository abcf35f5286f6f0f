import type { ExporterReport, Ledger, SourceExporters } from '../../engine/control.ts'
import type { Exporters } from '../../topics/exporters/schema.ts'
import { recipes } from '../../topics/exporters/recipes.ts'
import { sizeText } from '../../model/size-text.ts'
import type { Data, Row } from '../output.ts'
import { oneLine, textTable } from '../text-table.ts'

const columns = ['address', 'lastSeen', 'lastRow', 'datagrams', 'rows', 'missing', 'malformed', 'why']

export function exporterRows({ sources }: Exporters): Pick<Data, 'rows' | 'columns'> {
  return {
    rows: sources.flatMap(({ name, exporters }) => exporters.map((exporter): Row => ({ source: name, ...exporter }))),
    columns: ['source', ...columns],
  }
}

export function exportersText({ sources }: Exporters, ledger: Ledger, now: number): string {
  const rows = sources.flatMap(({ name, exporters }) =>
    exporters.map((exporter) => [
      name,
      exporter.address,
      ago(now - exporter.lastSeen),
      numberOf(exporter, 'lastRow') === undefined ? '' : ago(now - (numberOf(exporter, 'lastRow') ?? 0)),
      exporter.datagrams,
      exporter.rows,
      templatesOf(exporter),
      (numberOf(exporter, 'missing') ?? 0) + (numberOf(exporter, 'missingDatagrams') ?? 0),
      numberOf(exporter, 'malformed') ?? 0,
    ]),
  )
  const seen = sources.reduce((sum, source) => sum + source.known, 0)
  const reasons = sources.flatMap((source) => [
    ...(source.why === undefined ? [] : [`${source.name}: ${oneLine(source.why)}`]),
    ...source.exporters.flatMap(({ address, why }) =>
      why === undefined ? [] : [`${source.name} ${address}: ${oneLine(why)}`],
    ),
    ...shedOf(ledger, source.name),
  ])
  return [
    ...(rows.length === 0
      ? ['No exporter has sent data since the start.\n']
      : [
          textTable(
            [
              'source',
              'exporter',
              'last datagram',
              'last flow',
              'datagrams',
              'flows',
              'templates',
              'missing',
              'malformed',
            ],
            rows,
          ),
        ]),
    ...(seen > rows.length ? [`${seen - rows.length} more are known; GET /api/v1/exporters?limit= lists them.\n`] : []),
    ...(reasons.length === 0 ? [] : [`${reasons.join('\n')}\n`]),
    ...(rows.length === 0
      ? [`Configure an exporter: weir exporters --how ${recipes.map(({ name }) => name).join(' | ')}\n`]
      : []),
  ].join('\n')
}

export function exporterText({ sources }: Exporters, address: string, now: number): string | undefined {
  const pages = sources.flatMap((source) =>
    source.exporters
      .filter((exporter) => exporter.address === address)
      .map((exporter) => onePage(source, exporter, now)),
  )
  return pages.length === 0 ? undefined : pages.join('\n')
}

function onePage(
  { name, listeners }: SourceExporters,
  { why, domains, bytes, ...facts }: ExporterReport,
  now: number,
): string {
  const lines = Object.entries(facts).flatMap(([key, value]) => {
    if (typeof value !== 'number' && typeof value !== 'string') return []
    return [[spaced(key), /^last(?:Seen|Row)$/.test(key) ? ago(now - Number(value)) : oneLine(String(value))]]
  })
  const spent = Object.entries((bytes ?? {}) as Readonly<Record<string, unknown>>).flatMap(([key, value]) =>
    typeof value === 'number' && value > 0 ? [`${sizeText(value)} ${spaced(key)}`] : [],
  )
  const dropped = listOf(listeners).map((record) => `${text(record['address'])} ${text(record['kernelDrops'])}`)
  return [
    textTable(
      ['source', name],
      [
        ...lines,
        ...(spent.length === 0 ? [] : [['bytes', spent.join(', ')]]),
        ...(dropped.length === 0 ? [] : [['dropped by the kernel, all exporters', dropped.join(', ')]]),
      ],
    ),
    ...(listOf(domains).length === 0
      ? []
      : [
          `\n${textTable(
            ['version', 'domain', 'port', 'last seen', 'templates', 'last announced', 'waits for', 'parked', 'one in'],
            listOf(domains).map((record) => [
              text(record['version']),
              text(record['domain']),
              `${text(record['port'])}/${text(record['transport'])}`,
              ago(now - Number(record['lastSeen'] ?? now)),
              ids(record['templates']),
              typeof record['lastTemplate'] === 'number' ? ago(now - record['lastTemplate']) : '',
              ids(record['waitingFor']),
              sizeText(Number(record['parkedBytes'] ?? 0)),
              text(record['sampling']),
            ]),
          )}`,
        ]),
    ...(why === undefined ? [] : [`\n${oneLine(why)}\n`]),
  ].join('')
}

const listOf = (value: unknown) => (Array.isArray(value) ? (value as readonly Readonly<Record<string, unknown>>[]) : [])
const text = (value: unknown) => (typeof value === 'number' || typeof value === 'string' ? oneLine(String(value)) : '')
const ids = (value: unknown) => (Array.isArray(value) ? (value as readonly unknown[]).map(text).join(' ') : '')
const spaced = (key: string) => key.replaceAll(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`)

function templatesOf({ domains }: ExporterReport) {
  return listOf(domains).reduce((sum, record) => sum + listOf(record['templates']).length, 0)
}

function numberOf(exporter: ExporterReport, what: string): number | undefined {
  const value = exporter[what]
  return typeof value === 'number' ? value : undefined
}

const shedReasons: Readonly<Record<string, string>> = {
  not_allowed: 'datagrams were received from addresses outside `allow`',
  kernel_dropped:
    'datagrams were dropped by the kernel because they were not read in time: see sysctl net.core.rmem_max ' +
    'and `receive_buffer`',
  malformed: 'datagrams were malformed',
  no_template: 'data sets were dropped because their template did not arrive in time',
  journal_full: 'flows were dropped because the journal is full',
  journal_behind: 'flows were dropped because the disk was too slow',
}

function shedOf({ sources }: Ledger, name: string): string[] {
  const shed = sources.find((source) => source.name === name)?.shed ?? {}
  return Object.entries(shed)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `${name}: ${count} ${shedReasons[reason] ?? `were refused (${reason})`}`)
}

export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  if (seconds < 120) return `${seconds} s ago`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`
}
