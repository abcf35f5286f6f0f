import type { Holders } from '../engine/contracts.ts'
import type { FlowBatch } from '../model/batches.ts'
import { isPresent, type Column, type IpColumn } from '../model/columns.ts'
import { endpointParts, type EndpointPart } from '../model/endpoint.ts'
import { parseIp } from '../model/ip.ts'
import { macsBeside, eventTimesOf } from '../model/event-time.ts'

/** `unknown`: some end is within the ranges of a cluster, but has no holder yet. */
export interface Enriched {
  readonly batch: FlowBatch
  readonly unknown: boolean
}

const ends = ['src', 'dst'] as const
const parts: readonly EndpointPart[] = endpointParts.filter((part) => part !== 'label' && part !== 'cluster')

/** Adds the meanings of addresses at the time of the flow. Fields that a flow carries stay. */
export function enrichFlows(batch: FlowBatch, received: number, holders: Holders): Enriched {
  const times = eventTimesOf(batch, received)
  const clusters = clustersOf(batch, holders)
  const words = new Words(batch.dictionary)
  const columns: Record<string, Column> = { ...batch.columns }
  let unknown = false
  for (const end of ends) {
    const addresses = batch.columns[`${end}_addr`]
    if (addresses?.kind !== 'ip') continue
    const found = holdersOf(batch, addresses, times, clusters, holders)
    unknown ||= found.unknown
    if (!found.any) continue
    for (const part of parts)
      put(columns, `${end}_${part}`, found.numbers, words, (number) => holders.endpoint(number)?.[part])
    put(columns, 'cluster', found.numbers, words, (number) => holders.endpoint(number)?.cluster)
    putNodes(columns, `${end}_node_addr`, found.numbers, holders)
  }
  return { batch: words.used ? { ...batch, dictionary: words.list, columns } : batch, unknown }
}

function clustersOf(batch: FlowBatch, holders: Holders): ((row: number) => number) | undefined {
  const scope = batch.columns['scope']
  if (scope?.kind !== 'dict') return undefined
  const numbers = batch.dictionary.map((text) => (text === '' ? 0 : holders.clusterOf(text)))
  return (row) => numbers[scope.codes[row] as number] ?? 0
}

function holdersOf(
  batch: FlowBatch,
  addresses: IpColumn,
  times: Float64Array,
  clusters: ((row: number) => number) | undefined,
  holders: Holders,
): { readonly numbers: Uint32Array; readonly any: boolean; readonly unknown: boolean } {
  const numbers = new Uint32Array(batch.count)
  const macs = macsBeside(batch, addresses)
  let [any, unknown] = [false, false]
  for (let row = 0; row < batch.count; row++) {
    if (!isPresent(addresses.valid, row)) continue
    const number = holders.find(
      addresses.words,
      4 * row,
      times[row] as number,
      clusters?.(row) ?? 0,
      macs?.(row) ?? Number.NaN,
    )
    numbers[row] = number
    if (number !== 0) any = true
    else unknown ||= holders.inClusterRange(addresses.words, 4 * row)
  }
  return { numbers, any, unknown }
}

class Words {
  readonly list: string[]
  readonly #codes: Map<string, number>
  used = false

  constructor(dictionary: readonly string[]) {
    this.list = [...dictionary]
    this.#codes = new Map(dictionary.map((text, code) => [text, code]))
  }

  code(text: string | undefined): number {
    if (text === undefined || text === '') return 0
    this.used = true
    let code = this.#codes.get(text)
    if (code === undefined) this.#codes.set(text, (code = this.list.push(text) - 1))
    return code
  }
}

function put(
  columns: Record<string, Column>,
  name: string,
  numbers: Uint32Array,
  words: Words,
  textOf: (number: number) => string | undefined,
): void {
  const carried = columns[name]
  const codes = carried?.kind === 'dict' ? carried.codes.slice() : new Uint32Array(numbers.length)
  const known = new Map<number, number>()
  let any = false
  for (let row = 0; row < numbers.length; row++) {
    const number = numbers[row] as number
    if (number === 0 || codes[row] !== 0) continue
    let code = known.get(number)
    if (code === undefined) known.set(number, (code = words.code(textOf(number))))
    if (code !== 0) any = true
    codes[row] = code
  }
  if (any) columns[name] = { kind: 'dict', codes }
}

function putNodes(columns: Record<string, Column>, name: string, numbers: Uint32Array, holders: Holders): void {
  const carried = columns[name]?.kind === 'ip' ? columns[name] : undefined
  const words = carried?.words.slice() ?? new Uint32Array(4 * numbers.length)
  const valid = new Uint8Array((numbers.length + 7) >> 3)
  const known = new Map<number, Uint32Array | undefined>()
  let any = false
  for (let row = 0; row < numbers.length; row++) {
    let address: Uint32Array | undefined
    const there = carried !== undefined && isPresent(carried.valid, row)
    if (!there) {
      const number = numbers[row] as number
      if (!known.has(number)) known.set(number, number === 0 ? undefined : parseIp(holders.nodeAddress(number) ?? ''))
      address = known.get(number)
      if (address === undefined) continue
      words.set(address, 4 * row)
      any = true
    }
    valid[row >> 3] = (valid[row >> 3] as number) | (1 << (row & 7))
  }
  if (any) columns[name] = { kind: 'ip', words, valid }
}
