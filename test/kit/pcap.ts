// A seeded packet capture: conversations of TCP, UDP and ICMP over both families. Real exporters replay it; their flows
// are compared with the sums of pcap-sum.ts, which shares no code with this.
import { frameOf, pcapFile, type Frame, type Packet } from './pcap-file.ts'
import { SeededRandom } from './random.ts'

export interface CaptureOptions {
  readonly seed: number
  /** Each has separate addresses and ports, so that flows do not overlap. */
  readonly conversations: number
  /** Minimum of different addresses, if there are as many conversations. Default: two per conversation. */
  readonly addresses?: number
  /** Highest number of packets per direction. Default 12. */
  readonly maxPackets?: number
  /** Share of conversations with responses. Default 0.7; 0 gives one direction only. */
  readonly answered?: number
  /** Shares of conversations. Default 0.25, 0.06, 0. */
  readonly v6?: number
  readonly icmp?: number
  readonly vlan?: number
  /** Unix ms of the first packet. Default 2024-03-01T00:00:00Z. */
  readonly start?: number
  /** Milliseconds between first and last packet; below the exporters' timeouts. Default 20 s. */
  readonly span?: number
  /** Packets of {@link tailPort} at the end, for exporters that lose their last samples. Default 0. */
  readonly tail?: number
  /** Captured bytes per frame. Default 96. */
  readonly snap?: number
}

const FIN = 0x01
const SYN = 0x02
const PSH = 0x08
const ACK = 0x10
const TCP = 6
const UDP = 17
const ICMP = 1
const ICMP6 = 58
/** Discard port; no other conversation uses it. */
export const tailPort = 9
const services = [443, 443, 443, 80, 53, 53, 5432, 8080, 9092, 6443, 22]

interface Conversation {
  readonly client: string
  readonly server: string
  readonly proto: number
  readonly clientPort: number
  readonly serverPort: number
  readonly vlan: number | undefined
}

export function buildCapture(options: CaptureOptions): Uint8Array {
  const random = new SeededRandom(options.seed)
  const { maxPackets = 12, answered = 0.7, start = Date.UTC(2024, 2, 1), span = 20_000, snap = 96 } = options
  const packets: { at: number; packet: Packet }[] = []
  for (let number = 0; number < options.conversations; number++) {
    const conversation = converse(random, number, options)
    const both = random.chance(answered)
    // Within 90 % of the span, at distinct microseconds.
    const begins = random.integer(0, span * 900)
    const lasts = Math.min(span * 1000 - begins, random.integer(1, span * 1000))
    for (const direction of both ? [0, 1] : [0]) {
      const count = random.integer(1, maxPackets)
      const times = Array.from({ length: count }, () => begins + random.integer(0, lasts)).toSorted((a, b) => a - b)
      // The client sends the first packet.
      if (direction === 0) times[0] = begins
      for (const [index, at] of times.entries())
        packets.push({ at: start * 1000 + at, packet: packetOf(random, conversation, direction, index, count) })
    }
  }
  for (let index = 0; index < (options.tail ?? 0); index++) {
    const packet = {
      srcAddr: '10.255.255.1',
      dstAddr: '11.255.255.1',
      proto: UDP,
      srcPort: tailPort,
      dstPort: tailPort,
      payload: 8,
    }
    packets.push({ at: (start + span) * 1000 + index, packet })
  }
  packets.sort((a, b) => a.at - b.at)
  return pcapFile(packets.map(({ at, packet }, number): Frame => ({ at, ...frameOf({ ...packet, number }, snap) })))
}

function converse(random: SeededRandom, number: number, options: CaptureOptions): Conversation {
  const { v6 = 0.25, icmp = 0.06, vlan = 0 } = options
  const pool = Math.max(1, Math.ceil((options.addresses ?? 2 * options.conversations) / 2))
  const [client, server] = [number % pool, (number * 7919 + Math.floor(number / pool)) % pool]
  const six = random.chance(v6)
  const proto = random.chance(icmp) ? (six ? ICMP6 : ICMP) : random.chance(0.6) ? TCP : UDP
  const hex = (value: number): string => `${(value >>> 16).toString(16)}:${(value & 0xffff).toString(16)}`
  const dotted = (net: number, value: number): string =>
    `${net}.${(value >>> 16) & 0xff}.${(value >>> 8) & 0xff}.${value & 0xff}`
  return {
    client: six ? `2001:db8:1::${hex(client)}` : dotted(10, client),
    server: six ? `2001:db8:2::${hex(server)}` : dotted(11, server),
    proto,
    // Keeps conversations between the same two hosts apart.
    clientPort: 1024 + ((number * 13) % 64_000),
    serverPort: random.pick(services),
    vlan: random.chance(vlan) ? 100 + (number % 8) : undefined,
  }
}

function packetOf(
  random: SeededRandom,
  conversation: Conversation,
  direction: number,
  index: number,
  count: number,
): Packet {
  const { client, server, proto, clientPort, serverPort, vlan } = conversation
  const forward = direction === 0
  const icmp = proto === ICMP || proto === ICMP6
  const echo = proto === ICMP ? (forward ? 8 : 0) : forward ? 128 : 129
  const payload = random.chance(0.4) ? random.integer(0, 100) : random.chance(0.5) ? 1400 : random.integer(100, 1399)
  return {
    srcAddr: forward ? client : server,
    dstAddr: forward ? server : client,
    proto,
    srcPort: icmp ? echo : forward ? clientPort : serverPort,
    dstPort: icmp ? 0 : forward ? serverPort : clientPort,
    payload,
    ...(proto === TCP
      ? {
          tcpFlags:
            index === 0
              ? forward
                ? SYN
                : SYN | ACK
              : index === count - 1
                ? FIN | ACK
                : random.chance(0.3)
                  ? PSH | ACK
                  : ACK,
        }
      : {}),
    ...(vlan === undefined ? {} : { vlan }),
    tos: proto === UDP ? 0xb8 : 0,
  }
}
