import { isPresent, type Column } from '../../model/columns.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { servicePorts } from '../../model/service-port.ts'
import { flowMinutes } from '../flows/time.ts'
import type { FlowRows } from '../table-writer.ts'

export const has = { proto: 1, direction: 2, nodeDirection: 4, reverse: 8, inIf: 16, outIf: 32 } as const

const packed = [
  ['proto', 0, has.proto],
  ['direction', 8, has.direction],
  ['node_direction', 16, has.nodeDirection],
  ['reverse', 24, has.reverse],
] as const

type Words = Uint32Array<ArrayBuffer>

/** Uniform words: the loop over rows has no branches on types. Valid until the next `read`. */
export class RollupWords {
  minutes = new Uint32Array(0)
  how: Words = new Uint32Array(0)
  /** By the first four bits of `has`. */
  howThere: Words = new Uint32Array(0)
  inIf: Words = new Uint32Array(0)
  outIf: Words = new Uint32Array(0)
  ifThere: Words = new Uint32Array(0)
  /** Source in the upper half. */
  ports: Words = new Uint32Array(0)
  /** 1 if unknown. */
  sampling: Words = new Uint32Array(0)
  places: Words = new Uint32Array(0)
  srcEnds: Words = new Uint32Array(0)
  dstEnds: Words = new Uint32Array(0)
  srcPlaces: Words = new Uint32Array(0)
  dstPlaces: Words = new Uint32Array(0)
  /** By level; −1 beyond the limit. */
  leastOf = new Int32Array(0)
  reducedOf = new Int32Array(0)
  wholeOf = new Int32Array(0)
  #column: Words = new Uint32Array(0)

  read(rows: FlowRows): void {
    const { batch } = rows
    this.#room(batch.count)
    flowMinutes(rows, this.minutes)
    this.#readHow(batch)
    this.ifThere.fill(0, 0, batch.count)
    this.#interface(batch, 'in_if', this.inIf, has.inIf)
    this.#interface(batch, 'out_if', this.outIf, has.outIf)
    this.#readPorts(batch)
    if (!this.#take(batch, 'sampling', this.sampling, 1)) this.sampling.fill(1, 0, batch.count)
  }

  #room(count: number) {
    if (this.minutes.length >= count) return
    const words = (): Words => new Uint32Array(count)
    this.minutes = words()
    this.how = words()
    this.howThere = words()
    this.inIf = words()
    this.outIf = words()
    this.ifThere = words()
    this.ports = words()
    this.sampling = words()
    this.places = words()
    this.srcEnds = words()
    this.dstEnds = words()
    this.srcPlaces = words()
    this.dstPlaces = words()
    this.leastOf = new Int32Array(count)
    this.reducedOf = new Int32Array(count)
    this.wholeOf = new Int32Array(count)
    this.#column = words()
  }

  #readHow(batch: FlowBatch) {
    const { how, howThere } = this
    how.fill(0, 0, batch.count)
    howThere.fill(0, 0, batch.count)
    const column = this.#column
    for (const [field, shift, bit] of packed) {
      if (!this.#take(batch, field, column, 0)) continue
      for (let row = 0; row < batch.count; row++) how[row] = how[row]! | (column[row]! << shift)
      mark(batch, field, howThere, bit)
    }
  }

  #interface(batch: FlowBatch, field: string, into: Words, bit: number) {
    if (this.#take(batch, field, into, 0)) mark(batch, field, this.ifThere, bit)
    else into.fill(0, 0, batch.count)
  }

  #readPorts(batch: FlowBatch) {
    const { ports } = this
    const column = this.#column
    ports.fill(0, 0, batch.count)
    for (const [field, shift] of [
      ['src_port', 16],
      ['dst_port', 0],
    ] as const) {
      if (!this.#take(batch, field, column, 0)) continue
      for (let row = 0; row < batch.count; row++) {
        const port = column[row]!
        if (servicePorts[port] === 1) ports[row] = ports[row]! | (port << shift)
      }
    }
  }

  #take({ columns, count }: FlowBatch, field: string, into: Words, absent: number): boolean {
    const column = columns[field]
    if (!isNarrow(column)) return false
    into.set(column.values)
    const { valid } = column
    if (valid !== undefined) for (let row = 0; row < count; row++) if (!isPresent(valid, row)) into[row] = absent
    return true
  }
}

type Narrow = Extract<Column, { readonly kind: 'u8' | 'u16' | 'u32' }>

function isNarrow(column: Column | undefined): column is Narrow {
  return column?.kind === 'u8' || column?.kind === 'u16' || column?.kind === 'u32'
}

function mark({ columns, count }: FlowBatch, field: string, presence: Words, bit: number) {
  const column = columns[field]
  const valid = isNarrow(column) ? column.valid : undefined
  if (valid === undefined) for (let row = 0; row < count; row++) presence[row] = presence[row]! | bit
  else for (let row = 0; row < count; row++) if (isPresent(valid, row)) presence[row] = presence[row]! | bit
}
