import type { SetContext } from '../templates/data-set.ts'
import type { Dialect, TemplateDecoder } from '../templates/decoder.ts'
import type { ExporterState, Transport } from '../templates/state.ts'
import { optionsTemplateSet, readOptionsTemplate10, readTemplate10, templateSet } from './templates.ts'

export const headerBytes10 = 16

const dialect: Dialect = {
  templateSet,
  optionsTemplateSet,
  readTemplate: readTemplate10,
  readOptionsTemplate: readOptionsTemplate10,
}
const context: SetContext = { exportTime: 0, uptime: Number.NaN, received: 0 }

/** Decodes as far as possible; the result has the reason if part is unreadable. */
export function decodeIpfix(
  decoder: TemplateDecoder,
  bytes: Uint8Array,
  exporter: ExporterState,
  transport: Transport,
  received: number,
  keep = true,
): 'short' | 'length' | 'set' | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = bytes.length < headerBytes10 ? 0 : view.getUint16(2)
  if (length < headerBytes10) {
    decoder.count(exporter, 'malformed', bytes.length)
    return 'short'
  }
  const domain = decoder.table.domain(decoder.table.session(exporter, 10, transport, received), view.getUint32(12))
  const end = Math.min(length, bytes.length)
  context.exportTime = view.getUint32(4) * 1000
  context.received = received
  decoder.count(exporter, 'header', headerBytes10)
  decoder.count(exporter, 'skipped', bytes.length - end)
  const { records, flows, malformed } = decoder.walk(domain, dialect, bytes, view, headerBytes10, end, context, keep)
  domain.records.follow(view.getUint32(8), context.exportTime, records, flows, exporter)
  return malformed ? 'set' : length > bytes.length ? 'length' : undefined
}
