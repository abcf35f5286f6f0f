/** Log records of OTLP as log lines. */
import type { OtlpVisitor } from '../../codecs/otlp/index.ts'
import { labelsFault, type LabelFault } from '../label-bounds.ts'
import type { PushedRows } from '../pushed-rows.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutUndefined, type Fields } from '../../model/json.ts'
import { telemetryTypes } from '../../model/points.ts'
import { isRefusal } from '../../net/http/push-refused.ts'
import type { LabelBounds } from '../../schema/label-fields.ts'
import {
  integerIn,
  labelsOf,
  messageIn,
  msOf,
  resourceLabels,
  scopeLabels,
  textIn,
  textOfValue,
  type Texts,
} from './attributes.ts'
import { attributesOrFault, unreadable } from './faults.ts'

/** Four numbers each, from 1. */
const severities = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

/**
 * Puts log records into rows. The bounds of labels apply to the attributes of the resource, which are labels;
 * attributes of a record are metadata. A record at fault is counted as `invalid_record`, or by the exceeded bound.
 */
export class RecordVisitor implements OtlpVisitor {
  readonly #rows: PushedRows
  readonly #bounds: LabelBounds
  readonly #now: number
  /** JSON of the labels. */
  #labels = ''
  #fault: LabelFault | Readonly<{ reason: 'invalid_record'; message: string }> | undefined
  #scope: Texts | string = {}

  constructor(rows: PushedRows, bounds: LabelBounds, now: number) {
    this.#rows = rows
    this.#bounds = bounds
    this.#now = now
  }

  get isFull(): boolean {
    return this.#rows.isFull
  }

  resource(resource: Fields | undefined): void {
    const labels = attributesOrFault(() => resourceLabels({ resource: resource ?? unreadable('resource') }))
    this.#fault =
      typeof labels === 'string' ? { reason: 'invalid_record', message: labels } : labelsFault(labels, this.#bounds)
    this.#labels = typeof labels === 'string' ? '' : JSON.stringify(labels)
  }

  scope(scope: Fields | undefined): void {
    this.#scope = attributesOrFault(() => scopeLabels({ scope: scope ?? unreadable('scope') }))
  }

  metric(): void {}
  point(): void {}

  record(record: Fields): void {
    const fault = this.#fault
    if (fault !== undefined) return this.#rows.leave(fault.reason, 1, `a log record: ${fault.message}`)
    try {
      this.#put(record)
    } catch (error) {
      if (isRefusal(error)) throw error
      this.fault(messageOf(error))
    }
  }

  fault(message: string): void {
    this.#rows.leave('invalid_record', 1, `a log record: ${message}`)
  }

  #put(record: Fields) {
    const scope = this.#scope
    if (typeof scope === 'string') throw new Error(scope)
    const [occurred, observed] = [integerIn(record, 'timeUnixNano'), integerIn(record, 'observedTimeUnixNano')]
    const nanos = occurred === 0n ? observed : occurred
    const name = textIn(record, 'eventName')
    const ids = idsIn(record)
    const named = name === '' ? {} : { event_name: name }
    const metadata = { ...scope, ...named, ...ids.metadata, ...labelsOf(record) }
    const time = msOf(nanos)
    const rest = JSON.stringify(
      withoutUndefined({
        metadata: isEmpty(metadata) ? undefined : metadata,
        severity: severityOf(record),
        trace: ids.trace,
        span: ids.span,
        nanos: time === undefined || nanos % nsPerMs === 0n ? undefined : Number(nanos % nsPerMs),
        arrival: time === undefined ? (true as const) : undefined,
      }),
    )
    const json =
      `{"line":${JSON.stringify(textOfValue(messageIn(record, 'body')))}` +
      (this.#labels === '{}' ? '' : `,"labels":${this.#labels}`) +
      (rest === '{}' ? '}' : `,${rest.slice(1)}`)
    this.#rows.put(
      { source: '/otlp', type: telemetryTypes.log, family: 'log', time: time ?? this.#now },
      json,
      `${nanos}\n${json}`,
    )
  }
}

const nsPerMs = 1_000_000n

function isEmpty(texts: Texts) {
  for (const _ in texts) return false
  return true
}

function severityOf(record: Fields) {
  const named = severityName.exec(String(record['severityNumber']))
  const number = named === null ? Number(integerIn(record, 'severityNumber')) : numberOf(named)
  const text = textIn(record, 'severityText').toLowerCase()
  return severities[Math.ceil(number / 4) - 1] ?? severities.find((severity) => text.startsWith(severity))
}

/** JSON of protobuf has the names of an enumeration, too. */
const severityName = /^SEVERITY_NUMBER_(UNSPECIFIED|TRACE|DEBUG|INFO|WARN|ERROR|FATAL)([2-4]?)$/

function numberOf([, name = '', step = '']: RegExpExecArray): number {
  const at = severities.indexOf(name.toLowerCase())
  return at < 0 ? 0 : 4 * at + Number(step === '' ? 1 : step)
}

const idBytes = { traceId: 16, spanId: 8 } as const

/** OTLP's JSON has ids as hexadecimal digits, JSON of protobuf as base64. An id of another length is metadata. */
function idsIn(record: Fields): Readonly<{ trace?: string; span?: string; metadata: Texts }> {
  const [trace, span] = [idIn(record, 'traceId'), idIn(record, 'spanId')]
  return {
    ...withoutUndefined({ trace: trace.id, span: span.id }),
    metadata: withoutUndefined({ trace_id: trace.other, span_id: span.other }),
  }
}

function idIn(record: Fields, name: keyof typeof idBytes): Readonly<{ id?: string; other?: string }> {
  const text = textIn(record, name)
  const bytes = idBytes[name]
  const isBase64 = text.endsWith('=') && text.length === 4 * Math.ceil(bytes / 3)
  const id = isBase64 ? Buffer.from(text, 'base64').toString('hex') : text.toLowerCase()
  if (!/[^0]/.test(id)) return {}
  return id.length === 2 * bytes && /^[0-9a-f]+$/.test(id) ? { id } : { other: text }
}
