/** Flows that two exporters, or two interfaces of one, report: sums count them twice. */
import type { WeirConfig } from '../../app/config.ts'
import { fieldsOf, isRecord } from '../../model/json.ts'
import type { Dialect } from '../../query/index.ts'
import { ok, reason, warn, type CheckContext, type Finding } from './finding.ts'
import { queryRunning } from './running.ts'

const check = 'repeated flows'
const minutes = 10
const mostFlows = 200_000
const mostListed = 5
/** Fewer are chance: equal private addresses at two sites, or a change of the path. */
const [leastFlows, leastShare] = [5, 0.05]
// Agents of NetObserv report a flow at both nodes, and Weir selects one report.
const routers: ReadonlySet<string> = new Set(['netflow', 'sflow'])

export async function checkRepeatedFlows({ host, config, running }: CheckContext): Promise<Finding[]> {
  const { uncovered, findings } = configuredRules(config)
  if (uncovered.length === 0) return findings
  try {
    const since = BigInt(host.clock.now() - minutes * 60_000) * 1000n
    const rows = await queryRunning<PairRow>({ config, running }, (dialect) => pairsSql(dialect, since), {
      sources: uncovered,
    })
    // The check of the exporters already reports a missing token.
    return rows === undefined ? findings : [...findings, ...pairFindings(rows.map(pairOf))]
  } catch (error) {
    return [...findings, warn(check, `the running Weir has no result: ${reason(error)}`, 'Check its log.')]
  }
}

/**
 * Sources of routers that write to the store without a transform that counts flows once (`uncovered`), and findings
 * about such transforms that the store bypasses.
 */
export function configuredRules({ sources, transforms, store }: WeirConfig): {
  uncovered: readonly string[]
  findings: Finding[]
} {
  const ruled = new Map<string, string>()
  for (const { id, type, common, settings } of Object.values(transforms)) {
    if (type !== 'dedupe' || !countsFlowsOnce(settings)) continue
    const roots = common.from === null ? Object.keys(sources) : common.from.flatMap((text) => rootsOf(text, transforms))
    for (const root of roots) ruled.set(root, id)
  }
  const stored = Object.values(sources).flatMap(({ id, type }) =>
    routers.has(type) && (store.from === null || store.from.includes(id)) ? [id] : [],
  )
  return {
    uncovered: stored.filter((id) => !ruled.has(id)),
    findings: stored.flatMap((id) => {
      const transform = ruled.get(id)
      return transform === undefined
        ? []
        : [
            warn(
              check,
              `the store has the flows of ${id} beside those of transform ${transform}: sums count them twice`,
              `Set \`store.from\` to the sources of the store, with ${transform} in place of ${id}.`,
            ),
          ]
    }),
  }
}

function rootsOf(id: string, transforms: WeirConfig['transforms'], seen: ReadonlySet<string> = new Set()): string[] {
  const transform = transforms[id] ?? transforms[id.split('.')[0] ?? '']
  if (transform === undefined || seen.has(id)) return [id]
  return (transform.common.from ?? []).flatMap((text) => rootsOf(text, transforms, new Set([...seen, id])))
}

function countsFlowsOnce(settings: unknown) {
  const { by, exporters, direction, interfaces } = fieldsOf(settings)
  if (Array.isArray(exporters) || typeof direction === 'string') return true
  if (isRecord(interfaces) && Object.keys(interfaces).length > 0) return true
  return Array.isArray(by) && by.includes('src_addr') && !by.includes('exporter_addr')
}

type Point = Readonly<{ exporter: string; interface: string; flows: number }>

export type Pair = Readonly<{
  one: Point
  other: Point
  /** Flows that both report. */
  shared: number
  sampling: number
}>

type PairRow = Readonly<Record<'one' | 'at_one' | 'other' | 'at_other', string>> &
  Readonly<Record<'flows_one' | 'flows_other' | 'shared' | 'sampling', number>>

function pairOf({ one, at_one, flows_one, other, at_other, flows_other, shared, sampling }: PairRow): Pair {
  return {
    one: { exporter: one, interface: at_one, flows: flows_one },
    other: { exporter: other, interface: at_other, flows: flows_other },
    shared,
    sampling,
  }
}

