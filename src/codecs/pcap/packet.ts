export type CapturedPacket = Readonly<{
  /** Unix ms, with a fraction. */
  time: number
  bytes: Uint8Array
  /** On the wire; may exceed the captured bytes. */
  length: number
  /** LINKTYPE_ number of tcpdump.org. */
  linkType: number
}>

export interface CaptureFormat {
  readonly name: 'pcap' | 'pcapng'
  read(rest: Uint8Array): { used: number; packet: CapturedPacket | undefined }
}

export class PcapError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PcapError'
  }
}
