/** One packet of a capture. */
export interface CapturedPacket {
  /** Unix ms, with a fraction. */
  readonly time: number
  /** Captured bytes, from the link layer on. */
  readonly bytes: Uint8Array
  /** Bytes on the wire; more than in `bytes` if the capture truncated the packet. */
  readonly length: number
  /** LINKTYPE_ number of tcpdump.org: 1 Ethernet, 101 raw IP, 113 and 276 Linux "cooked". */
  readonly linkType: number
}

export interface CaptureFormat {
  readonly name: 'pcap' | 'pcapng'
  /** Reads one record from its first byte on; `used` is 0 if more bytes are needed. */
  read(rest: Uint8Array): { used: number; packet: CapturedPacket | undefined }
}

/** No capture, or a damaged one. The message completes "cannot be read: …". */
export class PcapError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PcapError'
  }
}