export function pairFindings(pairs: readonly Pair[]): Finding[] {
  const repeated = pairs.filter(
    ({ one, other, shared }) => shared >= leastFlows && shared >= leastShare * Math.min(one.flows, other.flows),
  )
  if (repeated.length === 0) return [ok(check, `no two exporters report the same flows in the last ${minutes} minutes`)]
  return [
    ...repeated.slice(0, mostListed).map(pairFinding),
    ...(repeated.length > mostListed
      ? [
          warn(
            check,
            `${repeated.length - mostListed} more pairs report the same flows`,
            'One rule for all exporters covers them.',
          ),
        ]
      : []),
  ]
}

function pairFinding({ one, other, shared, sampling }: Pair) {
  const isOne = one.exporter === other.exporter
  const [first, second] = isOne ? [one.interface, other.interface] : [one.exporter, other.exporter]
  const share = (point: Point) => `${Math.round((100 * shared) / point.flows)} % of ${point.flows} flows`
  const fact =
    `${isOne ? `${one.exporter} reports the same flows at its interfaces` : 'the same flows are reported by'} ` +
    `${first} (${share(one)}) and ${second} (${share(other)}) of the last ${minutes} minutes: sums count them twice`
  const setting =
    isOne || sampling > 1
      ? '`direction` or `interfaces`'
      : `\`exporters: [${one.exporter}, ${other.exporter}]\`, the preferred one first`
  return warn(check, fact, `Add a transform \`dedupe\` with ${setting}, and name it in \`store.from\`.`)
}

const key = ['src_addr', 'dst_addr', 'proto', 'src_port', 'dst_port']

/**
 * Of many flows only a part of the keys, so that all reports of a selected one are included. `since`: µs. Aliases
 * differ from columns: in ClickHouse they hide them.
 */
function pairsSql(dialect: Dialect, since: bigint): string {
  const { addressText, asText, divide, hashed, joined, part, stored, time } = dialect
  const recent =
    `time_received > ${time(since)} AND exporter_addr IS NOT NULL AND src_addr IS NOT NULL ` +
    `AND dst_addr IS NOT NULL AND ${part('_pos', ':', 1)} IN $sources`
  const flow = joined(
    '|',
    key.map((column) => `coalesce(${asText(column)}, '')`),
  )
  const at = (end: string) => `concat('${end} ', coalesce(${end}_if_name, ${asText(`${end}_if`)}, ''))`
  const reports = `SELECT ${addressText('exporter_addr')} AS exporter, ${flow} AS flow, time_start AS began,
      time_end AS ended, coalesce(sampling, 1) AS rate,
      CASE WHEN direction = 1 THEN ${at('out')} ELSE ${at('in')} END AS place
    FROM flows WHERE ${recent} AND
      ${hashed(flow)} % (SELECT 1 + ${divide('count(*)', BigInt(mostFlows))} FROM flows WHERE ${recent}) = 0`
  const points = `SELECT exporter, place, flow, min(began) AS since, max(ended) AS until, max(rate) AS most
    FROM (SELECT exporter, place, flow, began, ended, rate FROM reports
      UNION ALL SELECT exporter, '' AS place, flow, began, ended, rate FROM reports) places
    GROUP BY exporter, place, flow`
  return `WITH ${stored('reports', reports)}, ${stored('points', points)}, pairs AS (
    SELECT a.exporter AS one, a.place AS at_one, b.exporter AS other, b.place AS at_other, count(*) AS shared,
      max(greatest(a.most, b.most)) AS sampling
    FROM points a JOIN points b ON a.flow = b.flow
    WHERE a.since <= b.until AND b.since <= a.until
      AND ((a.place = '' AND b.place = '' AND a.exporter < b.exporter)
        OR (a.exporter = b.exporter AND a.place <> '' AND b.place <> '' AND a.place < b.place))
    GROUP BY a.exporter, a.place, b.exporter, b.place
  ), sums AS (SELECT exporter, place, count(*) AS flows FROM points GROUP BY exporter, place)
  SELECT one, at_one, x.flows AS flows_one, other, at_other, y.flows AS flows_other, shared, sampling
  FROM pairs JOIN sums x ON x.exporter = one AND x.place = at_one
    JOIN sums y ON y.exporter = other AND y.place = at_other
  WHERE shared >= ${leastFlows} ORDER BY shared DESC, one, at_one, other, at_other LIMIT 100`
}
