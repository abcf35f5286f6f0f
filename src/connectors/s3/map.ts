import { createHash } from 'node:crypto'
import { flowForm } from '../../codecs/flow-forms/index.ts'
import type { SinkBatch } from '../../engine/contracts.ts'
import { sinkRows, type SinkRow } from '../../engine/delivery/rows.ts'
import { lineForm } from '../../messaging/lines.ts'
import type { Failure } from '../../model/outcome.ts'
import type { S3Config } from './config.ts'
import { flowsAsJson, parquetBody, parquetRow } from './map-parquet.ts'

/** Objects with common columns. */
export type ObjectGroup = Readonly<{
  rows: Iterable<NumberedRow | Failure>
  key: (number: number) => string
  body: (rows: readonly Uint8Array[]) => Buffer
}>

export type ObjectForm = Readonly<{
  contentType: string
  isCompressed: boolean
  groups: (batch: SinkBatch) => readonly ObjectGroup[]
}>

type NumberedRow = Readonly<{ index: number; bytes: Uint8Array }>

/** Unix ms of the first and the last receipt in a batch. */
type Span = Readonly<{
  from: number
  to: number
}>

export function objectForm(config: S3Config): ObjectForm {
  const { format, codec, header, compression, prefix } = config
  if (format === 'parquet')
    return {
      contentType: 'application/vnd.apache.parquet',
      isCompressed: false,
      groups: (batch) => parquetGroups(batch, prefix),
    }
  if (format === 'netobserv')
    return {
      contentType: 'application/json',
      isCompressed: false,
      groups: (batch) => [
        {
          rows: numbered(records(batch, config)),
          key: (number) => keyOf(prefix, batch, number, ''),
          body: (rows) => flowLogs(rows, spanOf(batch), header),
        },
      ],
    }
  const { head, rows } = lineForm(config)
  const isCompressed = compression === 'gzip'
  const suffix = `${codec === 'csv' ? '.csv' : '.ndjson'}${isCompressed ? '.gz' : ''}`
  return {
    contentType: codec === 'csv' ? 'text/csv' : 'application/x-ndjson',
    isCompressed,
    groups: (batch) => [
      {
        rows: numbered(rows(batch)),
        key: (number) => keyOf(prefix, batch, number, suffix),
        body: (lines) => Buffer.concat([head, ...lines]),
      },
    ],
  }
}

function* numbered(rows: Iterable<Uint8Array | string>): Generator<NumberedRow | Failure> {
  let index = 0
  for (const bytes of rows) {
    yield typeof bytes === 'string' ? { index, is: 'reject', reason: bytes } : { index, bytes }
    index++
  }
}

/** By family and hour of receipt. */
function parquetGroups(batch: SinkBatch, prefix: string | null): ObjectGroup[] {
  const groups = new Map<string, { family: string; rows: NumberedRow[] }>()
  const rows = sinkRows(batch, flowsAsJson)
  for (const { header, rows: chosen } of batch.pieces) {
    const hour = new Date(header.received).toISOString().slice(0, 13).replaceAll(/[-T]/g, '/')
    for (const _ of chosen) {
      const row = rows.next().value as SinkRow
      const folder = `${row.family}/${hour}`
      const group = groups.get(folder) ?? { family: row.family, rows: [] }
      groups.set(folder, group)
      group.rows.push({ index: row.index, bytes: parquetRow(row, header.received) })
    }
  }
  const token = tokenOf(batch)
  return [...groups].map(([folder, { family, rows }]) => ({
    rows,
    key: (number) => `${beginOf(prefix)}${folder}/${token}-${String(number).padStart(8, '0')}.parquet`,
    body: (parts) => parquetBody(family, parts),
  }))
}

function* records(batch: SinkBatch, { tcp_flags, netobserv_fields }: S3Config): Generator<Uint8Array | string> {
  const form = flowForm({ codec: 'netobserv-json', tcp_flags, netobserv_fields })
  for (const { kind, event } of sinkRows(batch, form))
    yield kind === 'flows'
      ? (event.data ?? 'the flow is empty')
      : 'format `netobserv` supports flows only; set `only: { family: [flow] }` on the sink'
}

const seconds = (time: number) => `${new Date(time).toISOString().slice(0, 19)}Z`
const comma = Buffer.from(',')

function flowLogs(rows: readonly Uint8Array[], { from, to }: Span, header: Readonly<Record<string, string>>): Buffer {
  const members = {
    ...header,
    version: 'v0.1',
    capture_start_time: seconds(from),
    capture_end_time: seconds(to),
    number_of_flow_logs: rows.length,
  }
  const list = rows.flatMap((row, index) => (index === 0 ? [row] : [comma, row]))
  return Buffer.concat([
    Buffer.from(`${JSON.stringify(members).slice(0, -1)},"flow_logs":[`),
    ...list,
    Buffer.from(']}\n'),
  ])
}

function spanOf({ pieces }: SinkBatch): Span {
  const times = pieces.map(({ header }) => header.received)
  return { from: Math.min(...times), to: Math.max(...times) }
}

const tokenOf = ({ token }: SinkBatch) => createHash('sha256').update(token).digest('hex').slice(0, 16)

function beginOf(prefix: string | null): string {
  const begin = prefix?.replace(/\/+$/, '') ?? ''
  return begin === '' ? '' : `${begin}/`
}

/** The same for each retry of a batch, so that a repeated object replaces the earlier one. */
function keyOf(prefix: string | null, batch: SinkBatch, number: number, suffix: string): string {
  const [date = '', time = ''] = seconds(spanOf(batch).from).split('T')
  const [year = '', month = '', day = ''] = date.split('-')
  const stream = `${date}T${time}`.replaceAll(/[-:]/g, '')
  const folder = `year=${year}/month=${month}/day=${day}/hour=${time.slice(0, 2)}/stream-id=${stream}-${tokenOf(batch)}`
  return `${beginOf(prefix)}${folder}/${String(number).padStart(8, '0')}${suffix}`
}
