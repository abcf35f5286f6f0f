/** Agent 192.0.2.1, one packet in 1000, in 3, out 4, TCP in a VLAN: flows.md §8, vector G. */
export const vectorG = Buffer.from(
  '0000000500000001c0000201000000000000004d000927c00000000100000001000000740000000b00000003000003e800002af8' +
    '00000000000000030000000400000001000000010000004c00000001000003fe000000040000003a020000000002020000000001' +
    '81000064080045b803e800014000400622550a0000010a0000029c4001bb000000010000000150120200000000000000',
  'hex',
)

/** 32 bits each, big-endian. */
export function words(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length)
  for (const [index, number] of numbers.entries()) bytes.writeUInt32BE(number >>> 0, 4 * index)
  return bytes
}

export function tagged(tag: number, content: Uint8Array, length = content.length): Buffer {
  return Buffer.concat([words(tag, length), content])
}

export interface DatagramParts {
  readonly agent?: Uint8Array
  readonly subAgent?: number
  readonly sequence?: number
  readonly uptime?: number
  /** The count in the header; default: the true number. */
  readonly count?: number
}

export function datagram(samples: readonly Uint8Array[], parts: DatagramParts = {}): Buffer {
  const { agent = words(1, 0xc0000201), subAgent = 0, sequence = 77, uptime = 600_000, count = samples.length } = parts
  return Buffer.concat([words(5), agent, words(subAgent, sequence, uptime, count), ...samples])
}

export interface SampleParts {
  readonly sequence?: number
  readonly source?: number
  readonly rate?: number
  readonly input?: number
  readonly output?: number
  readonly count?: number
}

export function flowSample(records: readonly Uint8Array[], parts: SampleParts = {}): Buffer {
  const { sequence = 11, source = 3, rate = 1000, input = 3, output = 4, count = records.length } = parts
  return tagged(1, Buffer.concat([words(sequence, source, rate, 11_000, 0, input, output, count), ...records]))
}

/** Interfaces as { format, value }. */
export function expandedSample(
  records: readonly Uint8Array[],
  input: readonly [number, number],
  output: readonly [number, number],
  sequence = 11,
): Buffer {
  return tagged(
    3,
    Buffer.concat([words(sequence, 0, 3, 1000, 11_000, 0, ...input, ...output, records.length), ...records]),
  )
}

export function discardedSample(records: readonly Uint8Array[], reason: number, sequence = 1): Buffer {
  return tagged(5, Buffer.concat([words(sequence, 0, 3, 0, 3, 0, reason, records.length), ...records]))
}

/** `frame`: bytes of the frame, without the checksum. */
export function rawHeader(
  header: Uint8Array,
  options: { readonly frame?: number; readonly protocol?: number } = {},
): Buffer {
  const { frame = header.length, protocol = 1 } = options
  return tagged(
    1,
    Buffer.concat([words(protocol, frame + 4, 4, header.length), header, Buffer.alloc((4 - (header.length % 4)) % 4)]),
  )
}

const macs = Buffer.from('020000000002020000000001', 'hex')

export const ethernet = (...rest: readonly Uint8Array[]): Buffer => Buffer.concat([macs, ...rest])

export function shorts(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * numbers.length)
  for (const [index, number] of numbers.entries()) bytes.writeUInt16BE(number, 2 * index)
  return bytes
}

/** 10.0.0.1 → 10.0.0.2. `fragment`: the word with flags and offset. */
export function ipv4(
  proto: number,
  payload: Uint8Array,
  options: { readonly length?: number; readonly fragment?: number; readonly words?: number } = {},
): Buffer {
  const { length = 20 + payload.length, fragment = 0, words: headerWords = 5 } = options
  const head = Buffer.alloc(4 * headerWords)
  head[0] = 0x40 | headerWords
  head[1] = 46 << 2
  head.writeUInt16BE(length, 2)
  head.writeUInt16BE(0x1234, 4)
  head.writeUInt16BE(fragment, 6)
  head[8] = 64
  head[9] = proto
  head.writeUInt32BE(0x0a000001, 12)
  head.writeUInt32BE(0x0a000002, 16)
  return Buffer.concat([head, payload])
}

export function ipv6(next: number, payload: Uint8Array, length = payload.length): Buffer {
  const head = Buffer.alloc(40)
  head.writeUInt32BE(0x60000000 | (46 << 22) | 0xbeef, 0)
  head.writeUInt16BE(length, 4)
  head[6] = next
  head[7] = 63
  head.write('20010db8000000000000000000000001', 8, 'hex')
  head.write('20010db8000000000000000000000002', 24, 'hex')
  return Buffer.concat([head, payload])
}

/** 40000 → 443, SYN and ACK. */
export const tcp = Buffer.from('9c4001bb00000001000000015012020000000000', 'hex')
