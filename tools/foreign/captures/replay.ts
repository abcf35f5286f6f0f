import { decodeIpfix } from '../../../src/codecs/ipfix/decode.ts'
import { Netflow5Decoder } from '../../../src/codecs/netflow5/decode.ts'
import { decodeNetflow9 } from '../../../src/codecs/netflow9/decode.ts'
import { CaptureReader } from '../../../src/codecs/pcap/reader.ts'
import { findDatagram } from '../../../src/codecs/pcap/udp.ts'
import { Datagram } from '../../../src/codecs/sflow5/datagram.ts'
import { Sflow5Decoder } from '../../../src/codecs/sflow5/decode.ts'
import { noBytes } from '../../../src/codecs/templates/bytes.ts'
import { TemplateDecoder } from '../../../src/codecs/templates/decoder.ts'
import { ExporterState } from '../../../src/codecs/templates/state.ts'
import { usualTemplateLimits } from '../../../src/codecs/templates/table.ts'
import { FlowBuilder } from '../../../src/model/flow-builder.ts'
import { parseIp } from '../../../src/model/ip.ts'
import { flowRows, type FlowRow } from '../../../test/kit/flow-rows.ts'

export type Sent = Readonly<{ payload: Uint8Array; from: string; port: number }>

const hour = 3_600_000
const local = '127.0.0.1'

/** A file that is one datagram. */
export const sentWhole = (payload: Uint8Array): Sent => ({ payload, from: local, port: 2055 })

export function sentIn(capture: Uint8Array): readonly Sent[] {
  const reader = new CaptureReader()
  reader.push(capture)
  const sent: Sent[] = []
  for (let packet = reader.next(); packet !== undefined; packet = reader.next()) {
    const datagram = findDatagram(packet)
    if (typeof datagram === 'string') continue
    const { payload, srcAddr: from, srcPort: port } = datagram
    sent.push({ payload, from, port })
  }
  return sent
}

const word = (bytes: Uint8Array, at: number): number => Buffer.from(bytes).readUInt32BE(at)

/** The clock of the exporter is that of the receiver. */
function received(payload: Uint8Array, version: number): number {
  const at = version === 10 ? 4 : 8
  return payload.length < at + 4 ? 0 : word(payload, at) * 1000
}

/** Decodes as the sources do, with default settings. `any_next_hop`: of IP, else of BGP. */
export function replay(datagrams: readonly Sent[]): readonly FlowRow[] {
  const flows = new FlowBuilder()
  const templates = new TemplateDecoder(
    flows,
    {
      skewLimit: hour,
      sampling: 0,
      netobservPen: 2,
      extra: [],
      elements: 'all',
      templates: { ...usualTemplateLimits, expiry: 2 * hour },
      parking: { bytes: 256 << 20, exporterBytes: 64 << 20, time: 24 * hour },
    },
    noBytes(),
  )
  const [netflow5, sflow5, sflow] = [new Netflow5Decoder(flows), new Sflow5Decoder(flows), new Datagram()]
  const exporters = new Map<string, ExporterState>()
  const rows: FlowRow[] = []
  for (const { payload, from, port } of datagrams) {
    const exporter = exporters.get(from) ?? new ExporterState(parseIp(from) ?? Uint32Array.of(0, 0, 0xffff, 0))
    exporters.set(from, exporter)
    exporter.proven = true
    const version = payload.length < 4 ? 0 : word(payload, 0) >>> 16
    const time = received(payload, version)
    const transport = { kind: 'udp', listener: 0, port } as const
    if (version === 5) netflow5.decode(payload, { exporter: exporter.words, time, skewLimit: hour })
    else if (version === 9) decodeNetflow9(templates, payload, exporter, transport, time)
    else if (version === 10) decodeIpfix(templates, payload, exporter, transport, time)
    else if (sflow.scan(payload)) sflow5.decode(sflow, { exporter: exporter.words, time })
    while (templates.released > 0) templates.readReleased()
    for (const row of flowRows(flows.batch()))
      rows.push({ ...row, any_next_hop: row['next_hop'] ?? row['bgp_next_hop'] })
    flows.reset()
  }
  return rows
}
