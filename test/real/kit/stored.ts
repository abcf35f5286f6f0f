import { setTimeout as sleep } from 'node:timers/promises'
import { flowKey, type CaptureSum, type FlowSum, type Sum } from '../../kit/pcap-sum.ts'
import { tailPort } from '../../kit/pcap.ts'
import type { WeirProcess } from '../../kit/weir-process.ts'

export interface Expected {
  /** Families that the protocol can carry. */
  readonly families: readonly (4 | 6)[]
  /** 1 in N packets were sampled: sums are estimates, and flows may be missing. Default 1. */
  readonly sampling?: number
  /** The exporter keeps no ports (softflowd -T ip, proto). */
  readonly noPorts?: boolean
  /** The times are the exporter's reception, not the capture's (sFlow). */
  readonly noTimes?: boolean
  /** The exporter may lose its last samples: the tail of the capture is ignored. */
  readonly noTail?: boolean
  /** The exporter does not export ICMP type and code. */
  readonly noIcmp?: boolean
}

interface Row {
  readonly proto: number
  readonly src_addr: string
  readonly dst_addr: string
  readonly src_port: number | null
  readonly dst_port: number | null
  readonly icmp_type: number | null
  readonly icmp_code: number | null
  readonly tcp_flags: number | null
  readonly bytes: number
  readonly packets: number
  readonly first: number
  readonly last: number
}

const waitMs = 60_000
/** Of sums of sampled packets. */
const tolerance = 0.05

/** Waits until all rows are stored, then returns a sentence for each difference. */
export async function compareStored(weir: WeirProcess, capture: CaptureSum, expected: Expected): Promise<string[]> {
  await settled(weir)
  const all = await weir.sql<Row>(`SELECT proto, src_addr, dst_addr, src_port, dst_port, icmp_type, icmp_code,
      bit_or(coalesce(tcp_flags, 0)) AS tcp_flags,
    sum(${expected.sampling === undefined ? 'bytes' : 'bytes_est'})::DOUBLE AS bytes,
      sum(${expected.sampling === undefined ? 'packets' : 'packets_est'})::DOUBLE AS packets,
      epoch_ms(min(time_start)) AS first, epoch_ms(max(time_end)) AS last
    FROM flows GROUP BY ALL`)
  const rows = expected.noTail === true ? all.filter((row) => row.src_port !== tailPort) : all
  const wanted = select(capture, expected)
  return expected.sampling === undefined ? exact(rows, wanted, expected) : sampled(rows, wanted)
}

/** Waits until no rows arrive and none pends. Counts are reported once a second. */
export async function settled(weir: WeirProcess): Promise<void> {
  let [before, steady] = [0, 0]
  for (let waited = 0; waited < waitMs; waited += 300) {
    await sleep(300)
    const received =
      (await weir.metric('weir_netflow_received_bytes_total')) + (await weir.metric('weir_sflow_received_bytes_total'))
    steady = received === before && received > 0 ? steady + 1 : 0
    before = received
    if (steady < 4) continue
    await weir.caughtUp(waitMs)
    return
  }
  throw new Error(`nothing arrived, or it never ended:\n${weir.lastLog.slice(-2000)}`)
}

interface Wanted {
  readonly all: Sum
  readonly flows: ReadonlyMap<string, FlowSum>
}

function select(capture: CaptureSum, { families, noTail }: Expected): Wanted {
  const isTail = (key: string): boolean => noTail === true && key.endsWith(` ${tailPort}`)
  const flows = new Map(
    [...capture.flows].filter(([key]) => families.includes(key.includes(':') ? 6 : 4) && !isTail(key)),
  )
  const all = { packets: 0, bytes: 0 }
  for (const { packets, bytes } of flows.values()) {
    all.packets += packets
    all.bytes += bytes
  }
  return { all, flows }
}

function exact(rows: readonly Row[], wanted: Wanted, expected: Expected): string[] {
  const found: string[] = []
  const say = (what: string, got: unknown, want: unknown): void => {
    if (got !== want) found.push(`${what}: stored ${String(got)}, captured ${String(want)}`)
  }
  say('packets', total(rows, 'packets'), wanted.all.packets)
  say('bytes', total(rows, 'bytes'), wanted.all.bytes)
  comparePorts(rows, wanted, say)
  if (expected.noPorts === true) return shorten(found)
  const stored = new Map<string, Row>()
  // An empty direction of a conversation is not a flow of the capture.
  for (const row of rows.filter(({ packets }) => packets > 0)) {
    const key = keyOf(row, expected)
    const before = stored.get(key)
    stored.set(
      key,
      before === undefined
        ? row
        : {
            ...row,
            packets: row.packets + before.packets,
            bytes: row.bytes + before.bytes,
            first: Math.min(row.first, before.first),
            last: Math.max(row.last, before.last),
          },
    )
  }
  const flows = expected.noIcmp === true ? withoutIcmp(wanted.flows) : wanted.flows
  say('flows', stored.size, flows.size)
  for (const [key, flow] of flows) {
    const row = stored.get(key)
    if (row === undefined) {
      found.push(`${key}: not stored`)
      continue
    }
    say(`${key} packets`, row.packets, flow.packets)
    say(`${key} bytes`, row.bytes, flow.bytes)
    if (key.startsWith('6 ')) say(`${key} flags`, row.tcp_flags, flow.tcpFlags)
    if (expected.noTimes !== true) compareTimes(key, row, flow, wanted.flows, found)
  }
  return shorten(found)
}

