import { createHash } from 'node:crypto'
import { alertEventSource, alertTypes } from '../model/alerts.ts'
import { causeUrlOf } from './link.ts'
import { withoutUndefined } from '../model/json.ts'
import type { WeirEvent } from '../model/events.ts'
import type { AlertRule } from './rule.ts'
import type { Silence } from './silences.ts'
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

const testMs = 5 * 60_000

/** The same transition has the same id, also when it is repeated after a crash. */
export function eventOf(
  { name, severity, condition, query, validMs, refresh }: RuleFacts,
  { to, at, instance, reason, repeated, withheld, test }: Transition,
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
    ...(test === true ? { test } : {}),
    ...(repeated === true ? { repeated, ...withoutUndefined({ refresh }) } : {}),
    ...(reason === undefined ? {} : { reason }),
    ...(withheld?.silence === undefined ? {} : { silence: silenceFacts(withheld.silence) }),
    ...(cause === undefined ? {} : { cause: { ...cause, url: causeUrlOf(generatorUrl, cause, at) } }),
    generatorURL: generatorUrl,
  }
  const suffix = `${repeated === true ? `/${at}` : ''}${withheld === undefined ? '' : '/silenced'}`
  return {
    id: `${test === true ? 'test/' : ''}${name}/${fingerprint}/${active}/${to}${suffix}`,
    source: `${alertEventSource}${name}`,
    type: alertTypes[withheld === undefined ? to : 'silenced'],
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

/** To verify that sinks deliver the alerts of a rule. Receivers with an end show it for a few minutes. */
export function testEventOf(rule: AlertRule, by: string, at: number, generatorUrl: string): WeirEvent {
  const { name, severity } = rule
  return eventOf(
    { ...factsOf(rule), validMs: testMs },
    {
      to: 'firing',
      at,
      instance: {
        labels: { alertname: name, severity, test: 'true' },
        annotations: { summary: `Test of alert rule ${name}, sent by ${by}. Nothing fires.` },
        state: 'firing',
        active: at,
        fired: at,
        value: null,
      },
      test: true,
    },
    generatorUrl,
  )
}

function silenceFacts({ until, reason, by }: Silence) {
  return { until: iso(until), reason, by }
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
