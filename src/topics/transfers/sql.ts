import { transferPathSql, isInsideSql, isPrivateSql } from '../../model/transfer-path.ts'
import { workloadGroups } from '../../model/refs.ts'
import type { Dialect } from '../../query/index.ts'
import { sourceOf, type Rollup, type RowQuery } from '../../query/plan/index.ts'
import { objectScope, type Viewer } from '../scope.ts'
import { ratesOf, regionsOf, type TransferRule } from './rules.ts'
import type { TransferGroup } from './schema.ts'

type TransfersRequest = Readonly<{
  rowQuery: RowQuery
  /** The rollup with sums in place of flows. */
  rollup: Rollup | undefined
  rules: readonly TransferRule[]
  by: TransferGroup
  limit: number
  /** Name of the label with the team. */
  team: string
  viewer: Viewer
}>

/** A row of {@link transfersSql}: bytes of one class, of a group or, beyond the limit, of all further groups. */
export type TransferRow = Readonly<{
  _currency: string
  _place: number | string
  _groups: number | string
  _g0: string | null
  _g1: string | null
  _class: string
  _bytes: number | string | null
  _flows: number | string
}>

type End = 'src' | 'dst'

/** The sender, or for bytes from outside the receiver. */
const payer = (column: string) => `CASE WHEN ${isInsideSql('src')} THEN src_${column} ELSE dst_${column} END`

/** A workload or object, else a label of the address, else the kind of network. */
function endSql(end: End, { joined, name: engine }: Dialect): string {
  const inNamespace = (name: string) => joined('/', [`${end}_namespace`, name])
  return `CASE WHEN ${end}_owner_name IS NOT NULL THEN ${inNamespace(`${end}_owner_name`)}
      WHEN ${end}_name IS NOT NULL THEN ${inNamespace(`${end}_name`)}
      WHEN ${end}_label IS NOT NULL THEN ${end}_label
      WHEN ${isPrivateSql(engine, end)} THEN 'private addresses' ELSE 'internet' END`
}

const ofTeam = ['cluster', 'namespace', 'owner_kind', 'owner_name'] as const

/** SQL of the two group columns of a flow. */
function groupColumns(by: TransferGroup, dialect: Dialect): readonly [string, string] {
  const ends = { src: endSql('src', dialect), dst: endSql('dst', dialect) }
  const noColumn = 'NULL'
  switch (by) {
    case 'pair':
      return [ends.src, ends.dst]
    case 'zones':
      return ['src_zone', 'dst_zone']
    case 'namespace':
      return [payer('namespace'), noColumn]
    case 'workload':
      return [`CASE WHEN ${isInsideSql('src')} THEN ${ends.src} ELSE ${ends.dst} END`, noColumn]
    case 'team':
      return [noColumn, noColumn]
  }
}

/** What the bytes pass between the cloud and the internet. */
function passedSql(rules: readonly TransferRule[]): string {
  const needsOpener = rules.some(({ nat, inbound }) => nat || inbound)
  const passedCase = (inside: End, outside: End) =>
    `CASE WHEN ${inside}_kind = 'Service' THEN 'service'` +
    (needsOpener ? ` WHEN initiator = '${outside}' THEN 'outside' WHEN initiator = '${inside}' THEN 'inside'` : '') +
    " ELSE '' END"
  return `CASE WHEN ${isInsideSql('src')} THEN ${passedCase('src', 'dst')} ELSE ${passedCase('dst', 'src')} END`
}

function ruleSql(rules: readonly TransferRule[], { text }: Dialect): string {
  const cases = rules.flatMap(({ clusters }, rule) =>
    clusters.length === 0 ? [] : [`WHEN _cluster IN (${clusters.map(text).join(', ')}) THEN ${rule}`],
  )
  const defaultRule = rules.findIndex(({ clusters }) => clusters.length === 0)
  return cases.length === 0 ? String(defaultRule) : `CASE ${cases.join(' ')} ELSE ${defaultRule} END`
}

/** SQL of a value by rule; `otherwise` if there are no rules. */
function byRule(rules: readonly TransferRule[], otherwise: string, value: (rule: TransferRule) => string): string {
  const cases = rules.map((rule, at) => `WHEN ${at} THEN ${value(rule)}`)
  return cases.length === 0 ? otherwise : `CASE _rule ${cases.join(' ')} ELSE ${otherwise} END`
}

