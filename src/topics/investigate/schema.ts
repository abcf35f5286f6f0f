import { Array as ArrayOf, Integer, Number as Num, Object as ObjectOf, Optional, String as Text } from 'typebox'
import { lostFlows, stoppedTimes } from '../flows/schema.ts'
import { nullText, oneOf, orNull, parameters, timeRange, type Of } from '../schema.ts'
import { spanFrom } from '../time-span.ts'

export const laneNames = [
  'traffic',
  'latency',
  'drops',
  'changes',
  'audit',
  'events',
  'errors',
  'problems',
  'cost',
  'gaps',
] as const
export type LaneName = (typeof laneNames)[number]

/**
 * `empty`: rows of this family exist, and none is in the time range; `not-collected`: no row of the family is stored;
 * `not-permitted`: the viewer may not see the family; `not-applicable`: the family has nothing about the subject.
 */
const laneStates = ['shown', 'empty', 'not-collected', 'not-permitted', 'not-applicable'] as const

export const subjectKinds = ['object', 'actor', 'address', 'resource', 'image', 'account'] as const

export const InvestigateParameters = parameters({
  subject: Text({
    minLength: 1,
    maxLength: 2000,
    description:
      'namespace/name, Kind/namespace/name, an address, or a reference: k8s:<cluster>/<group>/<kind>/<namespace>/' +
      '<name>, user:<domain>/<name>, image:<name>[:<tag>][@sha256:…], account:<id> of a cloud, or one of a cloud ' +
      'resource.',
    examples: ['shop/api', '10.20.1.21', 'user:prod-eu/alice', 'image:registry/shop/web:1.0'],
  }),
  ...spanFrom('now-1h'),
  limit: Optional(Integer({ minimum: 1, maximum: 500, default: 100, description: 'Maximum items of a lane.' })),
  lanes: Optional(
    Text({
      maxLength: 200,
      description: `Lanes to read, comma-separated; all by default: ${laneNames.join(', ')}.`,
      examples: ['changes,cost'],
    }),
  ),
  format: Optional(oneOf(['json', 'md'], { default: 'json', description: 'md: a report in Markdown.' })),
  pins: Optional(
    Text({
      maxLength: 16_384,
      description: 'For Markdown: items to list first, as `lane:pos`, comma-separated (a comma within as `\\,`).',
    }),
  ),
  notes: Optional(
    Text({
      maxLength: 16_384,
      description: 'For Markdown: texts of pinned items, as `lane:pos=text`, comma-separated as in `pins`.',
    }),
  ),
  base: Optional(
    Text({
      maxLength: 500,
      pattern: '^https?://[^\\s()<>]+$',
      description: 'For Markdown: URL of the console. Default: that of the request.',
    }),
  ),
})

const LaneItem = ObjectOf({
  pos: Text({ description: 'Permanent id within the lane.' }),
  time: Text(),
  until: nullText('End of what lasts.'),
  is: oneOf(['change', 'rollout', 'audit', 'event', 'log', 'image', 'cost', 'gap']),
  level: oneOf(['info', 'warning', 'bad']),
  object: Text(),
  ref: nullText(),
  text: Text(),
  actor: nullText(),
  actor_ref: nullText(),
  amount: Optional(Text({ description: 'Of a cost: exact decimal.' })),
  currency: Optional(Text({ description: 'Of a cost.' })),
})
export type LaneItem = Of<typeof LaneItem>

const CostSum = ObjectOf({
  object: nullText('null: all further objects together.'),
  currency: Text(),
  amount: Text({ description: 'Exact decimal.' }),
})
export type CostSum = Of<typeof CostSum>

const Lane = ObjectOf({
  name: oneOf(laneNames),
  state: oneOf(laneStates, {
    description:
      'empty: nothing in the time range; not-collected: nothing of this kind is stored; not-permitted: the ' +
      'user may not see it; not-applicable: it has nothing about such a subject. The lanes latency, drops and ' +
      'errors (lines of logs) are absent without values; those of the first two are in `measured`.',
  }),
  note: nullText('Reason for missing items, or a remark.'),
  total: Integer(),
  items: ArrayOf(LaneItem, { description: 'The newest, in order of time.' }),
  sums: Optional(
    ArrayOf(CostSum, {
      description: 'Of the lane cost: sums of the time range, largest first, also of items that are absent.',
    }),
  ),
})
export type Lane = Of<typeof Lane>

const Measured = ObjectOf({
  time: Text(),
  rtt: orNull(Num({ description: 'Round-trip time in ms, percentile 95 of the flows.' })),
  dns_latency: orNull(Num({ description: 'Of DNS queries, in ms, percentile 95.' })),
  drop_packets: Num(),
  drop_bytes: Num(),
})
export type Measured = Of<typeof Measured>

export const Investigation = ObjectOf(
  {
    subject: ObjectOf({
      is: oneOf(subjectKinds, { description: 'Kind of the subject.' }),
      text: Text(),
      ref: Text({ description: 'Permanent name of the subject.' }),
    }),
    span: timeRange(),
    namespaces: orNull(ArrayOf(Text(), { description: 'Namespaces to which the response is limited; null: none.' })),
    filter: nullText('Filter of the flows of the traffic lane.'),
    step: Integer({ description: 'Length of a bucket in seconds.' }),
    buckets: ArrayOf(ObjectOf({ time: Text(), bytes: Num(), packets: Num(), flows: Num() }), {
      description: 'Traffic. Buckets without flows are omitted.',
    }),
    measured: ArrayOf(Measured, {
      description: 'Buckets with latencies or drops, for the lanes latency and drops.',
    }),
    since: nullText('Oldest stored flow, if the time range begins earlier.'),
    stored_to: nullText('Flows received later are not stored yet.'),
    lost: lostFlows(),
    stopped: stoppedTimes(),
    lanes: ArrayOf(Lane),
  },
  { $id: 'Investigation' },
)
export type Investigation = Of<typeof Investigation>
