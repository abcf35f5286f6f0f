import type { Endpoints } from './endpoints.ts'
import { flowMinutes } from './flow-time.ts'
import { Groups, Sums } from './groups.ts'
import { Carried, Texts } from './rollup-keys.ts'
import { kept, servicePorts } from './rollup-schema.ts'
import type { FlowRows } from './table-writer.ts'

/** Groups of one commit beyond which flows are counted with less detail at once. */
const limits = { whole: 16_384, reduced: 16_384, least: 4096 }

/** Fields of a flow that are lost with its interfaces and ports, and those that are lost with its ends. */
export const placeFields = ['src_namespace', 'dst_namespace', 'cluster', 'scope', 'record_type'] as const
export const endFields = ['src_name', 'dst_name', 'src_owner_name', 'dst_owner_name', 'src_owner_kind', 'dst_owner_kind', 'src_country', 'dst_country', 'src_as', 'dst_as'] as const

const twoTo32 = 4_294_967_296

/** Bits of the word that says which numbers a group has. */
export const has = { proto: 1, direction: 2, nodeDirection: 4, reverse: 8, inIf: 16, outIf: 32 } as const

/** Four levels of detail, each group of one belonging to a group of the next. */
export interface Levels {
  /** reduced group · source · destination · tuple of end fields */
  readonly whole: Groups
  /** least group · input interface · output interface · ports · label of the source · of the destination · tuple of place fields · which of them there are */
  readonly reduced: Groups
  /** minute · exporter · protocol and directions · which of them there are */
  readonly least: Groups
  /** minute */
  readonly none: Groups
  readonly sums: { readonly whole: Sums; readonly reduced: Sums; readonly least: Sums; readonly none: Sums }
}

/**
 * Sums of the flows of one commit by minute and by what they have in common. Additive: whatever is too fine to be kept is
 * counted with its coarser group, so that the sums over all groups are those of the flows.
 */
export class Rollup {
  readonly texts = new Texts()
  readonly places = new Carried(placeFields, limits.reduced, this.texts)
  readonly ends = new Carried(endFields, 65_536, this.texts)
  readonly levels: Levels = {
    whole: new Groups(4, limits.whole), reduced: new Groups(8, limits.reduced), least: new Groups(4, limits.least), none: new Groups(1, 1 << 20),
    sums: { whole: new Sums(), reduced: new Sums(), least: new Sums(), none: new Sums() },
  }
  readonly kept = kept.flows_1m
  #space = spaceFor(0)

