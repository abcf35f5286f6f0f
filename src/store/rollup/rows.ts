import type { Endpoints } from '../flows/endpoints.ts'
import type { EndPart } from './ends.ts'
import type { Sums } from './groups.ts'
import type { Carried } from './keys.ts'
import { pick } from './pick.ts'
import type { Place } from './place.ts'
import { endFields, placeFields, type Levels, type Rollup } from './rollup.ts'
import { sums as sumNames } from './schema.ts'
import { ColumnTexts, Filling, NumberCache, type RollupValues } from './values.ts'
import { has } from './words.ts'

export type RollupRows = Readonly<{
  count: number
  /** Minutes since 1970. */
  minutes: Uint32Array
  folded: Uint8Array
  values: ReadonlyMap<string, RollupValues>
  /** `flows bytes packets bytes_est packets_est`; bigints if a value is no safe integer. */
  sums: readonly (Float64Array | readonly (number | bigint)[])[]
}>

/** Per minute the largest in full, others folded within {@link Rollup.groupLimits}. Consumes the rollup. */
export function rollupRows(rollup: Rollup, endpoints: Endpoints): RollupRows {
  const { levels, groupLimits, texts, ends } = rollup
  const rows = pickRows(levels, groupLimits)
  const { wholes, reduceds, leasts } = rows
  const values = new Map<string, RollupValues>()
  const put = (name: string, column: RollupValues | undefined) => {
    if (column !== undefined) values.set(name, column)
  }
  const { count, minutes } = rows
  ends.begin(endpoints)
  const ofEnd =
    (ownNumbers: Uint32Array, part: EndPart): TextOf =>
    (column) => {
      const numbers = ends.texts(ownNumbers, part)
      const texts = new NumberCache(ends.count(part), (number) =>
        number === 0 ? 0 : column.add(ends.text(part, number)),
      )
      return (row) => texts.of(numbers[row]!)
    }

  const { keys: how } = levels.least
  put('exporter_addr', textColumn(count, leasts.length, ofEnd(ends.take(wordsOf(how, 4, 1, leasts)), 'addr')))
  for (const [name, shift, bit] of [
    ['proto', 0, has.proto],
    ['direction', 8, has.direction],
    ['node_direction', 16, has.nodeDirection],
    ['reverse', 24, has.reverse],
  ] as const) {
    put(
      name,
      numberColumn(count, leasts, (group) => (how[4 * group + 3]! & bit ? (how[4 * group + 2]! >>> shift) & 255 : -1)),
    )
  }

  const { keys: where } = levels.reduced
  put(
    'in_if',
    numberColumn(count, reduceds, (group) => (where[8 * group + 7]! & has.inIf ? where[8 * group + 1]! : -1)),
  )
  put(
    'out_if',
    numberColumn(count, reduceds, (group) => (where[8 * group + 7]! & has.outIf ? where[8 * group + 2]! : -1)),
  )
  put(
    'src_port',
    numberColumn(count, reduceds, (group) => where[8 * group + 3]! >>> 16 || -1),
  )
  put(
    'dst_port',
    numberColumn(count, reduceds, (group) => where[8 * group + 3]! & 0xffff || -1),
  )
  const srcPlaces = wordsOf(where, 8, 4, reduceds)
  const dstPlaces = wordsOf(where, 8, 5, reduceds)
  const placeTuples = wordsOf(where, 8, 6, reduceds)
  const named = (name: keyof Place, places: Uint32Array, others?: Uint32Array) => (column: ColumnTexts) => {
    const parts = new NumberCache(texts.list.length, (position) => column.number(texts.place(position)?.[name]))
    return (row: number) => parts.of(places[row]!) || (others === undefined ? 0 : parts.of(others[row]!))
  }
  put('src_label', textColumn(count, reduceds.length, named('label', srcPlaces)))
  put('dst_label', textColumn(count, reduceds.length, named('label', dstPlaces)))
  const carried = (from: Carried, tuples: Uint32Array, name: string, otherwise?: TextOf) =>
    put(name, carriedColumn(rollup, count, { from, tuples, name }, otherwise))
  const ofPlace: Partial<Record<string, TextOf>> = {
    src_namespace: named('namespace', srcPlaces),
    dst_namespace: named('namespace', dstPlaces),
    cluster: named('cluster', srcPlaces, dstPlaces),
  }
  for (const name of placeFields) carried(rollup.places, placeTuples, name, ofPlace[name])

  const { keys: wholeKeys } = levels.whole
  const endTuples = wordsOf(wholeKeys, 4, 3, wholes)
  for (const [end, at, tuples] of [
    ['src', 1, endTuples.map((both) => both >>> 16)],
    ['dst', 2, endTuples.map((both) => both & 0xffff)],
  ] as const) {
    const numbers = ends.take(wordsOf(wholeKeys, 4, at, wholes))
    put(`${end}_addr`, textColumn(count, wholes.length, ofEnd(numbers, 'addr')))
    for (const field of endFields)
      carried(
        rollup[end],
        tuples,
        `${end}_${field}`,
        field === 'country' || field === 'as' ? undefined : ofEnd(numbers, field),
      )
  }
  return { count, minutes, folded: rows.folded, values, sums: sumColumns(rows.from, count) }
}

