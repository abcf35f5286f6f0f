/** Log records of OTLP as log lines. */
import type { OtlpVisitor } from '../../codecs/otlp/index.ts'
import { labelsFault, type LabelFault } from '../label-bounds.ts'
import type { PushedRows } from '../pushed-rows.ts'
import { messageOf } from '../../model/errors.ts'
import { known, type Fields } from '../../model/json.ts'
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
    const metadata = { ...scope, ...(name === '' ? {} : { event_name: name }), ...labelsOf(record) }
    const time = msOf(nanos)
    const rest = JSON.stringify(
      known({
        metadata: isEmpty(metadata) ? undefined : metadata,
        severity: severityOf(record),
        trace: traceIn(record, 'traceId'),
        span: traceIn(record, 'spanId'),
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
  const number = Number(integerIn(record, 'severityNumber'))
  const text = textIn(record, 'severityText').toLowerCase()
  return severities[Math.ceil(number / 4) - 1] ?? severities.find((one) => text.startsWith(one))
}

function traceIn(record: Fields, name: string) {
  const id = textIn(record, name).toLowerCase()
  return /^[0-9a-f]*[1-9a-f][0-9a-f]*$/.test(id) ? id : undefined
}
