import type { Enrichment, Holders } from '../engine/contracts.ts'
import type { FlowBatch } from '../model/batches.ts'
import { isPresent, type Column, type IpColumn } from '../model/columns.ts'
import { textParts, type End, type Endpoint, type EndpointPart } from '../model/endpoint.ts'
import { eventTimesOf, macsBeside, networksBeside } from '../model/event-time.ts'
import { directionOf, nodeColumn, type NodeOf } from '../model/flow-nodes.ts'
import { parseIp } from '../model/ip.ts'
import { labelMembers } from './label-members.ts'
import type { LabelCopy } from './name-settings.ts'
import { Words } from './words.ts'
import type { StaticResolution, StaticResolver } from './static-resolver.ts'

type Enriched = Readonly<{
  batch: FlowBatch
  unknown: boolean
}>

export type Names = Readonly<{
  holders?: Holders | undefined
  networks?: Pick<StaticResolver, 'resolve' | 'generation'> | undefined
  labels?: readonly LabelCopy[] | undefined
}>

const ends = ['src', 'dst'] as const
/** No text has this code. */
const noCode = 0xffff_ffff

export class RangeNames implements Enrichment {
  readonly #networks: Names['networks']

  constructor(networks: Names['networks']) {
    this.#networks = networks
  }

  ready(): Promise<void> {
    return Promise.resolve()
  }

