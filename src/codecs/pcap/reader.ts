import { PcapError, type CaptureFormat, type CapturedPacket } from './packet.ts'
import { PcapngFormat } from './pcapng.ts'

export class CaptureReader {
  #held: Uint8Array = new Uint8Array(0)
  #at = 0
  #format: CaptureFormat | undefined

  get format(): 'pcap' | 'pcapng' | undefined {
    return this.#format?.name
  }

  push(bytes: Uint8Array): void {
    if (this.#at === this.#held.length) {
      this.#held = bytes
    } else {
      const joined = new Uint8Array(this.#held.length - this.#at + bytes.length)
      joined.set(this.#held.subarray(this.#at))
      joined.set(bytes, this.#held.length - this.#at)
      this.#held = joined
    }
    this.#at = 0
  }

  /** Undefined if more bytes are needed. Throws {@link PcapError}. */
  next(): CapturedPacket | undefined {
    for (;;) {
      const rest = this.#held.subarray(this.#at)
      if (rest.length < 4) return undefined
      this.#format ??= formatOf(rest)
      const { used, packet } = this.#format.read(rest)
      if (used === 0) return undefined
      this.#at += used
      if (packet !== undefined) return packet
    }
  }

  end(): number {
    if (this.#format === undefined) throw new PcapError('it is neither a pcap nor a pcapng file')
    return this.#held.length - this.#at
  }
}

function formatOf(head: Uint8Array): CaptureFormat {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const magic = view.getUint32(0, true)
  if (magic === 0x0a0d0d0a) return new PcapngFormat()
  for (const little of [true, false]) {
    const number = view.getUint32(0, little)
    if (number === microseconds || number === nanoseconds)
      return new PcapFormat({ little, perMs: number === nanoseconds ? 1e6 : 1e3 })
  }
  throw new PcapError('it is neither a pcap nor a pcapng file')
}

const microseconds = 0xa1b2c3d4
const nanoseconds = 0xa1b23c4d
const fileHeader = 24
const recordHeader = 16
/** A larger length is damage. */
const maxPacketBytes = 0x40000

class PcapFormat implements CaptureFormat {
  readonly name = 'pcap'
  readonly #little: boolean
  readonly #perMs: number
  #linkType = -1

  constructor({ little, perMs }: Readonly<{ little: boolean; perMs: number }>) {
    this.#little = little
    this.#perMs = perMs
  }

  read(rest: Uint8Array): { used: number; packet: CapturedPacket | undefined } {
    const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength)
    if (this.#linkType < 0) {
      if (rest.length < fileHeader) return { used: 0, packet: undefined }
      // The upper bits may hold the length of a frame check sequence.
      this.#linkType = view.getUint32(20, this.#little) & 0xffff
      return { used: fileHeader, packet: undefined }
    }
    if (rest.length < recordHeader) return { used: 0, packet: undefined }
    const length = view.getUint32(8, this.#little)
    if (length > maxPacketBytes) throw new PcapError(`a packet of ${length} bytes is damage`)
    if (rest.length < recordHeader + length) return { used: 0, packet: undefined }
    return {
      used: recordHeader + length,
      packet: {
        time: view.getUint32(0, this.#little) * 1000 + view.getUint32(4, this.#little) / this.#perMs,
        bytes: rest.subarray(recordHeader, recordHeader + length),
        length: view.getUint32(12, this.#little),
        linkType: this.#linkType,
      },
    }
  }
}
