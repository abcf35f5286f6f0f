import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Number as Real,
  Object as ObjectOf,
  Optional,
  String as Text,
} from 'typebox'
import { nullText, oneOf, orNull, parameters, texts, timeRange, type Of } from '../schema.ts'
import { spanFrom } from '../time-span.ts'

const value = () => orNull(Real({ description: 'Null: there is no value.' }))

const Cause = ObjectOf(
  {
    text: Text(),
    verdict: oneOf(['explained', 'uncertain']),
    object: ObjectOf({ kind: Text(), namespace: nullText(), name: Text(), ref: nullText() }),
    operation: Text(),
    actor: nullText(),
    time: Text({ description: 'Of the change.' }),
    onset: Text({ description: 'Of the change of the value; of rules with SQL the time since the condition holds.' }),
    pos: Text({ description: 'Permanent id of the change or audit event.' }),
    shown: Optional(oneOf(['changes', 'audit', 'inventory'], { description: 'Page of the console that shows it.' })),
  },
  {
    description:
      'The change that preceded it, found when it began to fire, if one explains it; for users without a limit to ' +
      'namespaces.',
  },
)

const Alert = ObjectOf({
  state: oneOf(['pending', 'firing']),
  labels: texts(),
  annotations: texts(),
  value: value(),
  value_text: Text({ description: 'The value with its unit.' }),
  active_at: Text({ description: 'Since when the condition holds.' }),
  starts_at: Optional(Text({ description: 'Since when it fires.' })),
  view: Text({ description: 'Path of the console that shows the rows.' }),
  silenced_until: Optional(Text({ description: 'It is not sent until then.' })),
  cause: Optional(Cause),
})

/** Written as in the configuration; `null` and absent are the default. */
export const AlertSettings = parameters({
  on: Optional(oneOf(['flows', 'changes', 'audit', 'events'])),
  filter: Optional(nullText()),
  measure: Optional(nullText('As `bytes/s` or `p99(rtt)`.')),
  by: Optional(ArrayOf(Text())),
  window: Optional(Text({ description: 'As `5m`.' })),
  condition: Optional(nullText('As `> 10 MB/s`.')),
  sql: Optional(nullText()),
  every: Optional(Text()),
  for: Optional(Text()),
  resend: Optional(nullText()),
  no_data: Optional(Text()),
  severity: Optional(Text()),
  labels: Optional(texts()),
  annotations: Optional(texts()),
})
export type AlertSettings = Of<typeof AlertSettings>

const Origin = ObjectOf(
  {
    is: oneOf(['file', 'api']),
    file: Optional(Text({ description: 'File of the configuration: the rule is changed there.' })),
    line: Optional(Integer()),
    by: Optional(Text({ description: 'User of this version.' })),
    changed: Optional(Text({ description: 'Version of the rule: `before` of the next one.' })),
  },
  { description: 'Where the rule is; for users without a limit to namespaces.' },
)

const Silence = ObjectOf({
  id: Text(),
  rule: Text(),
  labels: texts({ description: 'An alert has all of them; empty: every alert of the rule.' }),
  from: Text(),
  until: Text(),
  reason: Text(),
  by: Text({ description: 'Its user.' }),
})

const AlertRule = ObjectOf({
  name: Text(),
  on: oneOf(['flows', 'changes', 'audit', 'events', 'sql']),
  state: oneOf(['unknown', 'failing', 'no_data', 'firing', 'pending', 'inactive'], {
    description:
      '`unknown`: not evaluated yet. `failing`: the last evaluation failed, and its alerts keep their states. ' +
      '`no_data`: nothing was received in the window.',
  }),
  severity: Text(),
  condition: Text(),
  measure: Optional(Text({ description: 'Of a rule with a filter, as its filter and groups.' })),
  filter: Optional(Text()),
  by: Optional(ArrayOf(Text())),
  origin: Optional(Origin),
  settings: Optional(AlertSettings),
  every_seconds: Real(),
  for_seconds: Real(),
  evaluated_at: Optional(Text()),
  took_ms: Optional(Real({ description: 'Duration of the last evaluation.' })),
  error: Optional(Text({ description: 'Why the last evaluation failed, or why the rule is not evaluated.' })),
  failing_since: Optional(Text()),
  alerts: ArrayOf(Alert),
})

export const Alerts = ObjectOf(
  {
    rules: ArrayOf(AlertRule),
    firing: Integer({ description: 'Silenced ones included.' }),
    pending: Integer(),
    silenced: Integer({ description: 'Firing alerts that are not sent.' }),
    silences: ArrayOf(Silence, { description: 'Those that are not over.' }),
    problem: Optional(Text({ description: 'Why the rules of users are not evaluated.' })),
    evaluated_by: Optional(Text({ description: 'With a shared journal: the instance that evaluates the rules.' })),
  },
  { $id: 'Alerts' },
)
export type Alerts = Of<typeof Alerts>

