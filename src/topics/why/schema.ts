import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Number as Num,
  Object as ObjectOf,
  Optional,
  Record as RecordOf,
  String as Text,
} from 'typebox'
import type { PatchStep } from '../../model/kubernetes.ts'
import { measures } from '../../query/plan/index.ts'
import { questionParameters } from '../flows/parameters.ts'
import { described, nullText, oneOf, orNull, parameters, timeRange, type Of } from '../schema.ts'
import { levelKinds } from './levels.ts'
import { statistics } from '../../query/statistics.ts'
import { reasons } from './types.ts'

export const WhyParameters = parameters({
  ...questionParameters,
  by: Optional(
    oneOf([...measures, ...statistics], {
      default: 'bytes',
      description: `Measure to compare: ${measures.join(', ')}, or ${statistics.join(', ')} of the field \`of\`.`,
    }),
  ),
  of: Optional(
    Text({
      description: 'Explain a statistic of a numeric field of the flows, with `by`; default p95.',
      examples: ['rtt'],
    }),
  ),
  promql: Optional(
    Text({
      maxLength: 65_536,
      description: 'Explain a metric instead of traffic, without `filter` and `by`.',
      examples: ['sum by (namespace, deployment) (rate(http_errors_total[5m]))'],
    }),
  ),
  logql: Optional(
    Text({
      maxLength: 65_536,
      description: 'The same for a metric of log lines. Steps without a line are 0.',
      examples: ['sum by (namespace, app) (count_over_time({app="web"} |= "error" [1m]))'],
    }),
  ),
  lookback: Optional(
    Text({ default: '30m', description: 'How long before the start candidates are searched: 10m, 2h, 1d.' }),
  ),
  at: Optional(
    Text({
      description: 'Time of the change of level to explain, of `levels`; default: the largest fall, or else change.',
    }),
  ),
  limit: Optional(Integer({ minimum: 1, maximum: 200, default: 20, description: 'Maximum number of candidates.' })),
})

export type WhyQuery = Of<typeof WhyParameters>

export const MarksParameters = parameters({
  ...questionParameters,
  limit: Optional(Integer({ minimum: 1, maximum: 500, default: 60, description: 'Maximum number of marks.' })),
})

export const LevelsParameters = parameters({
  ...questionParameters,
  limit: Optional(Integer({ minimum: 1, maximum: 10, default: 4, description: 'Maximum number of levels.' })),
})

const mark = () => ({
  is: oneOf(['change', 'rollout', 'resource', 'audit'], {
    description:
      'A change of an object; one of a pod template; one of a cloud resource, as its inventory recorded it; an audit ' +
      'event without such a change.',
  }),
  time: Text({ description: 'For cloud resources that of the audit event, if there is one; else of the record.' }),
  cluster: nullText(),
  group: Text({ description: 'For cloud resources the provider.' }),
  kind: Text({ description: 'Of the object; for clouds the type of the resource.' }),
  namespace: nullText(),
  name: Text(),
  ref: nullText(),
  operation: Text({
    description:
      'created, updated or deleted; of cloud resources created, changed or deleted; of audit events the action.',
  }),
  actor: nullText(),
  actor_kind: nullText(),
  actor_ref: nullText(),
  manager: nullText(),
  audit_id: nullText(),
  paths: ArrayOf(Text()),
  diff: described<readonly (PatchStep & { readonly old?: unknown })[]>(
    'JSON Patch from old to new (RFC 6902), at most 40 operations; `old` is the known value before.',
  ),
  pos: Text({ description: 'Permanent id of the change or audit event.' }),
  reasons: ArrayOf(
    ObjectOf({
      is: oneOf(reasons),
      object: Text({ description: 'The affected workload, or the actor.' }),
      via: Optional(Text({ description: 'Set if that workload only exchanges traffic with this affected one.' })),
    }),
    { description: 'The relation to the workloads of the flows.' },
  ),
})

const end = () => ObjectOf({ cluster: nullText(), namespace: Text(), kind: Text(), name: Text() })
const cut = () => Flag({ description: 'More than 5,000 changes: only the newest were considered.' })

const level = () => ({
  time: Text({ description: 'Start of the first bucket at the new level.' }),
  earliest: Text({ description: 'Start of the interval of confidence.' }),
  latest: Text({ description: 'End of the interval of confidence, at most two buckets later.' }),
  kind: oneOf(levelKinds, { description: 'Away from the usual level (fall, rise), or back to it (recovery).' }),
  gradual: Flag({ description: 'The level moved over several buckets.' }),
  before: Num({ description: 'Mean per second of the changed pairs before; of a metric its value.' }),
  after: Num({ description: 'Mean per second of the changed pairs since; of a metric its value.' }),
  workloads: ArrayOf(Text(), {
    description: 'Ends of the changed pairs, at most 10; of a metric the labels of its series.',
  }),
})

