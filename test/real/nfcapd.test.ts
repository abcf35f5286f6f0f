// A second oracle where it can be trusted: nfcapd beside Weir on the same datagrams of softflowd. (IPFIX without
// absolute times, and times in microseconds or nanoseconds, it reads wrongly; sampling of softflowd's v9 it does not
// see.)
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { flowKey } from '../kit/pcap-sum.ts'
import { buildCapture } from '../kit/pcap.ts'
import { startWeir } from '../kit/weir-process.ts'
import { nfcapd } from './install/nfcapd.ts'
import { softflowd } from './install/softflowd.ts'
import { need } from './kit/need.ts'
import { startSfcapd, type NfdumpFlow } from './kit/sfcapd.ts'
import { replaySoftflowd } from './kit/softflowd.ts'
import { settled } from './kit/stored.ts'

interface Row {
  readonly proto: number
  readonly src_addr: string
  readonly dst_addr: string
  readonly src_port: number
  readonly dst_port: number
  readonly packets: number
  readonly bytes: number
  readonly first: number
  readonly last: number
}

/** One line for each flow; ICMP without its type, which nfdump prints as a port. */
const line = ({
  proto,
  src_addr: src,
  src_port: sport,
  dst_addr: dst,
  dst_port: dport,
  packets,
  bytes,
  first,
  last,
}: Row): string => {
  const ports = proto === 6 || proto === 17
  return (
    `${flowKey(proto, src, ports ? sport : 0, dst, ports ? dport : 0)}: ${packets} packets, ${bytes} bytes, ` +
    `${first} to ${last}`
  )
}

function rowOf(flow: NfdumpFlow): Row {
  const number = (name: string): number => Number(flow[name] ?? 0)
  const text = (name: string): string => String(flow[name] ?? '')
  const time = (name: string): number => Date.parse(`${text(name).replace(' ', 'T')}Z`)
  return {
    proto: number('proto'),
    src_addr: text('src4_addr') || text('src6_addr'),
    dst_addr: text('dst4_addr') || text('dst6_addr'),
    src_port: number('src_port'),
    dst_port: number('dst_port'),
    packets: number('in_packets'),
    bytes: number('in_bytes'),
    first: time('first'),
    last: time('last'),
  }
}

describe('nfcapd', () => {
  test.for([
    ['NetFlow v5', 5, []],
    ['NetFlow v9', 9, []],
    ['IPFIX', 10, ['-A', 'milli']],
  ] as const)('Weir understands the same of %s', async ([, version, args], context) => {
    await need(context, softflowd)
    await need(context, nfcapd)
    const folder = await mkdtemp(join(tmpdir(), 'weir-nfcapd-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const file = join(folder, 'in.pcap')
    await writeFile(file, buildCapture({ seed: 21, conversations: 300 }))
    await using weir = await startWeir({ folder: join(folder, 'weir') })
    await using collector = await startSfcapd(folder, nfcapd)
    await replaySoftflowd({ file, port: weir.ports.netflow, also: collector.port, version, args })
    await settled(weir)
    const rows = await weir.sql<Row>(`SELECT proto, src_addr, dst_addr,
        coalesce(src_port, 0) AS src_port, coalesce(dst_port, 0) AS dst_port, packets, bytes,
      epoch_ms(time_start) AS first, epoch_ms(time_end) AS last FROM flows`)
    const nfcapdRows = (await collector.flows()).map(rowOf)
    expect(rows.length).toBeGreaterThan(300)
    expect(rows.map(line).toSorted()).toEqual(nfcapdRows.map(line).toSorted())
  })
})