/** Exporters that join directions report the times of the conversation. */
function compareTimes(
  key: string,
  row: Row,
  flow: FlowSum,
  flows: ReadonlyMap<string, FlowSum>,
  found: string[],
): void {
  const [proto = '', src = '', srcPort = '', dst = '', dstPort = ''] = key.split(' ')
  const icmp = proto === '1' || proto === '58'
  const back =
    flows.get(
      flowKey(
        Number(proto),
        dst,
        Number(icmp ? (echoAnswers.get(srcPort) ?? 0) : dstPort),
        src,
        Number(icmp ? '0' : srcPort),
      ),
    ) ?? flows.get(flowKey(Number(proto), dst, 0, src, 0))
  const near = (time: number, ...wanted: readonly number[]): boolean =>
    wanted.some((one) => Math.abs(time - one) <= timeToleranceMs)
  if (!near(row.first, flow.first, back?.first ?? Infinity) || !near(row.last, flow.last, back?.last ?? Infinity)) {
    found.push(`${key} times: stored ${row.first} to ${row.last}, captured ${flow.first} to ${flow.last}`)
  }
}

const timeToleranceMs = 1000
/** Of ICMP and ICMPv6: request and answer. */
const echoAnswers = new Map([
  ['8', 0],
  ['0', 8],
  ['128', 129],
  ['129', 128],
])

function comparePorts(
  rows: readonly Row[],
  wanted: Wanted,
  say: (what: string, got: unknown, want: unknown) => void,
): void {
  for (const [name, place] of [
    ['src_port', 2],
    ['dst_port', 4],
  ] as const) {
    const [stored, captured] = [new Map<number, Sum>(), new Map<number, Sum>()]
    for (const row of rows) if (row[name] !== null && row[name] !== 0) addTo(stored, row[name], row)
    for (const [key, flow] of wanted.flows) {
      const words = key.split(' ')
      if (words[0] === '6' || words[0] === '17') addTo(captured, Number(words[place]), flow)
    }
    if (stored.size === 0 && captured.size > 0) continue
    for (const port of new Set([...stored.keys(), ...captured.keys()])) {
      say(`${name} ${port} packets`, stored.get(port)?.packets, captured.get(port)?.packets)
      say(`${name} ${port} bytes`, stored.get(port)?.bytes, captured.get(port)?.bytes)
    }
  }
}

function addTo(sums: Map<number, Sum>, port: number, { packets, bytes }: Sum): void {
  const sum = sums.get(port) ?? { packets: 0, bytes: 0 }
  sum.packets += packets
  sum.bytes += bytes
  sums.set(port, sum)
}

function sampled(rows: readonly Row[], wanted: Wanted): string[] {
  const found: string[] = []
  for (const what of ['packets', 'bytes'] as const) {
    const off = Math.abs(total(rows, what) / wanted.all[what] - 1)
    if (!(off <= tolerance))
      found.push(
        `estimated ${what}: stored ${total(rows, what)}, captured ${wanted.all[what]}: off by ` +
          `${(off * 100).toFixed(1)} %`,
      )
  }
  return found
}

function total(rows: readonly Row[], what: 'packets' | 'bytes'): number {
  return rows.reduce((sum, row) => sum + row[what], 0)
}

function keyOf(row: Row, expected: Expected): string {
  const icmp = row.proto === 1 || row.proto === 58
  if (icmp && expected.noIcmp === true) return flowKey(row.proto, row.src_addr, 0, row.dst_addr, 0)
  return flowKey(
    row.proto,
    row.src_addr,
    (icmp ? row.icmp_type : row.src_port) ?? -1,
    row.dst_addr,
    (icmp ? row.icmp_code : row.dst_port) ?? -1,
  )
}

function withoutIcmp(flows: ReadonlyMap<string, FlowSum>): Map<string, FlowSum> {
  const merged = new Map<string, FlowSum>()
  for (const [key, flow] of flows) {
    const [proto = '', src = '', , dst = ''] = key.split(' ')
    const name = proto === '1' || proto === '58' ? `${proto} ${src} 0 ${dst} 0` : key
    const before = merged.get(name)
    merged.set(
      name,
      before === undefined
        ? flow
        : {
            packets: before.packets + flow.packets,
            bytes: before.bytes + flow.bytes,
            tcpFlags: 0,
            first: Math.min(before.first, flow.first),
            last: Math.max(before.last, flow.last),
          },
    )
  }
  return merged
}

function shorten(found: readonly string[]): string[] {
  return found.length <= 10 ? [...found] : [...found.slice(0, 10), `… and ${found.length - 10} more`]
}
