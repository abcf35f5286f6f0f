import type { Column } from '../../model/columns.ts'
import type { Endpoints } from '../flows/endpoints.ts'
import { Ends } from './ends.ts'
import { Groups, Sums } from './groups.ts'
import { Carried, Texts } from './keys.ts'
import { placeOfText, placeText } from './place.ts'
import { groupLimits } from './schema.ts'
import { RollupWords } from './words.ts'
import type { FlowRows } from '../table-writer.ts'

/** Groups per commit; further flows lose detail. */
const limits = { whole: 16_384, reduced: 16_384, least: 4096 }

/** Per end (`src_`, `dst_`) lost with the ends, else with interfaces and ports. */
export const placeFields = ['src_namespace', 'dst_namespace', 'cluster', 'scope', 'record_type'] as const
export const endFields = ['name', 'owner_name', 'owner_kind', 'country', 'as'] as const

const maxTexts = 32_768

const twoTo32 = 4_294_967_296

/** Each group belongs to a group of the next level. */
export type Levels = Readonly<{
  /**
   * Key of a group: its group in `reduced`, the addresses of source and destination, and the ids of their tuples of
   * `endFields` (source in the upper half).
   */
  whole: Groups
  /** Key: group in `least` · interfaces · ports · places of source and destination · place fields · presence bits */
  reduced: Groups
  /** Key: minute · exporter · protocol and directions · presence bits */
  least: Groups
  none: Groups
  sums: Readonly<{ whole: Sums; reduced: Sums; least: Sums; none: Sums }>
}>

/** Sums by minute and dimensions. Groups beyond the limits fold into coarser ones; the total stays. */
export class Rollup {
  readonly texts = new Texts()
  readonly places = new Carried(placeFields, limits.reduced, this.texts)
  readonly src = new Carried(
    endFields.map((field) => `src_${field}`),
    65_536,
    this.texts,
  )
  readonly dst = new Carried(
    endFields.map((field) => `dst_${field}`),
    65_536,
    this.texts,
  )
  readonly levels: Levels = {
    whole: new Groups(4, limits.whole),
    reduced: new Groups(8, limits.reduced),
    least: new Groups(4, limits.least),
    none: new Groups(1, 1 << 20),
    sums: { whole: new Sums(), reduced: new Sums(), least: new Sums(), none: new Sums() },
  }
  readonly ends = new Ends()
  readonly groupLimits = groupLimits.flows_1m
  readonly #words: RollupWords

  constructor(words = new RollupWords()) {
    this.#words = words
  }

