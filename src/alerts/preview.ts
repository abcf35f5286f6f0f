import type { StoreReader } from '../engine/control.ts'
import { dialectOf } from '../query/index.ts'
import { NotEvaluated, numberOf, outcomeOf, parsedRows, type Row } from './evaluate.ts'
import type { AlertRule, FilterRule } from './rule.ts'
import { previewAnySql, previewSql, type Evaluations } from './sample-sql.ts'
import { keyOf, step, type Instance, type Instances } from './states.ts'

/** A firing of the rule; times in Unix ms. */
export type PreviewedFiring = Readonly<{
  labels: Instance['labels']
  from: number
  /** End of the firing. Undefined: the alert would still fire. */
  to: number | undefined
  /** The value that was furthest beyond the condition. */
  value: number | null
}>

export type Preview = Readonly<{
  /** Time between evaluations, in ms: longer than that of a rule that is evaluated often. */
  step: number
  evaluations: number
  firings: readonly PreviewedFiring[]
  /** The largest value of each evaluation, or the smallest for `<`. */
  values: readonly Readonly<{ at: number; value: number | null }>[]
}>

const maxEvaluations = 1440
/** Maximum number of windows in which a row is counted. */
const maxOverlap = 12
const maxRows = 100_000
const maxBytes = 32 * 1024 * 1024

/** The firings of the rule if it had been evaluated from `from` to `to`; Unix ms. Writes nothing. */
export async function previewRule(
  rule: AlertRule,
  store: StoreReader | undefined,
  { from, to }: Readonly<{ from: number; to: number }>,
  signal: AbortSignal,
): Promise<Preview> {
  if (store === undefined) throw new NotEvaluated('This instance has no store to query.')
  if (rule.is === 'sql')
    throw new NotEvaluated('A statement reads the rows of now. Only rules with a filter have a preview.')
  if (dialectOf(store).name === 'clickhouse') throw new NotEvaluated('The store in ClickHouse has no preview of rules.')
  const evaluations = evaluationsIn(rule, from, to)
  const read = async (sql: string) => parsedRows(await store.query(sql, 'ndjson', signal), maxBytes)
  const rows = await read(previewSql(rule, evaluations, maxRows + 1))
  if (rows.length > maxRows)
    throw new NotEvaluated('The condition holds for too many groups. Use fewer groups, or a stricter condition.')
  let windowsWithRows: Promise<ReadonlySet<number>> | undefined
  const hasRows = async (k: number) => {
    windowsWithRows ??= read(previewAnySql(rule, evaluations)).then(
      (ends) => new Set(ends.map((row) => Number(row['k']))),
    )
    return (await windowsWithRows).has(k)
  }
  return replayed(rule, evaluations, rows, hasRows)
}

function evaluationsIn({ every, window }: FilterRule, from: number, to: number): Evaluations {
  const length = Math.max(0, to - from)
  const leastStepMs = Math.max(every, window / maxOverlap, length / maxEvaluations)
  // As evaluations of the engine, on full steps.
  const step = Math.ceil(leastStepMs / 1000) * 1000
  const first = Math.min(to, Math.ceil(from / step) * step)
  return { first, step, count: Math.floor((to - first) / step) + 1 }
}

async function replayed(
  rule: FilterRule,
  { first, step: stepMs, count }: Evaluations,
  rows: readonly Row[],
  hasRows: (k: number) => Promise<boolean>,
): Promise<Preview> {
  const [all = [], groups = []] = [true, false].map((isAll) => rows.filter((row) => row['all'] === isAll))
  const matched = new Map(all.map((row) => [Number(row['k']), row]))
  const groupsAt = Map.groupBy(groups, (row) => Number(row['k']))
  const seconds = rule.perSecond ? rule.window / 1000 : 1
  const firings = new Map<string, PreviewedFiring>()
  const pastFirings: PreviewedFiring[] = []
  const values: Preview['values'][number][] = []
  let instances: Instances = new Map()
  for (let k = 0; k < count; k++) {
    const at = first + k * stepMs
    const total = matched.get(k)
    const samples = groupsAt.get(k) ?? []
    // Rows matched, but no group ever meets the condition.
    const outcome =
      total !== undefined && samples.length === 0
        ? { is: 'samples' as const, samples: [], others: otherOutcome(rule) }
        : await outcomeOf(rule, samples, () => hasRows(k))
    const next = step({ for: rule.for, noData: rule.noData }, instances, outcome, at)
    for (const { to, instance } of next.transitions) {
      const key = keyOf(instance.labels)
      const firing = firings.get(key)
      if (to === 'firing') firings.set(key, { labels: instance.labels, from: at, to: undefined, value: instance.value })
      else if (firing !== undefined) {
        firings.delete(key)
        pastFirings.push({ ...firing, to: at })
      }
    }
    for (const [key, { value }] of next.instances) {
      const firing = firings.get(key)
      if (firing !== undefined) firings.set(key, { ...firing, value: furthest(rule, firing.value, value) })
    }
    instances = next.instances
    const value = numberOf(total?.['value'])
    values.push({ at, value: value === null ? zeroOf(outcome) : value / seconds })
  }
  return {
    step: stepMs,
    evaluations: count,
    firings: [...pastFirings, ...firings.values()].toSorted((a, b) => a.from - b.from),
    values,
  }
}

function otherOutcome({ aggregate }: FilterRule): 'not met' | 'no value' {
  return aggregate.is === 'stat' ? 'no value' : 'not met'
}

/** Without a matching row the value of a sum is 0. */
function zeroOf(outcome: Awaited<ReturnType<typeof outcomeOf>>): number | null {
  return outcome.is === 'samples' && outcome.samples.length === 1 && outcome.samples[0]?.value === 0 ? 0 : null
}

function furthest({ condition }: FilterRule, a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return condition.operator.startsWith('<') ? Math.min(a, b) : Math.max(a, b)
}
