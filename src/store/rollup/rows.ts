import type { Endpoints } from '../flows/endpoints.ts'
import type { Sums } from './groups.ts'
import { placeOfText } from './place.ts'
import { endFields, placeFields, type Rollup } from './rollup.ts'
import { has } from './words.ts'

/** A row of a rollup. Sums are exact; they follow `flows bytes packets bytes_est packets_est`. */
export interface RollupRow {
  /** Unix ms at which the bucket begins. */
  readonly time: number
  readonly folded: 0 | 1 | 2 | 3
  /** Dimensions by name; one that is absent is left out. */
  readonly values: Readonly<Record<string, string | number>>
  readonly sums: readonly (number | bigint)[]
}

/**
 * The groups of a rollup as rows: in each minute the largest with everything that is known of them, the others with less,
 * as {@link Rollup.kept} says. Takes the rollup's counts apart: it is to be used once.
 */
export function rollupRows(rollup: Rollup, endpoints: Endpoints): RollupRow[] {
  const { whole, reduced, least, none, sums } = rollup.levels
  for (const [groups, sum] of [[whole, sums.whole], [reduced, sums.reduced], [least, sums.least], [none, sums.none]] as const) sum.reach(groups.count)
  const minuteOfLeast = (group: number): number => least.keys[4 * group] ?? 0
  const leastOfReduced = (group: number): number => reduced.keys[8 * group] ?? 0
  const reducedOfWhole = (group: number): number => whole.keys[4 * group] ?? 0
  const rows: RollupRow[] = []
  const row = (minute: number, folded: RollupRow['folded'], values: RollupRow['values'], from: Sums, group: number): void => {
    rows.push({ time: minute * 60_000, folded, values, sums: [from.value(group, 0), from.value(group, 1), from.value(group, 2), from.value(group, 3), from.value(group, 4)] })
  }

  largest(whole.count, sums.whole, (group) => minuteOfLeast(leastOfReduced(reducedOfWhole(group))), rollup.kept.whole, (group, fits, minute) => {
    const parent = reducedOfWhole(group)
    if (!fits) sums.reduced.join(parent, sums.whole, group)
    else row(minute, 0, endsOf(rollup, endpoints, group, placeOf(rollup, parent, exporterOf(rollup, endpoints, leastOfReduced(parent)))), sums.whole, group)
  })
  largest(reduced.count, sums.reduced, (group) => minuteOfLeast(leastOfReduced(group)), rollup.kept.reduced, (group, fits, minute) => {
    const parent = leastOfReduced(group)
    if (!fits) sums.least.join(parent, sums.reduced, group)
    else row(minute, 1, placeOf(rollup, group, exporterOf(rollup, endpoints, parent)), sums.reduced, group)
  })
  const rest = new Map<number, { sums: bigint[] }>()
  const toRest = (minute: number, from: Sums, group: number): void => {
    const found = rest.get(minute) ?? { sums: [0n, 0n, 0n, 0n, 0n] }
    rest.set(minute, { sums: found.sums.map((sum, index) => sum + BigInt(from.value(group, index))) })
  }
  largest(least.count, sums.least, minuteOfLeast, rollup.kept.least, (group, fits, minute) => {
    if (!fits) toRest(minute, sums.least, group)
    else row(minute, 2, exporterOf(rollup, endpoints, group), sums.least, group)
  })
  for (let group = 0; group < none.count; group++) toRest(none.keys[group] ?? 0, sums.none, group)
  for (const [minute, found] of rest) rows.push({ time: minute * 60_000, folded: 3, values: {}, sums: found.sums })
  return rows
}

/** Calls with every group that holds flows, and whether it is among the most weighty of its minute. */
function largest(count: number, sums: Sums, minuteOf: (group: number) => number, most: number, each: (group: number, fits: boolean, minute: number) => void): void {
  const perMinute = new Map<number, number[]>()
  for (let group = 0; group < count; group++) {
    if (sums.flows(group) === 0) continue
    const minute = minuteOf(group)
    const groups = perMinute.get(minute)
    if (groups === undefined) perMinute.set(minute, [group])
    else groups.push(group)
  }
  for (const [minute, groups] of perMinute) {
    if (groups.length <= most) {
      for (const group of groups) each(group, true, minute)
      continue
    }
    const sorted = Float64Array.from(groups, (group) => sums.weight(group)).sort()
    const least = sorted[sorted.length - most] ?? 0
    // Of those that weigh the same there may be more than there is room for.
    let ties = most - sorted.reduce((heavier, weight) => heavier + (weight > least ? 1 : 0), 0)
    for (const group of groups) {
      const weight = sums.weight(group)
      each(group, weight > least || (weight === least && ties-- > 0), minute)
    }
  }
}

type Values = Record<string, string | number>

function exporterOf({ levels: { least } }: Rollup, endpoints: Endpoints, group: number): Values {
  const at = 4 * group
  const [exporter, packed, which] = [least.keys[at + 1] as number, least.keys[at + 2] as number, least.keys[at + 3] as number]
  const values: Values = {}
  const address = endpoints.named(exporter)?.address
  if (address !== undefined) values['exporter_addr'] = address
  if (which & has.proto) values['proto'] = packed & 255
  if (which & has.direction) values['direction'] = (packed >>> 8) & 255
  if (which & has.nodeDirection) values['node_direction'] = (packed >>> 16) & 255
  if (which & has.reverse) values['reverse'] = packed >>> 24
  return values
}

/** Adds to the values. */
function placeOf({ levels: { reduced: { keys } }, places, texts }: Rollup, group: number, values: Values): Values {
  const at = 8 * group
  const [ports, tuple, which] = [keys[at + 3] as number, keys[at + 6] as number, keys[at + 7] as number]
  if (which & has.inIf) values['in_if'] = keys[at + 1] as number
  if (which & has.outIf) values['out_if'] = keys[at + 2] as number
  if (ports >>> 16 !== 0) values['src_port'] = ports >>> 16
  if ((ports & 0xffff) !== 0) values['dst_port'] = ports & 0xffff
  const text = (name: string, number: number): void => {
    const found = texts.list[number]
    if (found !== undefined) values[name] = found
  }
  for (const [end, number] of [['src', keys[at + 4] as number], ['dst', keys[at + 5] as number]] as const) {
    const found = texts.list[number]
    if (typeof found !== 'string') continue
    const { label, namespace, cluster } = placeOfText(found)
    if (label !== undefined) values[`${end}_label`] = label
    if (namespace !== undefined) values[`${end}_namespace`] = namespace
    if (cluster !== undefined) values['cluster'] ??= cluster
  }
  if (tuple !== 0) for (const field of placeFields) text(field, places.word(tuple, field))
  return values
}

/** Adds to the values. */
function endsOf(rollup: Rollup, endpoints: Endpoints, group: number, values: Values): Values {
  const { levels: { whole: { keys } }, texts } = rollup
  const at = 4 * group
  const tuples = keys[at + 3] as number
  for (const [end, id, tuple] of [['src', keys[at + 1] as number, tuples >>> 16], ['dst', keys[at + 2] as number, tuples & 0xffff]] as const) {
    const named = endpoints.named(id)
    if (named !== undefined) values[`${end}_addr`] = named.address
    for (const part of ['name', 'owner_name', 'owner_kind'] as const) {
      const text = named?.means[part]
      if (text !== undefined) values[`${end}_${part}`] = text
    }
    if (tuple === 0) continue
    for (const field of endFields) {
      const text = texts.list[rollup[end].word(tuple, `${end}_${field}`)]
      if (text !== undefined) values[`${end}_${field}`] = text
    }
  }
  return values
}