  add(rows: FlowRows, endpoints: Endpoints): void {
    const { batch } = rows
    const { count, columns } = batch
    if (this.#space.minutes.length < count) this.#space = spaceFor(count)
    const { minutes, placeOf, endOf, srcLabels, dstLabels } = this.#space
    flowMinutes(rows, minutes)
    const places = this.places.of(batch, placeOf)
    const ends = this.ends.of(batch, endOf)
    const src = rows.endpoints['src_addr']
    const dst = rows.endpoints['dst_addr']
    const exporter = rows.endpoints['exporter_addr']
    this.#labels(rows, 'src', src, srcLabels, endpoints)
    this.#labels(rows, 'dst', dst, dstLabels, endpoints)
    const proto = small(columns['proto'])
    const direction = small(columns['direction'])
    const nodeDirection = small(columns['node_direction'])
    const reverse = small(columns['reverse'])
    const inIf = small(columns['in_if'])
    const outIf = small(columns['out_if'])
    const srcPort = small(columns['src_port'])
    const dstPort = small(columns['dst_port'])
    const sampling = small(columns['sampling'])
    const bytes = columns['bytes']
    const packets = columns['packets']
    const bytesOf = bytes?.kind === 'u64' ? bytes : undefined
    const packetsOf = packets?.kind === 'u64' ? packets : undefined
    const { whole, reduced, least, none, sums } = this.levels
    let [lastMinute, lastBy, lastHow, lastWhich, leastGroup] = [-1, -1, -1, -1, -1]
    for (let row = 0; row < count; row++) {
      // The finest group that there is room for.
      const which = (here(proto, row) ? has.proto : 0) | (here(direction, row) ? has.direction : 0) | (here(nodeDirection, row) ? has.nodeDirection : 0) | (here(reverse, row) ? has.reverse : 0)
      const minute = minutes[row] as number
      const by = exporter === undefined ? 0 : (exporter[row] as number)
      const how = at(proto, row) | (at(direction, row) << 8) | (at(nodeDirection, row) << 16) | (at(reverse, row) << 24)
      // Neighbours are mostly of one group.
      if (minute !== lastMinute || by !== lastBy || how !== lastHow || which !== lastWhich) {
        lastMinute = minute
        lastBy = by
        lastHow = how
        lastWhich = which
        leastKey[0] = minute
        leastKey[1] = by
        leastKey[2] = how
        leastKey[3] = which
        leastGroup = least.find(leastKey)
      }
      let into = sums.none
      let group: number
      if (leastGroup < 0) {
        noneKey[0] = minute
        group = Math.max(0, none.find(noneKey))
        into.reach(none.count)
      } else {
        const from = at(srcPort, row)
        const to = at(dstPort, row)
        reducedKey[0] = leastGroup
        reducedKey[1] = at(inIf, row)
        reducedKey[2] = at(outIf, row)
        reducedKey[3] = ((servicePorts[from] === 1 ? from : 0) << 16) | (servicePorts[to] === 1 ? to : 0)
        reducedKey[4] = srcLabels[row] as number
        reducedKey[5] = dstLabels[row] as number
        reducedKey[6] = places === undefined ? 0 : (places[row] as number)
        reducedKey[7] = (here(inIf, row) ? has.inIf : 0) | (here(outIf, row) ? has.outIf : 0)
        const reducedGroup = reduced.find(reducedKey)
        if (reducedGroup < 0) {
          into = sums.least
          group = leastGroup
          into.reach(least.count)
        } else {
          wholeKey[0] = reducedGroup
          wholeKey[1] = src === undefined ? 0 : (src[row] as number)
          wholeKey[2] = dst === undefined ? 0 : (dst[row] as number)
          wholeKey[3] = ends === undefined ? 0 : (ends[row] as number)
          group = whole.find(wholeKey)
          into = sums.whole
          if (group < 0) {
            into = sums.reduced
            group = reducedGroup
            into.reach(reduced.count)
          } else into.reach(whole.count)
        }
      }
      const b = wide(bytesOf, row)
      const p = wide(packetsOf, row)
      const factor = sampling !== undefined && here(sampling, row) ? at(sampling, row) : 1
      if (b * factor <= Number.MAX_SAFE_INTEGER && p * factor <= Number.MAX_SAFE_INTEGER && b <= Number.MAX_SAFE_INTEGER && p <= Number.MAX_SAFE_INTEGER) into.add(group, b, p, b * factor, p * factor)
      else {
        const bb = exact(bytesOf, row)
        const pp = exact(packetsOf, row)
        into.addLarge(group, [1n, bb, pp, bb * BigInt(factor), pp * BigInt(factor)])
      }
    }
  }

  /** Numbers of the labels of an end: what the flow carried, else what the address means. */
  #labels({ batch }: FlowRows, end: 'src' | 'dst', ids: Float64Array | undefined, out: Uint32Array, endpoints: Endpoints): void {
    if (ids === undefined) out.fill(0, 0, batch.count)
    else endpoints.labels(ids, batch.count, out, this.texts)
    const column = batch.columns[`${end}_label`]
    if (column?.kind !== 'dict') return
    for (let row = 0; row < batch.count; row++) {
      const code = column.codes[row] as number
      if (code !== 0) out[row] = this.texts.number(batch.dictionary[code] ?? '')
    }
  }
}

const wholeKey = new Uint32Array(4)
const reducedKey = new Uint32Array(8)
const leastKey = new Uint32Array(4)
const noneKey = new Uint32Array(1)

interface Space {
  readonly minutes: Uint32Array
  readonly placeOf: Uint32Array
  readonly endOf: Uint32Array
  readonly srcLabels: Uint32Array
  readonly dstLabels: Uint32Array
}

function spaceFor(count: number): Space {
  const words = (): Uint32Array => new Uint32Array(count)
  return { minutes: words(), placeOf: words(), endOf: words(), srcLabels: words(), dstLabels: words() }
}

interface Small {
  readonly values: Uint8Array | Uint16Array | Uint32Array
  readonly valid?: Uint8Array
}

function small(column: FlowRows['batch']['columns'][string] | undefined): Small | undefined {
  return column?.kind === 'u8' || column?.kind === 'u16' || column?.kind === 'u32' ? column : undefined
}

function here(column: Small | undefined, row: number): boolean {
  if (column === undefined) return false
  const { valid } = column
  return valid === undefined || ((valid[row >> 3] as number) >> (row & 7) & 1) === 1
}

/** The row's number; 0 where it is absent. */
function at(column: Small | undefined, row: number): number {
  return column !== undefined && here(column, row) ? (column.values[row] as number) : 0
}

interface Wide {
  readonly words: Uint32Array
  readonly valid?: Uint8Array
}

function wide(column: Wide | undefined, row: number): number {
  if (column === undefined || !(column.valid === undefined || ((column.valid[row >> 3] as number) >> (row & 7) & 1) === 1)) return 0
  return (column.words[2 * row + 1] as number) * twoTo32 + (column.words[2 * row] as number)
}

function exact(column: Wide | undefined, row: number): bigint {
  if (column === undefined || !(column.valid === undefined || ((column.valid[row >> 3] as number) >> (row & 7) & 1) === 1)) return 0n
  return (BigInt(column.words[2 * row + 1] as number) << 32n) | BigInt(column.words[2 * row] as number)
}
