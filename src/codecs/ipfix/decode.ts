import type { Dialect, TemplateDecoder } from '../templates/decoder.ts'
import type { ExporterState, Transport } from '../templates/state.ts'
import { optionsTemplateSet, readOptionsTemplate10, readTemplate10, templateSet } from './templates.ts'

export const headerBytes10 = 16
const version = 10

const dialect: Dialect = {
  templateSet,
  optionsTemplateSet,
  readTemplate: readTemplate10,
  readOptionsTemplate: readOptionsTemplate10,
}

type Malformed = 'short' | 'length' | 'set' | undefined

/** Decodes all messages as far as possible; the result has the reason if part is unreadable. */
export function decodeIpfix(
  decoder: TemplateDecoder,
  bytes: Uint8Array,
  exporter: ExporterState,
  transport: Transport,
  received: number,
): Malformed {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const context = decoder.begin(view, bytes)
  let malformed: Malformed
  let at = 0
  do {
    const length = bytes.length - at < headerBytes10 ? 0 : view.getUint16(at + 2)
    if (length < headerBytes10) {
      decoder.count(exporter, 'malformed', bytes.length - at)
      return malformed ?? 'short'
    }
    const domain = decoder.table.domain(
      decoder.table.session(exporter, 10, transport, received),
      view.getUint32(at + 12),
    )
    const end = Math.min(at + length, bytes.length)
    context.exportTime = view.getUint32(at + 4) * 1000
    context.uptime = Number.NaN
    context.received = received
    decoder.count(exporter, 'header', headerBytes10)
    const walked = decoder.walk(domain, dialect, at + headerBytes10, end)
    domain.records.follow(view.getUint32(at + 8), context.exportTime, walked.records, walked.flows, exporter)
    malformed ??= walked.malformed ? 'set' : at + length > bytes.length ? 'length' : undefined
    at = end
  } while (isMessage(view, at))
  decoder.count(exporter, 'skipped', bytes.length - at)
  return malformed
}

const isMessage = (view: DataView, at: number) =>
  view.byteLength - at >= headerBytes10 && view.getUint16(at) === version && view.getUint16(at + 2) >= headerBytes10