function regionSql(zone: string, rules: readonly TransferRule[], { firstGroup }: Dialect): string {
  return byRule(rules, "''", ({ list }) => `coalesce(${firstGroup(zone, list.zone_region)}, '')`)
}

function stepSql(rules: readonly TransferRule[]): string {
  const passes = byRule(rules, "''", ({ nat, inbound }) => {
    const balanced = inbound ? "_passed IN ('service', 'outside')" : "_passed = 'service'"
    return `CASE WHEN ${balanced} THEN '+lb'${nat ? " WHEN _passed = 'inside' THEN '+nat'" : ''} ELSE '' END`
  })
  return `CASE WHEN _path = 'cross_zone' AND _src_region <> _dst_region THEN 'cross_region'
      WHEN _path IN ('internet_out', 'internet_in') THEN concat(_path, ${passes}) ELSE _path END`
}

/** Only regions with separate prices are part of a class. */
function pricedRegionSql(rules: readonly TransferRule[], { text }: Dialect): string {
  const region = "CASE WHEN _path = 'internet_in' THEN _dst_region ELSE _src_region END"
  return byRule(rules, "''", ({ list }) => {
    const regions = regionsOf(list)
    if (regions.length === 0) return "''"
    return `CASE WHEN (${region}) IN (${regions.map(text).join(', ')}) THEN (${region}) ELSE '' END`
  })
}

/** Labels of workloads, else of their namespaces, at the end of the time range; also without a cluster. */
function teamsSql({ rowQuery: { span }, team, viewer }: TransfersRequest, dialect: Dialect): string {
  const { text, time, jsonText } = dialect
  const scope = objectScope(viewer, dialect)
  const kinds = [...Object.keys(workloadGroups), 'Pod', 'Namespace'].map(text).join(', ')
  const namedObjects = `SELECT cluster AS _t_cluster,
      CASE WHEN kind = 'Namespace' THEN name ELSE namespace END AS _t_namespace, kind AS _t_kind,
      CASE WHEN kind = 'Namespace' THEN '' ELSE name END AS _t_name, ${jsonText('labels', [team])} AS _team
      FROM resources WHERE kind IN (${kinds}) AND valid_from < ${time(span.to)}
      AND (valid_to IS NULL OR valid_to >= ${time(span.to)})${scope === undefined ? '' : ` AND ${scope}`}`
  const keys = '_t_namespace, _t_kind, _t_name'
  return `SELECT _t_cluster, ${keys}, max(_team) AS _team FROM (${namedObjects}) l WHERE _team IS NOT NULL
      GROUP BY _t_cluster, ${keys}
      UNION ALL SELECT '' AS _t_cluster, ${keys}, max(_team) AS _team FROM (${namedObjects}) l WHERE _team IS NOT NULL
      GROUP BY ${keys}`
}

