// Sums of a capture, which exporters must report. Shares no code with the generator or Weir.

export interface Sum {
  packets: number
  /** Layer 3 lengths from the IP headers. */
  bytes: number
}

export interface FlowSum extends Sum {
  /** All flags seen. */
  tcpFlags: number
  /** Unix ms. */
  first: number
  last: number
}

export interface CaptureSum {
  readonly all: Sum
  readonly v4: Sum
  readonly v6: Sum
  /** By `family port`, ports of TCP and UDP only. */
  readonly srcPorts: ReadonlyMap<string, Sum>
  readonly dstPorts: ReadonlyMap<string, Sum>
  readonly protos: ReadonlyMap<number, Sum>
  /** By {@link flowKey}. ICMP has type and code as ports. */
  readonly flows: ReadonlyMap<string, FlowSum>
  readonly addresses: number
  /** Frames that are neither IPv4 nor IPv6. */
  readonly others: number
  readonly first: number
  readonly last: number
}

/** `6 10.0.0.1 1024 11.0.0.1 443`; IPv6 in its canonical short form. */
export function flowKey(proto: number, srcAddr: string, srcPort: number, dstAddr: string, dstPort: number): string {
  return `${proto} ${srcAddr} ${srcPort} ${dstAddr} ${dstPort}`
}

export function sumCapture(pcap: Uint8Array): CaptureSum {
  const file = Buffer.from(pcap.buffer, pcap.byteOffset, pcap.byteLength)
  if (file.readUInt32LE(0) !== 0xa1b2c3d4 || file.readUInt32LE(20) !== 1)
    throw new Error('not a little-endian Ethernet capture with microseconds')
  const [all, v4, v6] = [empty(), empty(), empty()]
  const srcPorts = new Map<string, Sum>()
  const dstPorts = new Map<string, Sum>()
  const protos = new Map<number, Sum>()
  const flows = new Map<string, FlowSum>()
  const addresses = new Set<string>()
  let others = 0
  let [first, last] = [Infinity, -Infinity]
  for (let at = 24; at < file.length;) {
    const time = file.readUInt32LE(at) * 1000 + file.readUInt32LE(at + 4) / 1000
    const frame = file.subarray(at + 16, at + 16 + file.readUInt32LE(at + 8))
    at += 16 + frame.length
    first = Math.min(first, time)
    last = Math.max(last, time)
    const tagged = frame.readUInt16BE(12) === 0x8100 ? 4 : 0
    const type = frame.readUInt16BE(12 + tagged)
    if (type !== 0x0800 && type !== 0x86dd) {
      others++
      continue
    }
    const ip = frame.subarray(14 + tagged)
    const six = type === 0x86dd
    const bytes = six ? 40 + ip.readUInt16BE(4) : ip.readUInt16BE(2)
    const proto = ip.readUInt8(six ? 6 : 9)
    const transport = ip.subarray(six ? 40 : 4 * (ip.readUInt8(0) & 0xf))
    const [src, dst] = six ? [groups(ip, 8), groups(ip, 24)] : [dotted(ip, 12), dotted(ip, 16)]
    const hasPorts = proto === 6 || proto === 17
    const [srcPort, dstPort] = hasPorts
      ? [transport.readUInt16BE(0), transport.readUInt16BE(2)]
      : [transport.readUInt8(0), transport.readUInt8(1)]
    addresses.add(src).add(dst)
    add(all, bytes)
    add(six ? v6 : v4, bytes)
    add(inMap(protos, proto, empty), bytes)
    if (hasPorts) {
      add(inMap(srcPorts, `${six ? 6 : 4} ${srcPort}`, empty), bytes)
      add(inMap(dstPorts, `${six ? 6 : 4} ${dstPort}`, empty), bytes)
    }
    const flow = inMap(flows, flowKey(proto, src, srcPort, dst, dstPort), () => ({
      ...empty(),
      tcpFlags: 0,
      first: time,
      last: time,
    }))
    add(flow, bytes)
    flow.tcpFlags |= proto === 6 ? transport.readUInt8(13) : 0
    flow.last = time
  }
  return { all, v4, v6, srcPorts, dstPorts, protos, flows, addresses: addresses.size, others, first, last }
}

function empty(): Sum {
  return { packets: 0, bytes: 0 }
}

function add(sum: Sum, bytes: number): void {
  sum.packets++
  sum.bytes += bytes
}

function inMap<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}

function dotted(ip: Buffer, at: number): string {
  return [...ip.subarray(at, at + 4)].join('.')
}

/** RFC 5952: the longest run of zero groups, the first of equals, becomes `::`. */
function groups(ip: Buffer, at: number): string {
  const words = Array.from({ length: 8 }, (_, index) => ip.readUInt16BE(at + 2 * index).toString(16))
  let [best, length] = [-1, 1]
  for (let from = 0; from < 8; from++) {
    let to = from
    while (to < 8 && words[to] === '0') to++
    if (to - from > length) [best, length] = [from, to - from]
  }
  return best < 0 ? words.join(':') : `${words.slice(0, best).join(':')}::${words.slice(best + length).join(':')}`
}
