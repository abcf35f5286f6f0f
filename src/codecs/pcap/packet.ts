/** One packet of a capture. */
export interface CapturedPacket {
  /** Unix ms, with a fraction. */
  readonly time: number
  /** What was captured, from the link layer on. */
  readonly bytes: Uint8Array
  /** Bytes it had on the wire; more than `bytes` holds when the capture cut it. */
  readonly length: number
  /** LINKTYPE_ number of tcpdump.org: 1 Ethernet, 101 raw IP, 113 and 276 Linux "cooked". */
  readonly linkType: number
}

export interface CaptureFormat {
  readonly name: 'pcap' | 'pcapng'
  /** Reads one record from its first byte on; `used` is 0 when more bytes are needed. */
  read(rest: Uint8Array): { used: number; packet: CapturedPacket | undefined }
}

/** What was given is no capture, or is damaged. The message completes "cannot be read: …". */
export class PcapError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PcapError'
  }
}
