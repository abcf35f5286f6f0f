// Every export of the same capture by real exporters, and the rows that Weir must have.
import { startWeir } from '../../kit/weir-process.ts'
import type { CaptureSum } from '../../kit/pcap-sum.ts'
import type { Program } from '../install/apt.ts'
import { pmacct } from '../install/pmacct.ts'
import { softflowd } from '../install/softflowd.ts'
import { replayPmacct, type PmacctOptions } from './pmacct.ts'
import { replaySoftflowd, type ReplayOptions } from './softflowd.ts'
import { compareStored, type Expected } from './stored.ts'

/**
 * `sampled v4`: nothing but IPv4, because softflowd picks its samples among all packets and passes over IPv6 without
 * counting it.
 */
export type CaptureKind = 'exact' | 'sampled' | 'sampled v4'

export interface ExporterCase {
  readonly name: string
  readonly capture: CaptureKind
  readonly program: Program
  readonly expected: Expected
  /** Over TCP instead of UDP. */
  readonly tcp?: boolean
  send(file: string, port: number): Promise<unknown>
}

function soft(
  name: string,
  version: ReplayOptions['version'],
  args: readonly string[],
  expected: Partial<Expected> = {},
  tcp = false,
): ExporterCase {
  return {
    name,
    capture: captureFor(expected, version),
    program: softflowd,
    tcp,
    expected: { families: version === 5 ? [4] : [4, 6], ...expected },
    send: (file, port) => replaySoftflowd({ file, port, version, args: tcp ? [...args, '-P', 'tcp'] : args }),
  }
}

function probe(
  name: string,
  options: Pick<PmacctOptions, 'plugin' | 'version' | 'sampling'>,
  expected: Partial<Expected> = {},
): ExporterCase {
  return {
    name,
    capture: captureFor(expected),
    program: pmacct,
    expected: { families: [4, 6], ...expected },
    send: (file, port) => replayPmacct({ ...options, file, port }),
  }
}

function captureFor({ sampling }: Partial<Expected>, version?: number): CaptureKind {
  return sampling === undefined ? 'exact' : version === 5 ? 'sampled v4' : 'sampled'
}

const sampling = 10
/** softflowd exports ICMP replies as separate conversations, without the type of ICMPv6. */
const biflow = { noIcmp: true }

export const exporterCases: readonly ExporterCase[] = [
  soft('NetFlow v5', 5, []),
  soft('NetFlow v9', 9, []),
  soft('IPFIX', 10, []),
  soft('IPFIX, both directions in a record', 10, ['-b'], biflow),
  soft('NetFlow v9, times in milliseconds', 9, ['-A', 'milli']),
  soft('IPFIX, times in seconds', 10, ['-A', 'sec']),
  soft('IPFIX, times in milliseconds', 10, ['-A', 'milli']),
  soft('IPFIX, times in microseconds', 10, ['-A', 'micro']),
  soft('IPFIX, times in nanoseconds', 10, ['-A', 'nano']),
  soft('IPFIX, both directions, times in milliseconds', 10, ['-b', '-A', 'milli'], biflow),
  soft('IPFIX, with VLAN', 10, ['-T', 'vlan']),
  soft('IPFIX, with MAC addresses', 10, ['-T', 'ether']),
  soft('NetFlow v9, with MAC addresses and MPLS labels', 9, ['-T', 'ether', '-x', '3']),
  soft('IPFIX, by protocol', 10, ['-T', 'proto'], { noPorts: true }),
  soft('IPFIX, by address', 10, ['-T', 'ip'], { noPorts: true }),
  soft('NetFlow v5, sampled', 5, ['-s', String(sampling)], { sampling }),
  soft('NetFlow v9, sampled', 9, ['-s', String(sampling)], { sampling }),
  soft('IPFIX, sampled', 10, ['-s', String(sampling)], { sampling }),
  soft('IPFIX over TCP', 10, [], {}, true),
  soft('IPFIX over TCP, both directions, times in milliseconds', 10, ['-b', '-A', 'milli'], biflow, true),
  probe('NetFlow v9', { plugin: 'nfprobe', version: 9 }),
  probe('IPFIX', { plugin: 'nfprobe', version: 10 }),
  probe('sFlow', { plugin: 'sfprobe' }, { noTimes: true, noTail: true }),
  probe('sFlow, sampled', { plugin: 'sfprobe', sampling }, { noTimes: true, noTail: true, sampling }),
]

/** What a case proves, and of what. */
export function provedBy({ name, tcp }: ExporterCase): { readonly system: string; readonly part?: string } {
  if (name.includes('sFlow')) return { system: 'sflow' }
  return { system: 'netflow', part: tcp === true ? 'IPFIX over TCP' : (/^NetFlow v\d|^IPFIX/.exec(name)?.[0] ?? name) }
}

/** Sends the capture into a new Weir; returns the differences. */
export async function runCase(
  one: ExporterCase,
  capture: { readonly file: string; readonly sum: CaptureSum; readonly folder: string },
): Promise<string[]> {
  const sflow = one.name.includes('sFlow')
  await using weir = await startWeir({
    folder: capture.folder,
    config: {
      sources: {
        netflow: one.tcp === true ? { tcp: '127.0.0.1:0' } : {},
        sflow: { listen: sflow ? '127.0.0.1:0' : 'off' },
      },
    },
  })
  const { sources } = await weir.pipeline()
  const source = sources.find(({ type }) => type === (sflow ? 'sflow' : 'netflow'))
  const address = source?.addresses.find((found) => found.startsWith(one.tcp === true ? 'tcp://' : 'udp://')) ?? ''
  await one.send(capture.file, Number(address.slice(address.lastIndexOf(':') + 1)))
  const found = await compareStored(weir, capture.sum, one.expected)
  const drops = await weir.metric('weir_udp_kernel_dropped_datagrams_total')
  if (drops > 0) found.push(`the kernel dropped ${drops} datagrams`)
  const { sources: ledger } = await weir.ledger()
  const shed = ledger.flatMap(({ shed }) => Object.entries(shed)).filter(([, count]) => count > 0)
  if (shed.length > 0) found.push(`shed: ${shed.map(([reason, count]) => `${reason} ${count}`).join(', ')}`)
  return found
}