/** Sums of flows by group and {@link TransferClass}; the largest money of each currency first. */
export function transfersSql(request: TransfersRequest, dialect: Dialect): string {
  const { rowQuery, rollup, rules, by, limit } = request
  const { view, where } = sourceOf({ ...rowQuery, ...(rollup && { rollup }), by: 'bytes', limit }, dialect)
  const { stored, sum, same, text, double } = dialect
  const [g0, g1] = groupColumns(by, dialect)
  const isTeam = by === 'team'
  const noText = dialect.name === 'clickhouse' ? 'CAST(NULL AS Nullable(String))' : 'NULL::VARCHAR'
  const value = (column: string) => (column === 'NULL' ? noText : column)
  const payers = isTeam
    ? ofTeam.map((column) => `${column === 'cluster' ? column : payer(column)} AS _p_${column}`)
    : []
  const flows = `SELECT cluster AS _cluster, src_zone AS _src_zone, dst_zone AS _dst_zone,
      ${transferPathSql(dialect.name)} AS _path, ${passedSql(rules)} AS _passed, ${value(g0)} AS _k0,
      ${value(g1)} AS _k1, ${payers.map((column) => `${column}, `).join('')}bytes_est AS _b,
      ${rollup === undefined ? '1' : 'flows'} AS _f FROM ${view} WHERE ${where}`
  const keys = ['_cluster', '_src_zone', '_dst_zone', '_path', '_passed', '_k0', '_k1']
  const all = [...keys, ...(isTeam ? ofTeam.map((column) => `_p_${column}`) : [])].join(', ')
  const steps = [
    stored('parts', `SELECT ${all}, ${sum('_b')} AS _bytes, sum(_f) AS _n FROM (${flows}) f GROUP BY ${all}`),
    `regions AS (SELECT *, ${regionSql('_src_zone', rules, dialect)} AS _src_region,
      ${regionSql('_dst_zone', rules, dialect)} AS _dst_region FROM (SELECT *, ${ruleSql(rules, dialect)} AS _rule
      FROM parts) r)`,
    `classed AS (SELECT *, ${byRule(rules, "''", ({ list }) => text(list.currency))} AS _currency,
      concat(CAST(_rule AS VARCHAR), '/', ${stepSql(rules)}, '/', ${pricedRegionSql(rules, dialect)}) AS _class
      FROM regions)`,
    ...(isTeam ? [stored('teams', teamsSql(request, dialect))] : []),
    stored('summed', by === 'team' ? teamSumsSql(dialect) : groupSumsSql(dialect)),
    stored('ranked', rankedSql(rules, { double, sum, text })),
  ]
  return `WITH ${steps.join(', ')} SELECT _currency, _at AS _place, max(_groups) AS _groups, max(_g0) AS _g0,
      max(_g1) AS _g1, _class, ${sum('_bytes')} AS _bytes, sum(_flows) AS _flows FROM (SELECT s._currency AS _currency,
      s._g0 AS _g0, s._g1 AS _g1, s._class AS _class, s._bytes AS _bytes, s._flows AS _flows, r._groups AS _groups,
      least(r._place, ${limit + 1}) AS _at FROM summed s JOIN ranked r ON s._currency = r._currency
      AND ${same('s._g0', 'r._g0')} AND ${same('s._g1', 'r._g1')}) placed
      GROUP BY _currency, _at, _class ORDER BY _currency, _at, _class`
}

const classSums = ({ sum }: Dialect) => `${sum('_bytes')} AS _bytes, sum(_n) AS _flows`

function groupSumsSql(dialect: Dialect): string {
  return `SELECT _currency, _k0 AS _g0, _k1 AS _g1, _class, ${classSums(dialect)} FROM classed
      GROUP BY _currency, _k0, _k1, _class`
}

function teamSumsSql(dialect: Dialect): string {
  const joinTeams = (alias: string, kind: string, name: string) =>
    `LEFT JOIN teams ${alias} ON ${alias}._t_cluster = coalesce(c._p_cluster, '')
      AND ${alias}._t_namespace = c._p_namespace AND ${alias}._t_kind = ${kind} AND ${alias}._t_name = ${name}`
  return `SELECT _currency, _team AS _g0, _k1 AS _g1, _class, ${classSums(dialect)} FROM (SELECT c.*,
      coalesce(w._team, n._team) AS _team FROM classed c ${joinTeams('w', 'c._p_owner_kind', 'c._p_owner_name')}
      ${joinTeams('n', "'Namespace'", "''")}) t GROUP BY _currency, _team, _k1, _class`
}

function rankedSql(rules: readonly TransferRule[], { double, sum, text }: Pick<Dialect, 'double' | 'sum' | 'text'>) {
  const cases = ratesOf(rules).map(([name, rate]) => `WHEN ${text(name)} THEN ${double(String(rate))}`)
  const rate = cases.length === 0 ? '0' : `CASE _class ${cases.join(' ')} ELSE 0 END`
  return `SELECT _currency, _g0, _g1, count(*) OVER (PARTITION BY _currency) AS _groups, row_number() OVER (PARTITION BY
      _currency ORDER BY _money DESC, _all DESC, _g0, _g1) AS _place FROM (SELECT _currency, _g0, _g1,
      sum(CAST(coalesce(_bytes, 0) AS DOUBLE) * ${rate}) AS _money, ${sum('_bytes')} AS _all FROM summed
      GROUP BY _currency, _g0, _g1) g`
}
