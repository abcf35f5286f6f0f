import { PcapError, type CaptureFormat, type CapturedPacket } from './packet.ts'

const sectionHeader = 0x0a0d0d0a
const interfaceDescription = 1
const obsoletePacket = 2
const simplePacket = 3
const enhancedPacket = 6
const byteOrderMagic = 0x1a2b3c4d
const resolutionOption = 9
const offsetOption = 14
const maxBlockBytes = 16 * 1024 * 1024

type Interface = Readonly<{
  linkType: number
  snapLength: number
  perSecond: number
  offsetSeconds: number
}>

/** draft-ietf-opsawg-pcapng; blocks other than sections, interfaces and packets are skipped. */
export class PcapngFormat implements CaptureFormat {
  readonly name = 'pcapng'
  #little = true
  #interfaces: Interface[] = []

  read(rest: Uint8Array): { used: number; packet: CapturedPacket | undefined } {
    if (rest.length < 12) return { used: 0, packet: undefined }
    const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength)
    // Defines the byte order.
    if (view.getUint32(0) === sectionHeader) this.#section(view)
    const type = view.getUint32(0, this.#little)
    const length = view.getUint32(4, this.#little)
    if (length < 12 || length % 4 !== 0 || length > maxBlockBytes)
      throw new PcapError(`a block of ${length} bytes is damage`)
    if (rest.length < length) return { used: 0, packet: undefined }
    const body = rest.subarray(8, length - 4)
    if (type === interfaceDescription) this.#interfaces.push(readInterface(body, { little: this.#little }))
    return { used: length, packet: this.#packet(type, body) }
  }

  #section(view: DataView) {
    this.#little = view.getUint32(8, true) === byteOrderMagic
    if (!this.#little && view.getUint32(8) !== byteOrderMagic) throw new PcapError('a section has no byte order')
    this.#interfaces = []
  }

  #packet(type: number, body: Uint8Array): CapturedPacket | undefined {
    const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
    const little = this.#little
    if (type === simplePacket && body.length >= 4) {
      const from = this.#interface(0)
      const length = view.getUint32(0, little)
      const captured = Math.min(length, body.length - 4, from.snapLength === 0 ? Infinity : from.snapLength)
      return { time: Number.NaN, bytes: body.subarray(4, 4 + captured), length, linkType: from.linkType }
    }
    if ((type !== enhancedPacket && type !== obsoletePacket) || body.length < 20) return undefined
    const { linkType, perSecond, offsetSeconds } = this.#interface(
      type === enhancedPacket ? view.getUint32(0, little) : view.getUint16(0, little),
    )
    const captured = view.getUint32(12, little)
    if (captured > body.length - 20) throw new PcapError('a packet is longer than its block')
    // As seconds, the product fits into 53 bits.
    const [high, low] = [view.getUint32(4, little), view.getUint32(8, little)]
    const units = (BigInt(high) << 32n) | BigInt(low)
    const seconds = Number(units / BigInt(perSecond))
    const fraction = Number(units % BigInt(perSecond)) / perSecond
    return {
      time: (seconds + offsetSeconds) * 1000 + fraction * 1000,
      bytes: body.subarray(20, 20 + captured),
      length: view.getUint32(16, little),
      linkType,
    }
  }

  #interface(number: number): Interface {
    const networkInterface = this.#interfaces[number]
    if (networkInterface === undefined)
      throw new PcapError(`a packet names interface ${number}, which was not described`)
    return networkInterface
  }
}

function readInterface(body: Uint8Array, { little }: Readonly<{ little: boolean }>): Interface {
  if (body.length < 8) throw new PcapError('an interface is described in too few bytes')
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength)
  let perSecond = 1e6
  let offsetSeconds = 0
  for (let at = 8; at + 4 <= body.length;) {
    const code = view.getUint16(at, little)
    const length = view.getUint16(at + 2, little)
    if (code === 0 || at + 4 + length > body.length) break
    const resolution = body[at + 4] ?? 6
    // The highest bit selects powers of two.
    if (code === resolutionOption && length === 1)
      perSecond = resolution & 0x80 ? 2 ** Math.min(resolution & 0x7f, 62) : 10 ** Math.min(resolution, 18)
    if (code === offsetOption && length === 8) offsetSeconds = Number(view.getBigInt64(at + 4, little))
    at += 4 + length + ((4 - (length % 4)) % 4)
  }
  return { linkType: view.getUint16(0, little), snapLength: view.getUint32(4, little), perSecond, offsetSeconds }
}