export const AlertTestParameters = ObjectOf({ name: Text({ minLength: 1 }) })

const before = Text({
  maxLength: 40,
  description: '`changed` of the version that this one replaces. If another was saved since, the status is 409.',
})

export const PutAlert = parameters({
  settings: AlertSettings,
  before: Optional(before),
})

export const DeleteAlertQuery = parameters({ before: Optional(before) })

export const Deleted = ObjectOf({ deleted: Text() })

export const SavedAlert = ObjectOf({ name: Text(), changed: Text() }, { $id: 'SavedAlert' })

export const SilenceRequest = parameters({
  until: Text({ maxLength: 40, description: 'End: `now+2h`, ISO 8601, or Unix milliseconds; within a year.' }),
  reason: Text({ minLength: 1, maxLength: 500 }),
  labels: Optional(texts({ description: 'Silence alerts that have all of them. Default: every alert of the rule.' })),
})

export const AlertSilence = ObjectOf(Silence.properties, { $id: 'AlertSilence' })
export type AlertSilence = Of<typeof AlertSilence>

export const SilenceParameters = ObjectOf({ name: Text({ minLength: 1 }), id: Text({ minLength: 1 }) })

export const SentTest = ObjectOf(
  { name: Text(), sinks: ArrayOf(Text(), { description: 'Sinks that read alerts.' }) },
  { $id: 'SentTest' },
)
export type SentTest = Of<typeof SentTest>

export const PreviewRequest = parameters({
  settings: AlertSettings,
  from: Optional(Text({ default: 'now-24h', description: 'Start: `now-24h`, ISO 8601, or Unix milliseconds.' })),
  to: Optional(Text({ default: 'now' })),
})

export const AlertPreview = ObjectOf(
  {
    span: timeRange(),
    step_seconds: Real({ description: 'Time between the evaluations; it can be longer than `every`.' }),
    evaluations: Integer(),
    firings: Integer({ description: 'Number of all of them.' }),
    first: ArrayOf(
      ObjectOf({
        labels: texts(),
        from: Text(),
        to: nullText('Null: it would still fire.'),
        value: value(),
        value_text: Text(),
      }),
      { description: 'The first firings, in order of time.' },
    ),
    unit: Text(),
    per_second: Flag(),
    threshold: orNull(Real({ description: 'In the unit; null: without a condition.' })),
    peak: value(),
    peak_text: Text({ description: 'Largest value, or smallest for `<`.' }),
    values: ArrayOf(ObjectOf({ time: Integer({ description: 'Unix seconds.' }), value: value() }), {
      description: 'Largest value of each evaluation, or smallest for `<`.',
    }),
  },
  { $id: 'AlertPreview' },
)
export type AlertPreview = Of<typeof AlertPreview>

export const AlertHistoryParameters = parameters({
  rule: Optional(Text({ description: 'Only this rule.' })),
  ...spanFrom('now-7d'),
  limit: Optional(Integer({ minimum: 1, maximum: 1000, default: 200, description: 'Maximum number of alerts.' })),
})

export const AlertHistory = ObjectOf(
  {
    span: timeRange(),
    alerts: ArrayOf(
      ObjectOf({
        rule: Text(),
        labels: texts(),
        severity: Text(),
        condition: Text(),
        value: orNull(Real({ description: 'When it began to fire.' })),
        starts_at: Text({ description: 'Since when it fired.' }),
        ends_at: nullText('Null: it fires, or its end is unknown.'),
        silenced: Flag({ description: 'It was not sent when it began to fire.' }),
        silence: Optional(ObjectOf({ until: Text(), reason: Text(), by: Text() })),
        reason: Optional(Text({ description: 'Why it ended, if not by its condition.' })),
        cause: Optional(Text({ description: 'The change that preceded it.' })),
        view: Text({ description: 'Path of the console that shows the rows.' }),
      }),
      { description: 'Newest first.' },
    ),
    more: Flag({ description: 'Whether older ones were left out.' }),
  },
  { $id: 'AlertHistory' },
)
export type AlertHistory = Of<typeof AlertHistory>

export const AlertTest = ObjectOf(
  {
    name: Text(),
    no_data: Flag(),
    rows: ArrayOf(
      ObjectOf({
        labels: texts(),
        annotations: texts(),
        value: value(),
        met: Optional(Flag({ description: 'Whether the condition holds; absent without a value.' })),
      }),
    ),
  },
  { $id: 'AlertTest' },
)
export type AlertTest = Of<typeof AlertTest>