const candidate = () =>
  ObjectOf({
    ...mark(),
    score: Num({
      description:
        '0 to 1: time proximity × closeness × weight of the kind × share of the changed traffic. An order, ' +
        'not a probability.',
    }),
    share: Num({ description: 'Share of the changed traffic at the related workload.' }),
    repeats: Integer({
      description: 'Further changes of the same object, if it is only in the same namespace; they are not listed.',
    }),
    new_pods: Optional(
      ObjectOf(
        {
          pods: ArrayOf(Text(), { description: 'Pods that the change started, at most 12.' }),
          beside: ArrayOf(Text(), {
            description: 'Earlier pods of the workload, or behind its services, at most 12.',
          }),
          metric: Text({ description: 'The metric that differs most.' }),
          labels: RecordOf(Text(), Text()),
          old: Num({ description: 'Of the earlier pods; of counters per second.' }),
          new: orNull(Num({ description: 'Of the new pods; null: no sample.' })),
          strength: Num({ description: '0 to 1: how clear and large the difference is. It raises the score.' }),
        },
        {
          description: 'With `promql` or `logql`: metrics of new pods beside those of earlier pods, at the same time.',
        },
      ),
    ),
    seconds_before: Num({ description: 'From the change to `onset`; negative: after it.' }),
  })

export const verdicts = ['explained', 'uncertain', 'unexplained'] as const

const verdict = () =>
  oneOf(verdicts, {
    description: 'Whether the first candidate explains the change: clearly; not clearly; or no candidate does.',
  })

export const PrecedingChanges = ObjectOf(
  {
    span: timeRange(),
    step: Integer({ description: 'Length in seconds of the buckets in which the start was searched.' }),
    onset: Text({ description: 'Time of the selected change of traffic.' }),
    detected: Flag({
      description: 'False: no change was found, or none at `at`; `onset` is then `at` or the start of the time range.',
    }),
    levels: ArrayOf(
      ObjectOf({ ...level(), selected: Flag({ description: 'The change that the candidates precede.' }) }),
      { description: 'All changes of level in the time range, in order of time.' },
    ),
    verdict: verdict(),
    reason: Text({ description: 'Of the verdict, with the number of searched changes.' }),
    missing: ArrayOf(Text(), { description: 'Sources of changes that have no data for the affected clusters.' }),
    compared: ObjectOf(
      { from: Text(), to: Text() },
      { description: 'Traffic before and since `onset` was compared in this time range.' },
    ),
    window: ObjectOf({ from: Text(), to: Text() }, { description: 'Time range of the candidates.' }),
    by: oneOf([...measures, 'value'], { description: '`value`: of the metric.' }),
    before: Num({ description: 'Sum in `compared` before `onset`.' }),
    after: Num({ description: 'Sum in `compared` since `onset`.' }),
    pairs: ArrayOf(ObjectOf({ source: end(), destination: end(), before: Num(), after: Num() }), {
      description: 'Pairs with the largest difference.',
    }),
    candidates: ArrayOf(candidate(), {
      description: 'Changes that preceded, best first. That a change preceded does not prove a cause.',
    }),
    others: Integer({ description: 'Further candidates with lower scores.' }),
    excluded: ObjectOf(
      { noise: Integer(), controllers: Integer(), unrelated: Integer() },
      { description: 'Changes by noise rules, results of controllers, and changes without a known relation.' },
    ),
    cut: cut(),
  },
  { $id: 'PrecedingChanges' },
)
export type PrecedingChanges = Of<typeof PrecedingChanges>
export type PrecedingCandidate = PrecedingChanges['candidates'][number]
export type ShownLevel = PrecedingChanges['levels'][number]
export type Verdict = Pick<PrecedingChanges, 'verdict' | 'reason' | 'missing'>

export const LevelCauses = ObjectOf(
  {
    span: timeRange(),
    step: Integer({ description: 'Length in seconds of the buckets in which levels were searched.' }),
    levels: ArrayOf(
      ObjectOf({
        ...level(),
        times: Integer({
          description: 'Changes of this kind of the same pair in the range; this is the last one.',
        }),
        verdict: verdict(),
        first: Optional(candidate()),
      }),
      {
        description:
          'Falls and rises of traffic, each with its first candidate: sudden ones before gradual ones, falls first, ' +
          'largest first.',
      },
    ),
    others: Integer({ description: 'Further falls and rises, of other pairs.' }),
  },
  { $id: 'LevelCauses' },
)
export type LevelCauses = Of<typeof LevelCauses>

export const TrafficMarks = ObjectOf(
  {
    span: timeRange(),
    marks: ArrayOf(ObjectOf(mark()), { description: 'In order of time.' }),
    others: Integer({
      description: 'Related changes that are not returned: weakly related, or beyond `limit`.',
    }),
    cut: cut(),
  },
  { $id: 'TrafficMarks' },
)
export type TrafficMarks = Of<typeof TrafficMarks>
export type TrafficMark = TrafficMarks['marks'][number]
