import type { Endpoints } from '../flows/endpoints.ts'
import type { Sums } from './groups.ts'
import { endFields, placeFields, type Rollup } from './rollup.ts'
import { rollupColumns } from './schema.ts'
import { has } from './words.ts'

/** A row of a rollup. Sums are exact; they follow `flows bytes packets bytes_est packets_est`. */
export interface RollupRow {
  /** Unix ms at which the bucket begins. */
  readonly time: number
  readonly folded: 0 | 1 | 2 | 3
  /** Dimensions by the places of their columns in `rollupColumns`; one that is absent is undefined. */
  readonly values: Values
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
  const row = (minute: number, folded: RollupRow['folded'], values: Values, from: Sums, group: number): void => {
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
  for (const [minute, found] of rest) rows.push({ time: minute * 60_000, folded: 3, values: noValues(), sums: found.sums })
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

type Values = (string | number | undefined)[]

const placeOfColumn = new Map(rollupColumns.map(({ name }, place) => [name, place]))

function column(name: string): number {
  const place = placeOfColumn.get(name)
  if (place === undefined) throw new Error(`a rollup has no column ${name}`)
  return place
}

// Thousands of rows in every commit: names are looked up once, here.
const [exporterAddr, proto, direction, nodeDirection, reverse] = ['exporter_addr', 'proto', 'direction', 'node_direction', 'reverse'].map(column) as [number, number, number, number, number]
const [inIf, outIf, srcPort, dstPort, clusterName] = ['in_if', 'out_if', 'src_port', 'dst_port', 'cluster'].map(column) as [number, number, number, number, number]
const carriedPlaces = placeFields.map(column)
const namedParts = ['name', 'owner_name', 'owner_kind'] as const
const endColumns = (['src', 'dst'] as const).map((end) => ({
  end, addr: column(`${end}_addr`), label: column(`${end}_label`), namespace: column(`${end}_namespace`), parts: namedParts.map((part) => column(`${end}_${part}`)), carried: endFields.map((field) => column(`${end}_${field}`)),
}))
/** Behind the last dimension there are sums. */
const none: Values = Array.from({ length: column('flows') }, () => undefined)

function noValues(): Values {
  return none.slice()
}

function exporterOf({ levels: { least } }: Rollup, endpoints: Endpoints, group: number): Values {
  const at = 4 * group
  const [exporter, packed, which] = [least.keys[at + 1] as number, least.keys[at + 2] as number, least.keys[at + 3] as number]
  const values = noValues()
  values[exporterAddr] = endpoints.named(exporter)?.address
  if (which & has.proto) values[proto] = packed & 255
  if (which & has.direction) values[direction] = (packed >>> 8) & 255
  if (which & has.nodeDirection) values[nodeDirection] = (packed >>> 16) & 255
  if (which & has.reverse) values[reverse] = packed >>> 24
  return values
}

/** Adds to the values. */
function placeOf({ levels: { reduced: { keys } }, places, texts }: Rollup, group: number, values: Values): Values {
  const at = 8 * group
  const [ports, tuple, which] = [keys[at + 3] as number, keys[at + 6] as number, keys[at + 7] as number]
  if (which & has.inIf) values[inIf] = keys[at + 1] as number
  if (which & has.outIf) values[outIf] = keys[at + 2] as number
  if (ports >>> 16 !== 0) values[srcPort] = ports >>> 16
  if ((ports & 0xffff) !== 0) values[dstPort] = ports & 0xffff
  for (let end = 0; end < 2; end++) {
    const place = texts.place(keys[at + 4 + end] as number)
    if (place === undefined) continue
    const { label, namespace } = endColumns[end] as (typeof endColumns)[number]
    values[label] = place.label
    values[namespace] = place.namespace
    values[clusterName] ??= place.cluster
  }
  if (tuple !== 0) for (let field = 0; field < carriedPlaces.length; field++) put(values, carriedPlaces[field] as number, texts.list[places.word(tuple, field)])
  return values
}

/** Adds to the values. */
function endsOf(rollup: Rollup, endpoints: Endpoints, group: number, values: Values): Values {
  const { levels: { whole: { keys } }, texts } = rollup
  const at = 4 * group
  const tuples = keys[at + 3] as number
  for (let index = 0; index < 2; index++) {
    const { end, addr, parts, carried } = endColumns[index] as (typeof endColumns)[number]
    const named = endpoints.named(keys[at + 1 + index] as number)
    if (named !== undefined) {
      values[addr] = named.address
      for (let part = 0; part < parts.length; part++) values[parts[part] as number] = named.means[namedParts[part] as (typeof namedParts)[number]]
    }
    const tuple = index === 0 ? tuples >>> 16 : tuples & 0xffff
    if (tuple === 0) continue
    for (let field = 0; field < carried.length; field++) put(values, carried[field] as number, texts.list[rollup[end].word(tuple, field)])
  }
  return values
}

/** What there is replaces what was there. */
function put(values: Values, place: number, value: string | number | undefined): void {
  if (value !== undefined) values[place] = value
}
