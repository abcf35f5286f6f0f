/** Changes before something of which only a time and labels are known, such as an alert on a statement. */
import { dialectOf } from '../../query/index.ts'
import { LabelSet } from '../../query/metrics/labels.ts'
import type { TimeSpan } from '../../query/plan/index.ts'
import { withCalled } from './called.ts'
import { namedBy } from './metric-ends.ts'
import type { Level } from './onset.ts'
import { comparedTo, explained, maxAffected, maxNeighbours, withNeighbours, type WhyRun } from './preceding.ts'
import type { PrecedingChanges } from './schema.ts'

const stepUs = 15_000_000n

/** `interval`: when it happened; µs. `labels` name workloads as those of a metric do. */
export type Moment = Readonly<{ interval: TimeSpan; labels: Readonly<Record<string, string>> }>

/** Without a workload that the labels name, no change is related. */
export async function changesBeforeMoment(
  run: WhyRun,
  { interval, labels }: Moment,
  lookbackUs: bigint,
): Promise<PrecedingChanges> {
  const { flows, store, runQuery, viewer } = run
  const onset = interval.to
  const { from, to } = interval
  const selected: Level = { ...unknownLevel, at: onset, from, to }
  const around = { step: stepUs, span: flows.span, levels: [], others: [], selected }
  const compared = comparedTo(around, onset)
  const set = LabelSet.of(labels)
  const { ends: endsOf, calls } = await namedBy([set], flows.span, { dialect: dialectOf(store), runQuery, viewer })
  const ends = withCalled(endsOf([set]).slice(0, maxAffected), calls, maxAffected + maxNeighbours)
  return explained(run, lookbackUs, {
    around,
    onset,
    compared,
    kind: undefined,
    near: await withNeighbours(run, ends, compared, onset),
    shown: { by: 'value', before: 0, after: 0, pairs: [] },
  })
}

const unknownLevel = {
  kind: 'rise',
  before: 0,
  after: 0,
  isGradual: false,
  width: 1,
  size: 0,
  pairs: [],
  ends: new Set<string>(),
} as const
