import type { Dialect, TemplateDecoder } from '../templates/decoder.ts'
import type { ExporterState, Transport } from '../templates/state.ts'
import { readOptionsTemplate9, readTemplate9 } from './templates.ts'

const headerBytes9 = 20

const dialect: Dialect = {
  templateSet: 0,
  optionsTemplateSet: 1,
  readTemplate: readTemplate9,
  readOptionsTemplate: readOptionsTemplate9,
}

/** RFC 3954. The header's count is ignored, because exporters disagree about it. */
export function decodeNetflow9(
  decoder: TemplateDecoder,
  bytes: Uint8Array,
  exporter: ExporterState,
  transport: Transport,
  received: number,
): 'short' | 'set' | undefined {
  if (bytes.length < headerBytes9) {
    decoder.count(exporter, 'malformed', bytes.length)
    return 'short'
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const domain = decoder.table.domain(decoder.table.session(exporter, 9, transport, received), view.getUint32(16))
  const context = decoder.begin(view, bytes)
  context.exportTime = view.getUint32(8) * 1000
  context.uptime = view.getUint32(4)
  context.received = received
  if (domain.datagrams.follow(view.getUint32(12), context.exportTime - context.uptime, exporter))
    decoder.table.restart(domain)
  decoder.count(exporter, 'header', headerBytes9)
  return decoder.walk(domain, dialect, headerBytes9, bytes.length).malformed ? 'set' : undefined
}
