import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { Datagram } from './datagram.ts'
import { Sflow5Decoder } from './decode.ts'
import { Sequences, type Losses } from './sequence.ts'
import {
  datagram,
  discardedSample,
  ethernet,
  expandedSample,
  flowSample,
  ipv4,
  ipv6,
  rawHeader,
  shorts,
  tagged,
  tcp,
  vectorG,
  words,
} from './testing/datagrams.ts'

const origin = { exporter: Uint32Array.of(0, 0, 0xffff, 0x7f000001), time: 1_700_000_000_000 }

const headers = [
  ethernet(shorts(0x88a8, 7, 0x8100, 100, 0x0800), ipv4(6, tcp)),
  ethernet(shorts(0x8847), words((16_001 << 12) | 64, (24_002 << 12) | 0x140), ipv4(6, tcp)),
  ethernet(shorts(0x86dd), ipv6(0, Buffer.concat([Buffer.from('2c00050200000000' + '0600000800001234', 'hex'), tcp]))),
]
const records = [
  tagged(1001, words(100, 0, 200, 0)),
  tagged(1002, words(1, 0xc6336401, 24, 16)),
  tagged(1003, words(1, 1, 1, 2, 3, 2, 2, 2, 4, 5, 1, 1, 6, 1, 7, 100)),
  tagged(1006, words(1, 9, 2, 0x140, 0x240, 0)),
  tagged(1007, words(1, 3, 1, 4)),
  tagged(1012, words(1, 0x88a80007)),
  tagged(1020, words(1, 2)),
  tagged(2, Buffer.alloc(24, 2)),
  tagged(3, Buffer.alloc(32, 3)),
  tagged(4, Buffer.alloc(56, 4)),
  tagged(8_000_000, words(1)),
]
const whole = [
  vectorG,
  datagram([
    tagged(2, words(1, 3, 1, 1, 4, 0)),
    flowSample([...headers.map((header) => rawHeader(header)), ...records]),
    tagged(4, words(1, 0, 3, 0)),
  ]),
  datagram(headers.map((header) => expandedSample([rawHeader(header)], [0, 3], [2, 4]))),
  datagram([discardedSample([rawHeader(headers[0] ?? tcp)], 258), flowSample(records)], {
    agent: Buffer.concat([words(2), Buffer.alloc(16, 32)]),
  }),
]

/** Decodes as the source does, and gives the rows when every byte of the datagram is accounted for. */
function makeReader(): (bytes: Uint8Array) => number {
  const flows = new FlowBuilder()
  const found = new Datagram()
  const decoder = new Sflow5Decoder(flows)
  const sequences = new Sequences()
  const losses: Losses = { missing: 0, late: 0, missingSamples: 0, lateSamples: 0, restarts: 0 }
  return (bytes) => {
    if (flows.count > 4096) flows.reset()
    if (found.scan(bytes)) sequences.follow(found, origin.exporter, losses)
    const { rows, decodedBytes, paddingBytes, skippedBytes, malformedBytes } = decoder.decode(found, origin)
    const counts = [decodedBytes, paddingBytes, skippedBytes, malformedBytes]
    if (
      counts.some((part) => part < 0) ||
      counts.reduce((sum, part) => sum + part, 0) !== bytes.length ||
      rows > found.flowSamples
    ) {
      throw new Error(
        `${JSON.stringify({ outcomes: counts, rows, length: bytes.length })} of ${Buffer.from(bytes).toString('hex')}`,
      )
    }
    return rows
  }
}

function mutate(random: SeededRandom, from: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(from)
  for (let changes = random.integer(1, 4); changes > 0; changes--) {
    const at = random.integer(0, bytes.length - 1)
    // Hostile senders forge counts and lengths.
    if (random.chance(0.3))
      bytes.fill(random.chance(0.5) ? 0xff : 0x80, at & ~3, Math.min(bytes.length, (at & ~3) + random.integer(1, 4)))
    else bytes[at] = random.integer(0, 255)
  }
  return random.chance(0.3) ? bytes.subarray(0, random.integer(0, bytes.length)) : bytes
}

test('the whole datagrams that are to be mutated are read to their last record', () => {
  const read = makeReader()
  expect(whole.map((bytes) => read(bytes))).toEqual([1, 1, 3, 2])
})

test('mutated datagrams are read or not, and every byte is accounted for', () => {
  const random = new SeededRandom(6343)
  const read = makeReader()
  let useful = 0
  const times = 150_000
  for (let i = 0; i < times; i++) if (read(mutate(random, whole[i % whole.length] ?? vectorG)) > 0) useful++
  // Mutations that spoil everything would test nothing but the first check.
  expect(useful / times).toBeGreaterThan(0.2)
})

test('case 34: garbage of any length is no trouble, with or without a header before it', () => {
  const random = new SeededRandom(34)
  const read = makeReader()
  const junk = Uint8Array.from({ length: 65_535 }, () => random.integer(0, 255))
  const header = datagram([], { count: 2 ** 32 - 1 })
  const readAll = (): void => {
    for (let i = 0; i < 20_000; i++) {
      const start = random.integer(0, junk.length)
      const bytes = junk.subarray(start, random.integer(start, junk.length))
      read(i % 2 === 0 ? bytes : Buffer.concat([header, bytes.subarray(0, 65_507 - header.length)]))
    }
  }
  expect(readAll).not.toThrow()
})

test('as many samples as a datagram can hold are read, and no more than its bytes', () => {
  const empty = Buffer.concat([datagram([], { count: 2 ** 31 }), Buffer.alloc(8 * 8180, 0)])
  const full = datagram(
    Array.from({ length: 1600 }, () => flowSample([])),
    { count: 2 ** 31 },
  )
  const read = makeReader()
  expect(read(empty)).toBe(0)
  expect(read(full)).toBe(1600)
})
