/** Log records of OTLP as log lines. */
import { createHash } from 'node:crypto'
import { Occurrences } from '../../messaging/push-source.ts'
import type { WeirEvent } from '../../model/events.ts'
import { known, type Fields } from '../../model/json.ts'
import { telemetryTypes, type LogData } from '../../model/points.ts'
import {
  integerIn,
  labelsOf,
  messageIn,
  messagesIn,
  msOf,
  resourceLabels,
  scopeLabels,
  textIn,
  textOfValue,
} from './map-attributes.ts'

/** Four numbers each, from 1. */
const severities = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
const utf8 = new TextEncoder()

export function recordEvents(request: Fields, now: number): WeirEvent[] {
  const ids = new Occurrences()
  return messagesIn(request, 'resourceLogs').flatMap((resource) => {
    const labels = resourceLabels(resource)
    return messagesIn(resource, 'scopeLogs').flatMap((scope) => {
      const ofScope = scopeLabels(scope)
      return messagesIn(scope, 'logRecords').map((record): WeirEvent => {
        const [occurred, observed] = [integerIn(record, 'timeUnixNano'), integerIn(record, 'observedTimeUnixNano')]
        const nanos = occurred === 0n ? observed : occurred
        const name = textIn(record, 'eventName')
        const metadata = { ...ofScope, ...(name === '' ? {} : { event_name: name }), ...labelsOf(record) }
        const time = msOf(nanos)
        const body: LogData = {
          line: textOfValue(messageIn(record, 'body')),
          ...known({
            labels: Object.keys(labels).length === 0 ? undefined : labels,
            metadata: Object.keys(metadata).length === 0 ? undefined : metadata,
            severity: severityOf(record),
            trace: traceIn(record, 'traceId'),
            span: traceIn(record, 'spanId'),
            arrival: time === undefined ? (true as const) : undefined,
          }),
        }
        const data = utf8.encode(JSON.stringify(body))
        const digest = createHash('sha256').update(`${nanos}\n`).update(data).digest('base64url').slice(0, 22)
        return {
          id: ids.idOf(digest),
          source: '/otlp',
          type: telemetryTypes.log,
          family: 'log',
          time: time ?? now,
          datacontenttype: 'application/json',
          encoding: 'json',
          data,
        }
      })
    })
  })
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
