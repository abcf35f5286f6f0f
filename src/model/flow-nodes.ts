import { AddressTable } from './address-table.ts'
import type { FlowBatch } from './batches.ts'
import { isPresent, type Column, type IpColumn } from './columns.ts'
import type { End } from './endpoint.ts'

export type NodeOf = (row: number) => Uint32Array | undefined

const [ingress, egress, inner] = [0, 1, 2]

export function nodeColumn({ columns, count }: FlowBatch, end: End, nodeOf: NodeOf | undefined): IpColumn | undefined {
  const column = columns[`${end}_node_addr`]
  const carried = column?.kind === 'ip' ? column : undefined
  if (nodeOf === undefined) return carried
  const words = carried?.words.slice() ?? new Uint32Array(4 * count)
  const valid = new Uint8Array((count + 7) >> 3)
  let any = false
  for (let row = 0; row < count; row++) {
    if (carried === undefined || !isPresent(carried.valid, row)) {
      const node = nodeOf(row)
      if (node === undefined) continue
      const at = 4 * row
      words[at] = node[0]!
      words[at + 1] = node[1]!
      words[at + 2] = node[2]!
      words[at + 3] = node[3]!
      any = true
    }
    valid[row >> 3] = valid[row >> 3]! | (1 << (row & 7))
  }
  return any ? { kind: 'ip', words, valid } : carried
}

export class AddressNumbers {
  readonly #table = new AddressTable()
  #count = 0

  find(words: Uint32Array, at: number): number {
    return this.#table.find(words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!, 0)
  }

  of(words: Uint32Array, at: number): number {
    const existing = this.find(words, at)
    if (existing !== 0) return existing
    this.#table.add(words, at, 0, ++this.#count)
    return this.#count
  }

  /** Node of every row; 0 if absent. */
  ofRows(column: Column | undefined, count: number): Uint32Array | undefined {
    if (column?.kind !== 'ip') return undefined
    const numbers = new Uint32Array(count)
    for (let row = 0; row < count; row++)
      if (isPresent(column.valid, row)) numbers[row] = this.of(column.words, 4 * row)
    return numbers
  }
}

/**
 * 2 within one node, 1 if the exporter is the source's node, 0 if it is the destination's; else the value that the flow
 * carries. A flow that carries a node keeps its direction. Undefined if no row has one.
 */
export function directionColumn(
  { columns, count }: FlowBatch,
  src: Uint32Array | undefined,
  dst: Uint32Array | undefined,
  exporter: Uint32Array | undefined,
): Column | undefined {
  const carried = columns['node_direction']
  if (src === undefined && dst === undefined) return carried
  const [ownSrc, ownDst] = [columns['src_node_addr'], columns['dst_node_addr']]
  const enriched = ownSrc !== undefined || ownDst !== undefined
  const before = carried?.kind === 'u8' ? carried : undefined
  const values = before?.values.slice() ?? new Uint8Array(count)
  const valid = new Uint8Array((count + 7) >> 3)
  let any = false
  for (let row = 0; row < count; row++) {
    const [from, to, by] = [src?.[row] ?? 0, dst?.[row] ?? 0, exporter?.[row] ?? 0]
    if (from + to === 0 || (enriched && (isThere(ownSrc, row) || isThere(ownDst, row)))) {
      if (before === undefined || !isPresent(before.valid, row)) continue
    } else if (from === to) values[row] = inner
    else if (from !== 0 && from === by) values[row] = egress
    else if (to !== 0 && to === by) values[row] = ingress
    else if (before === undefined || !isPresent(before.valid, row)) continue
    any = true
    valid[row >> 3] = valid[row >> 3]! | (1 << (row & 7))
  }
  return any ? { kind: 'u8', values, valid } : undefined
}

export function directionOf(
  batch: FlowBatch,
  src: IpColumn | undefined,
  dst: IpColumn | undefined,
): Column | undefined {
  const { columns, count } = batch
  if (src === columns['src_node_addr'] && dst === columns['dst_node_addr']) return columns['node_direction']
  const numbers = new AddressNumbers()
  const [from, to, by] = [src, dst, columns['exporter_addr']].map((column) => numbers.ofRows(column, count))
  return directionColumn(batch, from, to, by)
}

function isThere(column: Column | undefined, row: number) {
  return column?.kind === 'ip' && isPresent(column.valid, row)
}
