// Small databases in MaxMind's format: a binary tree of address bits and a section of records. See
// https://maxmind.github.io/MaxMind-DB/.
import { parseCidr } from '../../src/model/cidr.ts'

export type MmdbValue = string | number | { readonly [key: string]: MmdbValue } | readonly MmdbValue[]

interface Node {
  readonly ends: [Node | number | undefined, Node | number | undefined]
}

export interface MmdbOptions {
  readonly ipVersion?: 4 | 6
  readonly recordSize?: 24 | 28 | 32
}

/**
 * An IPv6 database with IPv4 below its first 96 zero bits, or one of IPv4. Ranges must be sorted from wide to narrow.
 */
export function buildMmdb(
  records: Readonly<Record<string, MmdbValue>>,
  { ipVersion = 6, recordSize = 24 }: MmdbOptions = {},
): Buffer {
  const root: Node = { ends: [undefined, undefined] }
  const data: Buffer[] = []
  let size = 0
  for (const [cidr, record] of Object.entries(records)) {
    insert(root, bitsOf(cidr, ipVersion), size)
    const bytes = encode(record)
    data.push(bytes)
    size += bytes.length
  }
  const nodes = listNodes(root)
  const numbers = new Map(nodes.map((node, index) => [node, index]))
  const tree = Buffer.alloc((recordSize / 4) * nodes.length)
  for (const [index, { ends }] of nodes.entries()) {
    for (const [side, end] of ends.entries()) {
      const value =
        end === undefined ? nodes.length : typeof end === 'number' ? nodes.length + 16 + end : (numbers.get(end) ?? 0)
      const at = (recordSize / 4) * index
      if (recordSize !== 28) tree.writeUIntBE(value, at + (recordSize / 8) * side, recordSize / 8)
      else {
        tree.writeUIntBE(value & 0xffffff, at + 4 * side, 3)
        tree[at + 3] = (tree[at + 3] ?? 0) | ((value >>> 24) << (side === 0 ? 4 : 0))
      }
    }
  }
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    database_type: 'Test',
    description: { en: 'made by a test' },
    ip_version: ipVersion,
    languages: ['en'],
    node_count: nodes.length,
    record_size: recordSize,
  })
  return Buffer.concat([tree, Buffer.alloc(16), ...data, Buffer.from('abcdef4d61784d696e642e636f6d', 'hex'), metadata])
}

function bitsOf(cidr: string, ipVersion: 4 | 6): number[] {
  const range = parseCidr(cidr)
  if (range === undefined) throw new Error(`${cidr} is no range`)
  const words = Array.from({ length: 4 }, (_, word) => range.words[word] ?? 0)
  const v4 = !cidr.includes(':')
  // IPv4 is at ::/96.
  if (v4) words[2] = 0
  const bits = Array.from({ length: range.bits }, (_, bit) => ((words[bit >> 5] ?? 0) >>> (31 - (bit & 31))) & 1)
  return ipVersion === 4 ? bits.slice(96) : bits
}

function insert(root: Node, bits: readonly number[], record: number): void {
  let node = root
  for (const [index, bit] of bits.entries()) {
    const side = bit as 0 | 1
    if (index === bits.length - 1) {
      node.ends[side] = record
      return
    }
    const next = node.ends[side]
    // An earlier, wider range applies to the remaining addresses.
    if (typeof next === 'object') node = next
    else node.ends[side] = node = { ends: [next, next] }
  }
}

function listNodes(root: Node): Node[] {
  const nodes = [root]
  for (let index = 0; index < nodes.length; index++) {
    for (const end of nodes[index]?.ends ?? []) if (typeof end === 'object') nodes.push(end)
  }
  return nodes
}

const STRING = 2
const UINT32 = 6
const MAP = 7
const ARRAY = 11

function encode(value: MmdbValue): Buffer {
  if (typeof value === 'string') {
    const bytes = Buffer.from(value)
    return Buffer.concat([control(STRING, bytes.length), bytes])
  }
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    const used = bytes.subarray(Math.min(4, Math.floor(Math.clz32(value) / 8)))
    return Buffer.concat([control(UINT32, used.length), used])
  }
  if (Array.isArray(value))
    return Buffer.concat([control(ARRAY, value.length), ...(value as readonly MmdbValue[]).map(encode)])
  const entries = Object.entries(value)
  return Buffer.concat([
    control(MAP, entries.length),
    ...entries.flatMap(([key, item]) => [encode(key), encode(item as MmdbValue)]),
  ])
}

/** Sizes from 29 on have a separate byte; types above 7 too. */
function control(type: number, size: number): Buffer {
  if (size >= 29 + 256) throw new Error('too long for a test')
  const extended = type > 7
  return Buffer.of(
    ((extended ? 0 : type) << 5) | Math.min(size, 29),
    ...(extended ? [type - 7] : []),
    ...(size >= 29 ? [size - 29] : []),
  )
}
