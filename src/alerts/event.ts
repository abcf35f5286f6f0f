import { createHash } from 'node:crypto'
import { alertTypes } from '../model/alerts.ts'
import { causeUrlOf } from './link.ts'
import { withoutUndefined } from '../model/json.ts'
import type { WeirEvent } from '../model/events.ts'
import type { AlertRule } from './rule.ts'
import { keyOf, type Transition } from './states.ts'

export type RuleFacts = Readonly<{
  name: string
  severity: string
  condition: string
  /** A firing alert ends unless it is repeated within this time, in ms. */
  validMs?: number
  refresh?: true
  query: Readonly<Record<string, unknown>>
}>

export function factsOf(rule: AlertRule): RuleFacts {
  const { name, severity, conditionText: condition, resend, every, refresh } = rule
  return {
    name,
    severity,
    condition,
    // As Prometheus: four intervals.
    ...(resend > 0 ? { validMs: 4 * Math.max(resend, every) } : {}),
    ...withoutUndefined({ refresh }),
    query:
      rule.is === 'sql'
        ? { sql: rule.sql }
        : {
            on: rule.view,
            filter: rule.filterText,
            measure: rule.measure,
            by: rule.by.map((field) => field.name),
            window_seconds: rule.window / 1000,
          },
  }
}

/** The same transition has the same id, also when it is repeated after a crash. */
export function eventOf(
  { name, severity, condition, query, validMs, refresh }: RuleFacts,
  { to, at, instance, reason, repeated }: Transition,
  generatorUrl: string,
): WeirEvent {
  const { labels, annotations, active, fired = at, value, cause } = instance
  const fingerprint = createHash('sha256').update(keyOf(labels)).digest('hex').slice(0, 16)
  const data = {
    rule: name,
    state: to,
    severity,
    condition,
    value,
    labels,
    annotations,
    query,
    activeAt: iso(active),
    startsAt: iso(fired),
    ...(to === 'resolved' ? { endsAt: iso(at) } : {}),
    ...(to === 'firing' && validMs !== undefined ? { validUntil: iso(at + validMs) } : {}),
    ...(repeated === true ? { repeated, ...withoutUndefined({ refresh }) } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(cause === undefined ? {} : { cause: { ...cause, url: causeUrlOf(generatorUrl, cause.onset, at) } }),
    generatorURL: generatorUrl,
  }
  return {
    id: `${name}/${fingerprint}/${active}/${to}${repeated === true ? `/${at}` : ''}`,
    source: `/weir/alerts/${name}`,
    type: alertTypes[to],
    subject: name,
    time: at,
    datacontenttype: 'application/json',
    family: 'event',
    // A resolution must not overtake its alert.
    key: `${name}/${fingerprint}`,
    encoding: 'json',
    data: new TextEncoder().encode(JSON.stringify(data)),
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
