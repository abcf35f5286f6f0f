/** Views `flows`, `events` and `audit`: the columns of the embedded store. Addresses are IPv6; results have texts. */
import { auditColumns } from '../../model/audit-columns.ts'
import { insightColumns } from '../../model/image-insights.ts'
import { flowFields, type Field } from '../../model/fields.ts'
import { receiptOf } from '../../net/clickhouse/times.ts'
import { serviceColumns, serviceSql } from '../../model/service-port.ts'
import { flowOrder } from '../read/views.ts'
import { asJson, name, text } from './sql.ts'
import { tableOf, type StoreNames } from './tables.ts'

const kinds = new Map((flowFields as readonly Field[]).map((field) => [field.name as string, field.kind]))

const service = serviceSql('clickhouse', { alias: 'f' })

function flowColumn(column: string): string {
  if (column === 'service_port') return `${service.port} AS \`service_port\``
  if (column === 'initiator') return `${service.initiator} AS \`initiator\``
  if (column === 'time_received') return `${receiptOf.flow('f.')} AS \`time_received\``
  if (column === 'time_skewed') return 'toBool(f.time_skewed) AS `time_skewed`'
  if (kinds.get(column) === 'json') return `${asJson(`f.${name(column)}`)} AS ${name(column)}`
  return `f.${name(column)} AS ${name(column)}`
}

export function flowsView(names: StoreNames): string {
  const later = [...kinds.keys()].filter((field) => !flowOrder.includes(field))
  const columns = [...flowOrder, ...later, ...serviceColumns].map(flowColumn)
  return `SELECT ${columns.join(', ')} FROM ${tableOf(names, 'flows')} AS f`
}

/** Valid JSON stays as it is, other texts become JSON strings, and bytes that are no text are Base64. */
const isText = "(e.encoding IN ('json', 'text') AND isValidUTF8(e.data))"
const bodyColumn =
  `multiIf(NOT ${isText}, NULL, e.encoding = 'json' AND isValidJSON(e.data), e.data, ` + 'toJSONString(e.data))'
const bytesColumn = `if(e.encoding = 'none' OR ${isText}, NULL, base64Encode(e.data))`

const received = receiptOf.event('e.')

export function eventsView(names: StoreNames): string {
  const plain = ['id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema']
  const columns = [
    ...plain.map((column) => `e.${name(column)} AS ${name(column)}`),
    `${asJson("if(isValidJSON(ifNull(e.extensions, '')), e.extensions, NULL)")} AS extensions`,
    `${asJson(bodyColumn)} AS data`,
    ...['family', 'ref', 'key'].map((column) => `e.${name(column)} AS ${name(column)}`),
    `${received} AS time_received`,
    'e._pos AS _pos',
    `${bytesColumn} AS data_base64`,
  ]
  return `SELECT ${columns.join(', ')} FROM ${tableOf(names, 'events')} AS e`
}

export function auditView(names: StoreNames): string {
  const columns = [
    'e.time AS `time`',
    ...auditColumns.flatMap((column) => {
      const auditColumn = `e.${name(`audit_${column}`)} AS ${name(column)}`
      return column === 'resource_type' ? ['e.ref AS `resource`', auditColumn] : [auditColumn]
    }),
    'e.id AS `id`',
    'e.source AS `source`',
    'e.`type` AS `type`',
    `${asJson(bodyColumn)} AS data`,
    'e._pos AS _pos',
  ]
  return `SELECT ${columns.join(', ')} FROM ${tableOf(names, 'events')} AS e WHERE e.family = 'audit'`
}

/** Span of the time of events; SQL of µs since 1970. */
export type EventSpan = Readonly<{
  from: string
  to: string
}>

function within({ from, to }: EventSpan): string {
  const moment = (micros: string): string => `fromUnixTimestamp64Micro(${micros}, 'UTC')`
  return ` AND e.\`time\` >= ${moment(from)} AND e.\`time\` <= ${moment(to)}`
}

/** Rows of a family, with their position and their body as JSON, for other views. */
export function eventsOf(names: StoreNames, family: string, span?: EventSpan): string {
  const position = ['_source', '_epoch', '_sequence', '_row']
  const columns = ['id', 'source', 'type', 'subject', 'time', 'key', 'ref', ...position, ...insightColumns]
  return (
    `SELECT ${columns.map((column) => `e.${name(column)} AS ${name(column)}`).join(', ')}, ${received} AS ` +
    `time_received, e._pos AS _pos, ${bodyColumn} AS data, e.audit_action AS action, e.audit_resource_type AS ` +
    `resource_type FROM ${tableOf(names, 'events')} AS e WHERE e.family = ${text(family)}` +
    (span === undefined ? '' : within(span))
  )
}