type Rows = Readonly<{
  count: number
  minutes: Uint32Array
  folded: Uint8Array
  wholes: Uint32Array
  reduceds: Uint32Array
  leasts: Uint32Array
  from: readonly (readonly [Sums, readonly number[]])[]
}>

function pickRows({ whole, reduced, least, none, sums }: Levels, groupLimits: Rollup['groupLimits']): Rows {
  for (const [groups, sum] of [
    [whole, sums.whole],
    [reduced, sums.reduced],
    [least, sums.least],
    [none, sums.none],
  ] as const)
    sum.reach(groups.count)
  const leastMinutes = wordsOf(least.keys, 4, 0, least.count)
  const leastOf = wordsOf(reduced.keys, 8, 0, reduced.count)
  const reducedMinutes = wordsOf(leastMinutes, 1, 0, leastOf)
  const reducedOf = wordsOf(whole.keys, 4, 0, whole.count)
  const wholeMinutes = wordsOf(reducedMinutes, 1, 0, reducedOf)
  const first = pick(wholeMinutes, sums.whole, groupLimits.whole, (group) =>
    sums.reduced.join(reducedOf[group]!, sums.whole, group),
  )
  const second = pick(reducedMinutes, sums.reduced, groupLimits.reduced, (group) =>
    sums.least.join(leastOf[group]!, sums.reduced, group),
  )
  const third = pick(leastMinutes, sums.least, groupLimits.least, (group) => {
    const rest = Math.max(0, none.find(leastMinutes.subarray(group, group + 1)))
    sums.none.reach(none.count)
    sums.none.join(rest, sums.least, group)
  })
  const noneMinutes = wordsOf(none.keys, 1, 0, none.count)
  const last = pick(noneMinutes, sums.none, Infinity, () => {})
  const wholes = Uint32Array.from(first)
  const reduceds = joined(wordsOf(reducedOf, 1, 0, wholes), second)
  const leasts = joined(wordsOf(leastOf, 1, 0, reduceds), third)
  const minutes = joined(
    wordsOf(leastMinutes, 1, 0, leasts),
    last.map((group) => noneMinutes[group]!),
  )
  const count = minutes.length
  const folded = new Uint8Array(count).fill(1, first.length).fill(2, reduceds.length).fill(3, leasts.length)
  return {
    count,
    minutes,
    folded,
    wholes,
    reduceds,
    leasts,
    from: [
      [sums.whole, first],
      [sums.reduced, second],
      [sums.least, third],
      [sums.none, last],
    ],
  }
}

type Words = Uint32Array<ArrayBuffer>

function joined(first: Words, second: readonly number[]): Words {
  const both = new Uint32Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

function wordsOf(keys: Uint32Array, width: number, at: number, groups: Uint32Array | number): Words {
  const words = new Uint32Array(typeof groups === 'number' ? groups : groups.length)
  if (typeof groups === 'number') for (let group = 0; group < groups; group++) words[group] = keys[width * group + at]!
  else for (let row = 0; row < words.length; row++) words[row] = keys[width * groups[row]! + at]!
  return words
}

type TextOf = (column: ColumnTexts) => (row: number) => number

function numberColumn(count: number, groups: Uint32Array, of: (group: number) => number): RollupValues | undefined {
  const filling = new Filling(count)
  for (let row = 0; row < groups.length; row++) {
    const value = of(groups[row]!)
    if (value < 0) filling.lack()
    else filling.add(value)
  }
  return filling.done()
}

function textColumn(count: number, rows: number, of: TextOf): RollupValues | undefined {
  const texts = new ColumnTexts()
  const filling = new Filling(count)
  const numberOf = of(texts)
  for (let row = 0; row < rows; row++) {
    const number = numberOf(row)
    if (number === 0) filling.lack()
    else filling.add(number - 1)
  }
  return filling.done(texts.list)
}

type CarriedField = Readonly<{ from: Carried; tuples: Uint32Array; name: string }>

/** Carried values have priority over derived ones. */
function carriedColumn(
  { texts }: Rollup,
  count: number,
  { from, tuples, name }: CarriedField,
  otherwise?: TextOf,
): RollupValues | undefined {
  const field = from.fields.indexOf(name)
  if (name.endsWith('_as'))
    return numberColumn(count, tuples, (tuple) => Number(texts.list[from.word(tuple, field)] ?? -1))
  if (!tuples.some((tuple) => from.word(tuple, field) !== 0))
    return otherwise === undefined ? undefined : textColumn(count, tuples.length, otherwise)
  return textColumn(count, tuples.length, (column) => {
    column.mix()
    const carried = new NumberCache(from.tuples.count, (tuple) =>
      column.number(texts.list[from.word(tuple, field)] as string | undefined),
    )
    const byDefault = otherwise?.(column)
    return (row) => carried.of(tuples[row]!) || (byDefault?.(row) ?? 0)
  })
}

function sumColumns(from: Rows['from'], count: number): RollupRows['sums'] {
  if (from.some(([sums]) => sums.large))
    return sumNames.map((_, sum) => from.flatMap(([sums, groups]) => groups.map((group) => sums.value(group, sum))))
  const columns = sumNames.map(() => new Float64Array(count))
  let at = 0
  for (const [sums, groups] of from) {
    sums.copy(groups, columns, at)
    at += groups.length
  }
  return columns
}
