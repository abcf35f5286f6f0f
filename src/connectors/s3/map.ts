import { createHash } from 'node:crypto'
import { flowForm } from '../../codecs/flow-forms/index.ts'
import type { SinkBatch } from '../../engine/contracts.ts'
import { sinkRows } from '../../engine/delivery/rows.ts'
import { lineForm } from '../../messaging/lines.ts'
import type { S3Config } from './config.ts'

export type ObjectForm = Readonly<{
  contentType: string
  suffix: string
  rows: (batch: SinkBatch) => Iterable<Uint8Array | string>
  body: (rows: readonly Uint8Array[], span: Span) => Buffer
}>

/** Unix ms of the first and the last receipt in a batch. */
type Span = Readonly<{
  from: number
  to: number
}>

export function objectForm({ format, codec, tcp_flags, header, compression }: S3Config): ObjectForm {
  if (format === 'netobserv')
    return {
      contentType: 'application/json',
      suffix: '',
      rows: (batch) => records(batch, tcp_flags),
      body: (rows, span) => flowLogs(rows, span, header),
    }
  const { head, rows } = lineForm({ codec, tcp_flags })
  return {
    contentType: codec === 'csv' ? 'text/csv' : 'application/x-ndjson',
    suffix: `${codec === 'csv' ? '.csv' : '.ndjson'}${compression === 'gzip' ? '.gz' : ''}`,
    rows,
    body: (lines) => Buffer.concat([head, ...lines]),
  }
}

function* records(batch: SinkBatch, flags: S3Config['tcp_flags']): Generator<Uint8Array | string> {
  const form = flowForm({ codec: 'netobserv-json', tcp_flags: flags })
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

export function spanOf({ pieces }: SinkBatch): Span {
  const times = pieces.map(({ header }) => header.received)
  return { from: Math.min(...times), to: Math.max(...times) }
}

/** The same for each retry of a batch, so that a repeated object replaces the earlier one. */
export function keyOf(prefix: string | null, batch: SinkBatch, number: number, suffix: string): string {
  const [date = '', time = ''] = seconds(spanOf(batch).from).split('T')
  const [year = '', month = '', day = ''] = date.split('-')
  const stream = `${date}T${time}`.replaceAll(/[-:]/g, '')
  const token = createHash('sha256').update(batch.token).digest('hex').slice(0, 16)
  const folder = `year=${year}/month=${month}/day=${day}/hour=${time.slice(0, 2)}/stream-id=${stream}-${token}`
  const begin = prefix?.replace(/\/+$/, '') ?? ''
  return `${begin === '' ? '' : `${begin}/`}${folder}/${String(number).padStart(8, '0')}${suffix}`
}
