import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Number as Real,
  Object as ObjectOf,
  Optional,
  String as Text,
} from 'typebox'
import { nullText, oneOf, orNull, texts, type Of } from '../schema.ts'

const value = () => orNull(Real({ description: 'Null: there is no value.' }))

const Cause = ObjectOf(
  {
    text: Text(),
    verdict: oneOf(['explained', 'uncertain']),
    object: ObjectOf({ kind: Text(), namespace: nullText(), name: Text(), ref: nullText() }),
    operation: Text(),
    actor: nullText(),
    time: Text({ description: 'Of the change.' }),
    onset: Text({ description: 'Of the change of traffic.' }),
    pos: Text({ description: 'Permanent id of the change or audit event.' }),
  },
  {
    description:
      'The change that preceded it, found when it began to fire: of rules on sums of flows, if one explains it, for ' +
      'users without a limit to namespaces.',
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
  cause: Optional(Cause),
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
  every_seconds: Real(),
  for_seconds: Real(),
  evaluated_at: Optional(Text()),
  took_ms: Optional(Real({ description: 'Duration of the last evaluation.' })),
  error: Optional(Text({ description: 'Why the last evaluation failed.' })),
  failing_since: Optional(Text()),
  alerts: ArrayOf(Alert),
})

export const Alerts = ObjectOf(
  {
    rules: ArrayOf(AlertRule),
    firing: Integer(),
    pending: Integer(),
    evaluated_by: Optional(Text({ description: 'With a shared journal: the instance that evaluates the rules.' })),
  },
  { $id: 'Alerts' },
)
export type Alerts = Of<typeof Alerts>

export const AlertTestParameters = ObjectOf({ name: Text({ minLength: 1 }) })

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
