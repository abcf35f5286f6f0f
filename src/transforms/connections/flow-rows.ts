import { murmur128 } from '../../engine/dedupe/murmur.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { isPresent, type Column, type U16Column, type U32Column, type U64Column } from '../../model/columns.ts'
import { endTexts } from '../../model/endpoint.ts'
import { opensConnection, tcpBits } from '../../model/service-port.ts'
import { flowColumnOf, keyReader } from '../rows/fields.ts'

const tcp = 6
const tracked = new Set([tcp, 17, 132])

/** Fields that a connection has from its first flow. */
export const commonTexts = ['scope', 'cluster', 'protocol', 'flow_layer'] as const

const utf8 = new TextEncoder()
const maxCached = 10_000

export class SharedTexts {
  readonly #networks = new Map<string, readonly [number, number]>()
  readonly #tuples = new Map<string, readonly string[]>()

  network(text: string): readonly [number, number] {
    let words = this.#networks.get(text)
    if (words === undefined) {
      const [a, b] = murmur128([utf8.encode(text)])
      if (this.#networks.size >= maxCached) this.#networks.clear()
      this.#networks.set(text, (words = [a, b]))
    }
    return words
  }

  tuple(texts: readonly string[]): readonly string[] {
    const key = texts.join('\0')
    const tuple = this.#tuples.get(key)
    if (tuple !== undefined) return tuple
    if (this.#tuples.size >= maxCached) this.#tuples.clear()
    this.#tuples.set(key, texts)
    return texts
  }
}

/** Columns of a batch that connections are made of. Absent numbers are 0, absent times NaN. */
export class FlowRows {
  readonly proto: (row: number) => number
  readonly flags: (row: number) => number
  readonly sampling: (row: number) => number
  readonly etype: (row: number) => number
  readonly bytes: U64Column | undefined
  readonly packets: U64Column | undefined
  readonly rtt: U64Column | undefined
  readonly start: (row: number) => number
  readonly end: (row: number) => number
  readonly isAgent: (row: number) => boolean
  readonly #src: Words
  readonly #dst: Words
  readonly #exporter: Words
  readonly #srcPort: (row: number) => number
  readonly #dstPort: (row: number) => number
  readonly #network: (row: number) => string
  readonly #texts: (row: number) => readonly string[]
  readonly #shared: SharedTexts

  constructor(batch: FlowBatch, within: readonly string[], shared: SharedTexts) {
    const { columns, dictionary } = batch
    this.proto = numbers(columns['proto'])
    this.flags = numbers(columns['tcp_flags'])
    this.sampling = numbers(columns['sampling'])
    this.etype = numbers(columns['etype'])
    this.#srcPort = numbers(columns['src_port'])
    this.#dstPort = numbers(columns['dst_port'])
    this.bytes = pairs(columns['bytes'])
    this.packets = pairs(columns['packets'])
    this.rtt = pairs(columns['rtt'])
    this.start = times(columns['time_start'])
    this.end = times(columns['time_end'])
    this.#src = words(columns['src_addr'])
    this.#dst = words(columns['dst_addr'])
    this.#exporter = words(columns['exporter_addr'])
    const { protocol } = columns
    const agent = dictionary.indexOf('netobserv')
    this.isAgent = protocol?.kind === 'dict' && agent > 0 ? (row) => protocol.codes[row] === agent : () => false
    this.#network = within.some((name) => columns[flowColumnOf(name)] !== undefined)
      ? keyReader(batch, within)
      : () => ''
    this.#texts = tuples(batch, shared)
    this.#shared = shared
  }

  /** 0: the row belongs to no connection; 1: its source is the lesser end; 2: its destination is. */
  key(row: number, key: Uint32Array): 0 | 1 | 2 {
    const proto = this.proto(row)
    if (!tracked.has(proto) || !has(this.#src, row) || !has(this.#dst, row)) return 0
    const [src, dst] = [this.#src.words!, this.#dst.words!]
    const [from, to] = [this.#srcPort(row), this.#dstPort(row)]
    const at = 4 * row
    let order = 0
    for (let word = 0; word < 4 && order === 0; word++) order = src[at + word]! - dst[at + word]!
    if (order === 0) order = from - to
    const isLess = order <= 0
    const [low, high] = isLess ? [src, dst] : [dst, src]
    for (let word = 0; word < 4; word++) {
      key[word] = low[at + word]!
      key[4 + word] = high[at + word]!
    }
    key[8] = isLess ? from * 65_536 + to : to * 65_536 + from
    key[9] = proto
    const text = this.#network(row)
    const network = text === '' ? none : this.#shared.network(text)
    key[10] = network[0]
    key[11] = network[1]
    return isLess ? 1 : 2
  }

  isFromA(row: number): boolean {
    const flags = this.flags(row)
    if (this.proto(row) === tcp) {
      const isAgent = this.isAgent(row)
      if (isAgent && (flags & tcpBits.synAck) !== 0) return false
      // Of other exporters, a flow of either end can have both bits.
      if (opensConnection({ flags, isAgent })) return true
    }
    return this.#srcPort(row) >= this.#dstPort(row)
  }

  endsConnection(row: number): boolean {
    if (this.proto(row) !== tcp) return false
    return (this.flags(row) & (this.isAgent(row) ? endBits.agent : endBits.other)) !== 0
  }

  exporter(row: number, into: Uint32Array): void {
    if (!has(this.#exporter, row)) into.fill(0)
    else for (let word = 0; word < 4; word++) into[word] = this.#exporter.words?.[4 * row + word] ?? 0
  }

  texts(row: number): readonly string[] {
    return this.#texts(row)
  }
}

/** FIN and RST; of NetObserv also those together with an ACK. */
const endBits = { other: 0x05, agent: 0x605 } as const
const none = [0, 0] as const

type Words = Readonly<{
  words?: Uint32Array
  valid?: Uint8Array
}>

function words(column: Column | undefined): Words {
  return column?.kind === 'ip' ? column : {}
}

function has({ words: all, valid }: Words, row: number) {
  return all !== undefined && isPresent(valid, row)
}

function pairs(column: Column | undefined) {
  return column?.kind === 'u64' ? column : undefined
}

function numbers(column: Column | undefined): (row: number) => number {
  if (column?.kind !== 'u8' && column?.kind !== 'u16' && column?.kind !== 'u32') return () => 0
  const { values, valid } = column as U16Column | U32Column
  return (row) => (isPresent(valid, row) ? values[row]! : 0)
}

function times(column: Column | undefined): (row: number) => number {
  if (column?.kind !== 'time') return () => Number.NaN
  const { values, valid } = column
  return (row) => (isPresent(valid, row) ? values[row]! : Number.NaN)
}

const noTexts: readonly string[] = []

function tuples({ columns, dictionary }: FlowBatch, shared: SharedTexts): (row: number) => readonly string[] {
  const names = [
    ...commonTexts,
    ...(['src', 'dst'] as const).flatMap((end) => endTexts.map((text) => `${end}_${text}`)),
  ]
  const codes = names.map((name) => {
    const column = columns[name]
    return column?.kind === 'dict' ? column.codes : undefined
  })
  if (codes.every((column) => column === undefined)) return () => noTexts
  return (row) =>
    shared.tuple(
      codes.map((column) => {
        const code = column?.[row] ?? 0
        return code === 0 ? '' : (dictionary[code] ?? '')
      }),
    )
}