  enrich(...[batch, received]: Parameters<Enrichment['enrich']>): Enriched {
    return enrichFlows(batch, received, { networks: this.#networks })
  }
}

/** Adds the meanings of addresses at the time of the flow. Fields that a flow carries stay. */
export function enrichFlows(batch: FlowBatch, received: number, { holders, networks, labels }: Names): Enriched {
  if (batch.derived === true) return { batch, unknown: false }
  const columns: Record<string, Column> = { ...batch.columns }
  const words = new Words(batch.dictionary)
  const nodes: { [E in End]?: IpColumn | undefined } = {}
  const layers = new Layers(batch.count)
  let [unknown, changed] = [false, false]
  const find = holders === undefined ? undefined : finder(batch, received, holders)
  const members = holders === undefined ? undefined : labelMembers(labels, holders)
  for (const end of ends) {
    const addresses = batch.columns[`${end}_addr`]
    const workloads = addresses?.kind === 'ip' ? find?.(addresses) : undefined
    if (workloads !== undefined && holders !== undefined) {
      unknown ||= workloads.unknown
      const { rows, endpoints } = workloads
      members?.add(end, rows, workloads.numbers)
      if (endpoints.length > 1) {
        const of = (part: EndpointPart) => endpoints.map((endpoint) => endpoint?.[part])
        for (const part of textParts) if (part !== 'label') put(columns, `${end}_${part}`, rows, words, of(part))
        put(columns, 'cluster', rows, words, of('cluster'))
        layers.add(rows, of('layer'))
        nodes[end] = nodeColumn(batch, end, nodesOf(rows, of('node_addr')))
      }
    }
    if (networks !== undefined && networks.generation > 0)
      putRanges({ columns, words }, end, batch, networks, workloads?.rows)
    const node = (nodes[end] ??= nodeColumn(batch, end, undefined))
    if (node !== undefined) columns[`${end}_node_addr`] = node
    changed ||= node !== batch.columns[`${end}_node_addr`]
  }
  layers.put(columns, words)
  members?.put(columns, words)
  const direction = directionOf(batch, nodes.src, nodes.dst)
  if (direction !== undefined) columns['node_direction'] = direction
  changed ||= words.used || direction !== batch.columns['node_direction']
  return { batch: changed ? { ...batch, dictionary: words.list, columns } : batch, unknown }
}

type Found = Readonly<{
  rows: Uint32Array
  endpoints: readonly (Endpoint | undefined)[]
  numbers: readonly number[]
  unknown: boolean
}>

function finder(batch: FlowBatch, received: number, holders: Holders): (addresses: IpColumn) => Found {
  const times = eventTimesOf(batch, received)
  const clusters = clustersOf(batch, holders)
  const networks = numbersOfNetworks(batch, holders)
  return (addresses) => {
    const rows = new Uint32Array(batch.count)
    const endpoints: (Endpoint | undefined)[] = [undefined]
    const indexes = new Map<number, number>([[0, 0]])
    const macs = macsBeside(batch, addresses)
    const beside = { mac: Number.NaN, network: 0 }
    let unknown = false
    for (let row = 0; row < batch.count; row++) {
      if (!isPresent(addresses.valid, row)) continue
      if (macs !== undefined) beside.mac = macs(row)
      if (networks !== undefined) beside.network = networks(row)
      const number = holders.find(addresses.words, 4 * row, times[row]!, clusters?.(row) ?? 0, beside)
      if (number === 0) unknown ||= holders.inClusterRange(addresses.words, 4 * row)
      let index = indexes.get(number)
      if (index === undefined) indexes.set(number, (index = endpoints.push(holders.endpoint(number)) - 1))
      rows[row] = index
    }
    return { rows, endpoints, numbers: [...indexes.keys()], unknown }
  }
}

function clustersOf(batch: FlowBatch, holders: Holders): ((row: number) => number) | undefined {
  const scope = batch.columns['scope']
  if (scope?.kind !== 'dict') return undefined
  const numbers = batch.dictionary.map((text) => (text === '' ? 0 : holders.clusterOf(text)))
  return (row) => numbers[scope.codes[row]!] ?? 0
}

function numbersOfNetworks(batch: FlowBatch, holders: Holders): ((row: number) => number) | undefined {
  const names = networksBeside(batch)
  if (names === undefined) return undefined
  const codesByText = new Map([['', 0]])
  return (row) => {
    const name = names(row)
    let number = codesByText.get(name)
    if (number === undefined) codesByText.set(name, (number = holders.networkOf(name)))
    return number
  }
}

function nodesOf(rows: Uint32Array, addresses: readonly (string | undefined)[]): NodeOf {
  const cache = new Map<string | undefined, Uint32Array | undefined>()
  const nodes = addresses.map((address) => {
    if (!cache.has(address)) cache.set(address, parseIp(address ?? ''))
    return cache.get(address)
  })
  return (row) => nodes[rows[row]!]
}

/** Columns of a batch, and the words that they refer to. */
type NamedColumns = Readonly<{ columns: Record<string, Column>; words: Words }>

/** The label is of the range; so is the name of an address without a holder. */
function putRanges(
  { columns, words }: NamedColumns,
  end: End,
  batch: FlowBatch,
  networks: NonNullable<Names['networks']>,
  holders: Uint32Array | undefined,
) {
  const column = batch.columns[`${end}_addr`]
  if (column?.kind !== 'ip') return
  const { words: addresses, valid } = column
  const scope = batch.columns['scope']
  const scopes = scope?.kind === 'dict' ? scope.codes : undefined
  const indexes = new Map<StaticResolution, number>()
  const ranges: (Endpoint | undefined)[] = [undefined]
  const rows = new Uint32Array(batch.count)
  for (let row = 0; row < batch.count; row++) {
    if (!isPresent(valid, row)) continue
    const name = scopes === undefined ? '' : (batch.dictionary[scopes[row]!] ?? '')
    const resolution = networks.resolve(addresses, 4 * row, 0, name)
    if (resolution.is !== 'endpoint') continue
    let index = indexes.get(resolution)
    if (index === undefined) indexes.set(resolution, (index = ranges.push(resolution.endpoint) - 1))
    rows[row] = index
  }
  if (ranges.length === 1) return
  const of = (part: 'name' | 'label') => ranges.map((range) => range?.[part])
  put(columns, `${end}_label`, rows, words, of('label'))
  if (holders !== undefined) for (let row = 0; row < batch.count; row++) if (holders[row] !== 0) rows[row] = 0
  put(columns, `${end}_name`, rows, words, of('name'))
}

/** `flow_layer`: the lesser layer of both ends, `app` before `infra`. */
class Layers {
  readonly #texts: (string | undefined)[] = [undefined]
  readonly #codes: Uint32Array

  constructor(count: number) {
    this.#codes = new Uint32Array(count)
  }

  add(rows: Uint32Array, layers: readonly (string | undefined)[]): void {
    const codeOf = layers.map((layer) => this.#codeOf(layer))
    const codes = this.#codes
    for (let row = 0; row < rows.length; row++) {
      const [code, before] = [codeOf[rows[row]!]!, codes[row]!]
      if (code !== 0 && (before === 0 || this.#texts[code]! < this.#texts[before]!)) codes[row] = code
    }
  }

  put(columns: Record<string, Column>, words: Words): void {
    if (this.#texts.length > 1) put(columns, 'flow_layer', this.#codes, words, this.#texts)
  }

  #codeOf(text: string | undefined) {
    const index = this.#texts.indexOf(text)
    return index >= 0 ? index : this.#texts.push(text) - 1
  }
}

/** `rows`: index in `texts` by row. */
function put(
  columns: Record<string, Column>,
  name: string,
  rows: Uint32Array,
  words: Words,
  texts: readonly (string | undefined)[],
) {
  if (texts.every((text) => text === undefined)) return
  const carried = columns[name]
  const codes = carried?.kind === 'dict' ? carried.codes.slice() : new Uint32Array(rows.length)
  const codeOf = new Uint32Array(texts.length).fill(noCode)
  let any = false
  for (let row = 0; row < rows.length; row++) {
    if (codes[row] !== 0) continue
    const index = rows[row]!
    let code = codeOf[index]!
    if (code === noCode) codeOf[index] = code = words.code(texts[index])
    if (code !== 0) any = true
    codes[row] = code
  }
  if (any) columns[name] = { kind: 'dict', codes }
}