  add(rows: FlowRows, endpoints: Endpoints): void {
    const { batch } = rows
    const { count, columns } = batch
    const words = this.#words
    words.read(rows)
    const {
      minutes,
      how,
      howThere,
      inIf,
      outIf,
      ifThere,
      ports,
      sampling,
      places,
      srcEnds,
      dstEnds,
      srcPlaces,
      dstPlaces,
      leastOf,
      reducedOf,
      wholeOf,
    } = words
    this.places.of(batch, places)
    this.src.of(batch, srcEnds)
    this.dst.of(batch, dstEnds)
    const none0 = nothing(count)
    const src = rows.endpoints['src_addr'] ?? none0
    const dst = rows.endpoints['dst_addr'] ?? none0
    const exporter = rows.endpoints['exporter_addr'] ?? none0
    this.#endPlaces(rows, 'src', rows.endpoints['src_addr'], srcPlaces, endpoints)
    this.#endPlaces(rows, 'dst', rows.endpoints['dst_addr'], dstPlaces, endpoints)
    const { whole, reduced, least, none, sums } = this.levels
    // Level by level: memory accesses overlap.
    let [lastMinute, lastBy, lastHow, lastThere, last] = [-1, -1, -1, -1, -1]
    for (let row = 0; row < count; row++) {
      const minute = minutes[row]!
      const by = exporter[row]!
      if (minute !== lastMinute || by !== lastBy || how[row] !== lastHow || howThere[row] !== lastThere) {
        lastMinute = minute
        lastBy = by
        lastHow = how[row]!
        lastThere = howThere[row]!
        last = least.find4(minute, by >>> 0, lastHow, lastThere)
      }
      leastOf[row] = last
    }
    reduced.findRows8(leastOf, [inIf, outIf, ports, srcPlaces, dstPlaces, places, ifThere], reducedOf, count)
    for (let row = 0; row < count; row++) {
      const group = reducedOf[row]!
      wholeOf[row] =
        group < 0
          ? -1
          : whole.find4(group, src[row]! >>> 0, dst[row]! >>> 0, ((srcEnds[row]! << 16) | dstEnds[row]!) >>> 0)
    }
    sums.whole.reach(whole.count)
    sums.reduced.reach(reduced.count)
    sums.least.reach(least.count)
    const bytes = pairs(columns['bytes'])
    const packets = pairs(columns['packets'])
    for (let row = 0; row < count; row++) {
      let into = sums.whole
      let group = wholeOf[row]!
      if (group < 0) {
        into = sums.reduced
        group = reducedOf[row]!
      }
      if (group < 0) {
        into = sums.least
        group = leastOf[row]!
      }
      if (group < 0) {
        into = sums.none
        noneKey[0] = minutes[row]!
        group = Math.max(0, none.find(noneKey))
        into.reach(none.count)
      }
      const b = wide(bytes, row)
      const p = wide(packets, row)
      const factor = sampling[row]!
      if (
        b * factor <= Number.MAX_SAFE_INTEGER &&
        p * factor <= Number.MAX_SAFE_INTEGER &&
        b <= Number.MAX_SAFE_INTEGER &&
        p <= Number.MAX_SAFE_INTEGER
      )
        into.add(group, b, p, b * factor, p * factor)
      else {
        const bb = exact(bytes, row)
        const pp = exact(packets, row)
        into.addLarge(group, [1n, bb, pp, bb * BigInt(factor), pp * BigInt(factor)])
      }
    }
  }

  renewed(): Rollup {
    const { whole, reduced, least, none, sums } = this.levels
    if ([this.places, this.src, this.dst].some((carried) => carried.full) || this.texts.list.length > maxTexts)
      return new Rollup(this.#words)
    for (const level of [whole, reduced, least, none, sums.whole, sums.reduced, sums.least, sums.none]) level.clear()
    return this
  }

  #endPlaces(
    { batch }: FlowRows,
    end: 'src' | 'dst',
    ids: Float64Array | undefined,
    out: Uint32Array,
    endpoints: Endpoints,
  ) {
    if (ids === undefined) out.fill(0, 0, batch.count)
    else endpoints.places(ids, batch.count, out, this.texts)
    const column = batch.columns[`${end}_label`]
    if (column?.kind !== 'dict') return
    const labelled = new Map<number, number>()
    for (let row = 0; row < batch.count; row++) {
      const code = column.codes[row]!
      if (code === 0) continue
      const pair = code * twoTo32 + out[row]!
      let number = labelled.get(pair)
      if (number === undefined) {
        const position = placeOfText(String(this.texts.list[out[row]!] ?? ''))
        labelled.set(
          pair,
          (number = this.texts.number(placeText({ ...position, label: batch.dictionary[code] ?? '' }) ?? '')),
        )
      }
      out[row] = number
    }
  }
}

const noneKey = new Uint32Array(1)

let zeros = new Float64Array(0)

function nothing(count: number): Float64Array {
  if (zeros.length < count) zeros = new Float64Array(count)
  return zeros
}

function pairs(column: Column | undefined): Wide | undefined {
  return column?.kind === 'u64' ? column : undefined
}

type Wide = Readonly<{
  words: Uint32Array
  valid?: Uint8Array
}>

function wide(column: Wide | undefined, row: number) {
  if (column === undefined || !(column.valid === undefined || ((column.valid[row >> 3]! >> (row & 7)) & 1) === 1))
    return 0
  return column.words[2 * row + 1]! * twoTo32 + column.words[2 * row]!
}

function exact(column: Wide | undefined, row: number): bigint {
  if (column === undefined || !(column.valid === undefined || ((column.valid[row >> 3]! >> (row & 7)) & 1) === 1))
    return 0n
  return (BigInt(column.words[2 * row + 1]!) << 32n) | BigInt(column.words[2 * row]!)
}
