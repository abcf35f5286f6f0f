/** The change that preceded an alert about flows. */
import { filterOf, type AlertOfFlows, type FilterRule } from '../alerts/index.ts'
import type { Control, StoreReader } from '../engine/control.ts'
import type { Host } from '../host/index.ts'
import type { AlertCause } from '../model/alerts.ts'
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

/** Undefined: no change explains it, or the value is no sum of flows. */
export async function causeOfAlert(
  { rule, labels, active, at }: AlertOfFlows,
  { host, store: storeOf, manifest }: Parts,
  signal: AbortSignal,
): Promise<AlertCause | undefined> {
  const store = storeOf()
  const { aggregate, window } = rule
  if (store === undefined || aggregate.is === 'stat') return undefined
  const { why } = await import('../topics/why/index.ts')
  const explain = (change?: string) =>
    why.run(
      {
        filter: filterOf(rule, labels),
        by: aggregate.is === 'count' ? 'flows' : aggregate.is,
        from: String(Math.floor(active - Math.max(leastMs, windows * window))),
        to: String(Math.ceil(at)),
        limit: 1,
        ...(change === undefined ? {} : { at: change }),
      },
      { store, now: at, viewer, signal, host, manifest },
    )
  const largest = await explain()
  const level = levelOf(rule, active, largest)
  if (level === undefined) return undefined
  const { verdict, onset, candidates } = level.selected ? largest : await explain(level.time)
  const [first] = candidates
  return verdict === 'unexplained' || first === undefined ? undefined : causeOf(first, verdict, onset)
}

/** The largest change of traffic by which the sum of the window can have crossed the condition. */
function levelOf({ condition, window }: FilterRule, active: number, { levels, step }: PrecedingChanges) {
  const slackMs = 2 * step * 1000
  const isPossible = ({ time, before, after }: ShownLevel) =>
    Date.parse(time) >= active - window - reportedMs - slackMs &&
    Date.parse(time) <= active + slackMs &&
    (condition.operator.startsWith('<') ? after < before : !condition.operator.startsWith('>') || after > before)
  const sizeOf = ({ before, after }: ShownLevel) => Math.abs(after - before)
  return levels.filter(isPossible).toSorted((a, b) => sizeOf(b) - sizeOf(a))[0]
}

function causeOf(
  { kind, namespace, name, ref, operation, actor, time, pos, seconds_before: before }: PrecedingCandidate,
  verdict: AlertCause['verdict'],
  onset: string,
): AlertCause {
  const object = [kind, namespace === null ? name : `${namespace}/${name}`].join(' ')
  const by = actor === null ? '' : ` by ${actor}`
  const side = before < 0 ? 'after' : 'before'
  const how = verdict === 'explained' ? '' : '; other changes may explain it as well'
  return {
    text: `${object}: ${operation}${by}, ${distanceText(before)} ${side} the change of traffic${how}`,
    verdict,
    object: { kind, namespace, name, ref },
    operation,
    actor,
    time,
    onset,
    pos,
  }
}
