// NetFlow v9 of a Cisco ASA: an event for the begin, the end and the refusal of a connection.
import { address, type Exporter, type Flow } from './flow.ts'

const templateId = 263
const templateEvery = 20
const recordsPerMessage = 10
const [created, deleted, denied] = [1, 2, 3]
const deniedByIngressAcl = 1001
/** ACL, entry and its extension, as hashes. */
const [outsideAcl, insideAcl] = [
  [0x7f3a_10c2, 0x1b52_8e01, 0],
  [0x2c91_44d7, 0x5e0f_9a33, 0],
] as const
const users = ['alice', 'bob', 'carol']
const userBytes = 20

/** [element, bytes]; above 32,767 Cisco's own */
const fields: readonly (readonly [number, number])[] = [
  [148, 4],
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [4, 1],
  [10, 2],
  [14, 2],
  [233, 1],
  [33_002, 2],
  [323, 8],
  [152, 8],
  [231, 4],
  [232, 4],
  [33_000, 12],
  [40_000, userBytes],
]
const recordBytes = fields.reduce((sum, [, bytes]) => sum + bytes, 0)

export class FirewallExporter implements Exporter {
  readonly #started: number
  #messages = 0
  #connections = 0

  constructor(started: number) {
    this.#started = started
  }

  datagrams(flows: readonly Flow[], now: number): Buffer[] {
    const records = flows.flatMap((flow) => this.#records(flow, now))
    const all: Buffer[] = []
    for (let from = 0; from < records.length; from += recordsPerMessage)
      all.push(this.#message(records.slice(from, from + recordsPerMessage), now))
    return all
  }

  #records(flow: Flow, now: number): Buffer[] {
    const id = ++this.#connections
    if (isDenied(flow)) return [record(flow, { id, event: denied, now })]
    return [created, deleted].map((event) => record(flow, { id, event, now }))
  }

  #message(records: readonly Buffer[], now: number): Buffer {
    const template = this.#messages % templateEvery === 0 ? [templateSet()] : []
    const data = set(templateId, Buffer.concat(records))
    const header = Buffer.alloc(20)
    header.writeUInt16BE(9, 0)
    header.writeUInt16BE(records.length + template.length, 2)
    header.writeUInt32BE((now - this.#started) >>> 0, 4)
    header.writeUInt32BE(Math.floor(now / 1000), 8)
    header.writeUInt32BE(this.#messages++, 12)
    return Buffer.concat([header, ...template, data])
  }
}

export function isDenied({ tcpFlags }: Flow): boolean {
  return tcpFlags === 0x02
}

function set(id: number, body: Buffer): Buffer {
  const padding = (4 - (body.length % 4)) % 4
  const header = Buffer.alloc(4)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(4 + body.length + padding, 2)
  return Buffer.concat([header, body, Buffer.alloc(padding)])
}

function templateSet(): Buffer {
  const values = [templateId, fields.length, ...fields.flat()]
  const body = Buffer.alloc(2 * values.length)
  values.forEach((value, index) => body.writeUInt16BE(value, 2 * index))
  return set(0, body)
}

type Event = Readonly<{ id: number; event: number; now: number }>

function record(flow: Flow, { id, event, now }: Event): Buffer {
  const bytes = Buffer.alloc(recordBytes)
  const isInwards = !flow.src.startsWith('10.')
  bytes.writeUInt32BE(id, 0)
  bytes.writeUInt32BE(address(flow.src), 4)
  bytes.writeUInt32BE(address(flow.dst), 8)
  bytes.writeUInt16BE(flow.srcPort, 12)
  bytes.writeUInt16BE(flow.dstPort, 14)
  bytes.writeUInt8(flow.proto, 16)
  bytes.writeUInt16BE(isInwards ? 3 : 4, 17)
  bytes.writeUInt16BE(isInwards ? 4 : 3, 19)
  bytes.writeUInt8(event, 21)
  bytes.writeUInt16BE(event === denied ? deniedByIngressAcl : 0, 22)
  bytes.writeBigUInt64BE(BigInt(event === created ? now - flow.duration : now), 24)
  bytes.writeBigUInt64BE(BigInt(now - flow.duration), 32)
  bytes.writeUInt32BE(event === deleted ? Math.round(flow.bytes / 10) : 0, 40)
  bytes.writeUInt32BE(event === deleted ? flow.bytes : 0, 44)
  const acl = isInwards ? outsideAcl : insideAcl
  acl.forEach((word, index) => bytes.writeUInt32BE(word, 48 + 4 * index))
  if (!isInwards) bytes.write(users[address(flow.src) % users.length] ?? '', 60, 'latin1')
  return bytes
}
