// Valid datagrams of every protocol, with templates and data together and apart.
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
} from '../../../src/codecs/sflow5/testing/datagrams.ts'
import {
  ipfix,
  netflow9,
  optionsTemplate,
  optionsTemplate9,
  set,
  template,
  u32,
  u8,
  varying,
  type FieldOf,
} from '../../../src/codecs/templates/testing/datagrams.ts'
import { vectorB, vectorC, vectorD, vectorE, vectorF } from '../../../src/codecs/templates/testing/vectors.ts'
import { ExportLoad, type LoadProtocol } from '../../kit/flow-load/exports.ts'
import type { SeededRandom } from '../../kit/random.ts'

interface Corpus {
  readonly netflow: readonly Buffer[]
  readonly sflow: readonly Buffer[]
}

const vectorA = Buffer.from(
  '00050001000927c06553f1001dcd6500000000290007400a0a0000010a00000200000000000300040000000a000003e8000900b0000923d89c4001bb001b0600fbf4fbf518100000',
  'hex',
)
/** Elements of every kind of column, with their valid lengths. */
const elements: readonly FieldOf[] = [
  [1, 8],
  [1, 4],
  [2, 3],
  [4, 1],
  [5, 1],
  [6, 2],
  [7, 2],
  [8, 4],
  [10, 4],
  [11, 2],
  [12, 4],
  [14, 2],
  [15, 4],
  [16, 4],
  [17, 2],
  [21, 4],
  [22, 4],
  [27, 16],
  [28, 16],
  [32, 2],
  [34, 4],
  [48, 1],
  [52, 1],
  [56, 6],
  [58, 2],
  [60, 1],
  [61, 1],
  [70, 3],
  [71, 3],
  [80, 6],
  [82, 65535],
  [85, 8],
  [86, 8],
  [89, 1],
  [136, 1],
  [148, 8],
  [150, 4],
  [152, 8],
  [153, 8],
  [154, 8],
  [155, 8],
  [158, 4],
  [176, 1],
  [177, 1],
  [225, 4],
  [231, 8],
  [232, 8],
  [256, 2],
  [298, 8],
  [299, 8],
  [302, 8],
  [305, 4],
  [311, 8],
  [315, 65535],
  [1, 8, 29_305],
  [2, 8, 29_305],
  [7734, 65535, 2],
  [9999, 4, 12_345],
]
const load: readonly (readonly [LoadProtocol, number])[] = [
  ['netflow5', 30],
  ['netflow5', 3],
  ['netflow9', 24],
  ['netflow9', 2],
  ['ipfix', 24],
  ['ipfix', 3],
  ['ipfix6', 5],
]

export function makeCorpus(random: SeededRandom, now: number): Corpus {
  const netflow = [vectorA, vectorB, vectorC, vectorD, vectorE, vectorF]
  for (const [protocol, perDatagram] of load) {
    const exporter = new ExportLoad({ protocol, perDatagram, addresses: 60_000, seed: random.integer(1, 1e9) })
    for (let i = 0; i < 12; i++) netflow.push(exporter.next(now))
  }
  for (let i = 0; i < 120; i++) netflow.push(anyTemplate(random, 300 + (i % 40)))
  for (let id = 400; id < 410; id++) {
    netflow.push(
      ipfix(
        { domain: 9 },
        set(
          3,
          optionsTemplate(id, 1, [
            [149, 4],
            [34, 4],
            [305, 4],
          ]),
        ),
        set(id, u32(9, 100, 1)),
      ),
    )
    netflow.push(
      netflow9(
        { domain: 5 },
        set(
          1,
          optionsTemplate9(
            id,
            [[2, 4]],
            [
              [82, 16],
              [34, 4],
            ],
          ),
        ),
        set(id, u32(3), Buffer.from('eth0'.padEnd(16, '\0')), u32(100)),
      ),
    )
  }
  // Withdrawals, empty templates and templates of nothing.
  for (const id of [300, 310, 2, 3]) netflow.push(ipfix({ domain: 9 }, set(2, template(id, []))))
  netflow.push(
    ipfix(
      { domain: 9 },
      set(
        2,
        template(320, [
          [210, 0],
          [210, 0],
        ]),
      ),
      set(320, u8(0, 0, 0, 0)),
    ),
    netflow9({ domain: 5 }, set(0, template(321, [[210, 0]])), set(321, u8(1, 2, 3, 4))),
  )
  return { netflow, sflow: sflowCorpus(random, now) }
}

/** A template of some elements with random records; sometimes only the data, which must wait. */
function anyTemplate(random: SeededRandom, id: number): Buffer {
  const fields = Array.from({ length: random.integer(1, 24) }, () => random.pick(elements))
  const record = (): Buffer =>
    Buffer.concat(
      fields.map(([, length]) =>
        length === 65_535 ? varying('x'.repeat(random.integer(0, 20))) : Buffer.from(random.bytes(length)),
      ),
    )
  const data = set(id, ...Array.from({ length: random.integer(1, 6) }, record), Buffer.alloc(random.integer(0, 3)))
  const alone = random.chance(0.3)
  const nine = random.chance(0.4) && fields.every(([, length, pen]) => pen === undefined && length !== 65_535)
  const domain = random.integer(1, 12)
  const sequence = random.integer(0, 1e6)
  if (nine) return netflow9({ domain, sequence }, ...(alone ? [] : [set(0, template(id, fields))]), data)
  return ipfix({ domain, sequence }, ...(alone ? [] : [set(2, template(id, fields))]), data)
}

function sflowCorpus(random: SeededRandom, now: number): Buffer[] {
  const headers = [
    ethernet(shorts(0x0800), ipv4(6, tcp)),
    ethernet(shorts(0x8100, 100, 0x0800), ipv4(17, tcp)),
    ethernet(shorts(0x88a8, 7, 0x8100, 100, 0x0800), ipv4(6, tcp)),
    ethernet(shorts(0x86dd), ipv6(0, Buffer.concat([Buffer.from('06000502000000000600000800001234', 'hex'), tcp]))),
  ]
  const records = [
    tagged(1001, words(100, 0, 200, 0)),
    tagged(1002, words(1, 0xc6336401, 24, 16)),
    tagged(1003, words(1, 1, 1, 2, 3, 2, 2, 2, 4, 5, 1, 1, 6, 1, 7, 100)),
    tagged(3, Buffer.alloc(32, 3)),
    tagged(4, Buffer.alloc(56, 4)),
    tagged(8_000_000, words(1)),
  ]
  const all = [
    vectorG,
    datagram([
      tagged(2, words(1, 3, 1, 1, 4, 0)),
      flowSample([...headers.map((header) => rawHeader(header)), ...records]),
      tagged(4, words(1, 0, 3, 0)),
    ]),
    datagram(headers.map((header) => expandedSample([rawHeader(header)], [0, 3], [2, 4]))),
    datagram([discardedSample([rawHeader(headers[0] ?? tcp)], 258), flowSample(records)]),
  ]
  const exporter = new ExportLoad({
    protocol: 'sflow5',
    perDatagram: 5,
    addresses: 60_000,
    seed: random.integer(1, 1e9),
  })
  for (let i = 0; i < 12; i++) all.push(exporter.next(now))
  return all
}
