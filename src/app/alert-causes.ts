/** The change that preceded an alert. */
import { filterOf, type AlertRule, type BegunAlert, type FilterRule } from '../alerts/index.ts'
import type { Control, StoreReader } from '../engine/control.ts'
import type { Host } from '../host/index.ts'
import type { AlertCause } from '../model/alerts.ts'
import type { Surroundings } from '../topics/operation.ts'
import type { Watched } from '../topics/resources/one.ts'
import { distanceText } from '../topics/why/reason-text.ts'
import type { PrecedingCandidate, PrecedingChanges, ShownLevel } from '../topics/why/schema.ts'

type Parts = Readonly<{
  host: Pick<Host, 'clock' | 'timers'>
  store: () => StoreReader | undefined
  manifest: Control['manifest']
}>

/** Before the alert was active: enough to see the level before. */
const leastMs = 30 * 60_000
const windows = 6
/** Windows have the times of receipt: exporters report a flow after its end. */
const reportedMs = 2 * 60_000

/** Sinks of alerts see all namespaces. */
const viewer = { name: 'alerts', namespaces: undefined, peers: 'shown' } as const

type Reading = Surroundings & Watched & Readonly<{ host: Parts['host'] }>

/** Undefined: no change explains it. */
export async function causeOfAlert(
  alert: BegunAlert,
  { host, store: storeOf, manifest }: Parts,
  signal: AbortSignal,
): Promise<AlertCause | undefined> {
  const store = storeOf()
  if (store === undefined) return undefined
  const { rule } = alert
  const reading = { store, now: alert.at, viewer, signal, host, manifest }
  return rule.is === 'filter' && rule.view === 'flows'
    ? causeOfFlows({ ...alert, rule }, reading)
    : causeOfLabels(alert, reading)
}

type AlertOfFlows = BegunAlert & Readonly<{ rule: FilterRule }>

async function causeOfFlows({ rule, labels, active, at }: AlertOfFlows, reading: Reading) {
  const { why } = await import('../topics/why/index.ts')
  const { aggregate, window } = rule
  const measure =
    aggregate.is !== 'stat'
      ? { by: aggregate.is === 'count' ? ('flows' as const) : aggregate.is }
      : 'name' in aggregate.of
        ? { by: aggregate.stat, of: aggregate.of.name }
        : {}
  const explain = (change?: string) =>
    why.run(
      {
        filter: filterOf(rule, labels),
        ...measure,
        from: String(Math.floor(active - Math.max(leastMs, windows * window))),
        to: String(Math.ceil(at)),
        limit: 1,
        ...(change === undefined ? {} : { at: change }),
      },
      reading,
    )
  const largest = await explain()
  const level = levelOf(rule, active, largest)
  if (level === undefined) return undefined
  const preceding = level.selected ? largest : await explain(level.time)
  return causeOf(preceding, aggregate.is === 'stat' ? { of: `${rule.measure}`, shown: 'change' } : { of: 'traffic' })
}

/** Cause for rules with SQL or on other rows: changes of the workloads in the labels since the last evaluation. */
async function causeOfLabels({ rule, labels, active }: BegunAlert, reading: Reading) {
  const { changesBefore } = await import('../topics/why/index.ts')
  const us = (ms: number) => BigInt(Math.trunc(ms)) * 1000n
  const preceding = await changesBefore(
    {
      interval: { from: us(active - rule.every - latenessOf(rule)), to: us(active) },
      labels,
      lookbackUs: us(leastMs),
      limit: 1,
    },
    reading,
  )
  // The time at which the value changed was not searched.
  const verdict = preceding.verdict === 'explained' ? 'uncertain' : preceding.verdict
  return causeOf({ ...preceding, verdict }, { of: 'alert', shown: 'change' })
}

/** A change fills the window of a rule only in part; the window of a statement is unknown. */
function latenessOf(rule: AlertRule) {
  return rule.is === 'filter' ? Math.max(reportedMs, rule.window) : reportedMs
}

/** The largest change of the value by which the sum of the window can have crossed the condition. */
function levelOf({ condition, window }: FilterRule, active: number, { levels, step }: PrecedingChanges) {
  const slackMs = 2 * step * 1000
  const isPossible = ({ time, before, after }: ShownLevel) =>
    Date.parse(time) >= active - window - reportedMs - slackMs &&
    Date.parse(time) <= active + slackMs &&
    (condition.operator.startsWith('<') ? after < before : !condition.operator.startsWith('>') || after > before)
  const sizeOf = ({ before, after }: ShownLevel) => Math.abs(after - before)
  return levels.filter(isPossible).toSorted((a, b) => sizeOf(b) - sizeOf(a))[0]
}

/** `of`: what changed. `shown`: the link is to the change, and not to the view of the alert. */
type Telling = Readonly<{ of: string; shown?: 'change' }>

function causeOf({ verdict, onset, candidates }: PrecedingChanges, { of, shown }: Telling): AlertCause | undefined {
  const [first] = candidates
  if (verdict === 'unexplained' || first === undefined) return undefined
  const { kind, namespace, name, ref, operation, actor, time, pos, seconds_before: before } = first
  const object = [kind, namespace === null ? name : `${namespace}/${name}`].join(' ')
  const by = actor === null ? '' : ` by ${actor}`
  const side = before < 0 ? 'after' : 'before'
  const changed = of === 'alert' ? 'the condition held' : `the change of ${of}`
  const how = verdict === 'explained' ? '' : '; other changes may explain it as well'
  return {
    text: `${object}: ${operation}${by}, ${distanceText(before)} ${side} ${changed}${how}`,
    verdict,
    object: { kind, namespace, name, ref },
    operation,
    actor,
    time,
    onset,
    pos,
    ...(shown === undefined ? {} : { shown: pageOf(first) }),
  }
}

function pageOf({ is }: Pick<PrecedingCandidate, 'is'>): NonNullable<AlertCause['shown']> {
  return is === 'resource' ? 'inventory' : is === 'audit' ? 'audit' : 'changes'
}
