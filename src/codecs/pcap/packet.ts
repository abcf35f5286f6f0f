export type CapturedPacket = Readonly<{
  /** Unix ms, with a fraction. */
  time: number
  /** From the link layer on. */
  bytes: Uint8Array
  /** On the wire; may exceed the captured bytes. */
  length: number
  /** LINKTYPE_ number of tcpdump.org. */
  linkType: number
}>

export interface CaptureFormat {
  readonly name: 'pcap' | 'pcapng'
  /** `used` is 0 if more bytes are needed. */
  read(rest: Uint8Array): { used: number; packet: CapturedPacket | undefined }
}

/** No capture, or a damaged one. The message completes "cannot be read: …". */
export class PcapError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PcapError'
  }
}
