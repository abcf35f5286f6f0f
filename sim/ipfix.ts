// RFC 7011, sampled 1 in 10.
import { address, type Exporter, type Flow } from './flow.ts'

const domain = 7
const flowTemplate = 300
const samplingTemplate = 301
const oneIn = 10
const recordsPerMessage = 24
const templateEvery = 20

/** [information element, bytes] */
const fields: readonly (readonly [number, number])[] = [
  [8, 4],
  [12, 4],
  [7, 2],
  [11, 2],
  [4, 1],
  [6, 1],
  [5, 1],
  [61, 1],
  [10, 4],
  [14, 4],
  [1, 8],
  [2, 8],
  [152, 8],
  [153, 8],
]
const recordBytes = fields.reduce((sum, [, bytes]) => sum + bytes, 0)

export class IpfixExporter implements Exporter {
  #sequence = 0
  #messages = 0

  datagrams(flows: readonly Flow[], now: number): Buffer[] {
    const seen = flows.flatMap((flow) => sampled(flow))
    const all: Buffer[] = []
    for (let from = 0; from < seen.length; from += recordsPerMessage)
      all.push(this.#message(seen.slice(from, from + recordsPerMessage), now))
    return all
  }

  #message(flows: readonly Flow[], now: number): Buffer {
    const options = this.#messages++ % templateEvery === 0 ? [templates(), samplingOptions()] : []
    const data = set(flowTemplate, Buffer.concat(flows.map((flow) => record(flow, now))))
    const body = Buffer.concat([...options, data])
    const header = Buffer.alloc(16)
    header.writeUInt16BE(10, 0)
    header.writeUInt16BE(16 + body.length, 2)
    header.writeUInt32BE(Math.floor(now / 1000), 4)
    header.writeUInt32BE(this.#sequence, 8)
    header.writeUInt32BE(domain, 12)
    this.#sequence = (this.#sequence + flows.length + (options.length > 0 ? 1 : 0)) >>> 0
    return Buffer.concat([header, body])
  }
}

function sampled(flow: Flow): Flow[] {
  const packets =
    Math.floor(flow.packets / oneIn) + ((flow.srcPort + flow.dstPort) % oneIn < flow.packets % oneIn ? 1 : 0)
  return packets === 0 ? [] : [{ ...flow, packets, bytes: Math.round((flow.bytes * packets) / flow.packets) }]
}

function set(id: number, body: Buffer): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt16BE(id, 0)
  header.writeUInt16BE(4 + body.length, 2)
  return Buffer.concat([header, body])
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  values.forEach((value, index) => bytes.writeUInt16BE(value, 2 * index))
  return bytes
}

function templates(): Buffer {
  const flow = set(2, words(flowTemplate, fields.length, ...fields.flat()))
  // Scope: the domain; then interval and space.
  return Buffer.concat([flow, set(3, words(samplingTemplate, 3, 1, 149, 4, 305, 4, 306, 4))])
}

function samplingOptions(): Buffer {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt32BE(domain, 0)
  bytes.writeUInt32BE(1, 4)
  bytes.writeUInt32BE(oneIn - 1, 8)
  return set(samplingTemplate, bytes)
}

function record(flow: Flow, now: number): Buffer {
  const bytes = Buffer.alloc(recordBytes)
  const inwards = !flow.src.startsWith('10.')
  bytes.writeUInt32BE(address(flow.src), 0)
  bytes.writeUInt32BE(address(flow.dst), 4)
  bytes.writeUInt16BE(flow.srcPort, 8)
  bytes.writeUInt16BE(flow.dstPort, 10)
  bytes.writeUInt8(flow.proto, 12)
  bytes.writeUInt8(flow.tcpFlags, 13)
  bytes.writeUInt8(inwards ? 0 : 1, 15)
  bytes.writeUInt32BE(inwards ? 1 : 2, 16)
  bytes.writeUInt32BE(inwards ? 2 : 1, 20)
  bytes.writeBigUInt64BE(BigInt(flow.bytes), 24)
  bytes.writeBigUInt64BE(BigInt(flow.packets), 32)
  bytes.writeBigUInt64BE(BigInt(now - flow.duration), 40)
  bytes.writeBigUInt64BE(BigInt(now), 48)
  return bytes
}
