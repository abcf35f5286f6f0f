import { FlowBuilder } from '../../../model/flow-builder.ts'
import { decodeIpfix } from '../../ipfix/decode.ts'
import { decodeNetflow9 } from '../../netflow9/decode.ts'
import { noBytes, type ByteCounts } from '../bytes.ts'
import { TemplateDecoder, type DecoderOptions } from '../decoder.ts'
import { ExporterState, type Transport } from '../state.ts'

/** Unix seconds; the exporter had been up for 600 s. */
export const exported = 1_700_000_000
export const uptime = 600_000

export type FieldOf = readonly [id: number, length: number, pen?: number]

export function u8(...values: number[]): Buffer {
  return Buffer.from(values)
}
export function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(2 * values.length)
  values.forEach((value, i) => bytes.writeUInt16BE(value, 2 * i))
  return bytes
}
export function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => bytes.writeUInt32BE(value >>> 0, 4 * i))
  return bytes
}
export function u64(...values: (number | bigint)[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length)
  values.forEach((value, i) => bytes.writeBigUInt64BE(BigInt(value), 8 * i))
  return bytes
}
export const ip4 = (text: string): Buffer => Buffer.from(text.split('.').map(Number))
export const varying = (text: string): Buffer =>
  Buffer.concat([text.length < 255 ? u8(text.length) : Buffer.concat([u8(255), u16(text.length)]), Buffer.from(text)])

export function set(id: number, ...content: Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([u16(id, body.length + 4), body])
}

function fieldOf([id, length, pen]: FieldOf): Buffer {
  return pen === undefined ? u16(id, length) : Buffer.concat([u16(id | 0x8000, length), u32(pen)])
}

export const template = (id: number, fields: readonly FieldOf[]): Buffer =>
  Buffer.concat([u16(id, fields.length), ...fields.map(fieldOf)])
/** IPFIX: the first `scopes` of the fields are the scope. */
export const optionsTemplate = (id: number, scopes: number, fields: readonly FieldOf[]): Buffer =>
  Buffer.concat([u16(id, fields.length, scopes), ...fields.map(fieldOf)])
/** v9: scopes by type. */
export const optionsTemplate9 = (id: number, scopes: readonly FieldOf[], fields: readonly FieldOf[]): Buffer =>
  Buffer.concat([u16(id, 4 * scopes.length, 4 * fields.length), ...[...scopes, ...fields].map(fieldOf)])

export interface Head {
  readonly sequence?: number
  readonly domain?: number
  readonly time?: number
  readonly uptime?: number
  readonly count?: number
}

export function netflow9(head: Head, ...sets: Uint8Array[]): Buffer {
  return Buffer.concat([
    u16(9, head.count ?? sets.length),
    u32(head.uptime ?? uptime, head.time ?? exported, head.sequence ?? 0, head.domain ?? 5),
    ...sets,
  ])
}

export function ipfix(head: Head & { readonly length?: number }, ...sets: Uint8Array[]): Buffer {
  const body = Buffer.concat(sets)
  return Buffer.concat([
    u16(10, head.length ?? body.length + 16),
    u32(head.time ?? exported, head.sequence ?? 0, head.domain ?? 9),
    body,
  ])
}

const usual: DecoderOptions = {
  skewLimit: 3_600_000,
  sampling: 0,
  netobservPen: 2,
  extra: [],
  elements: 'all',
  templates: {
    templates: 10_000,
    exporterTemplates: 1000,
    unprovenTemplates: 100,
    sessions: 16,
    domains: 500,
    exporterDomains: 100,
    expiry: 1_800_000,
  },
  parking: { bytes: 4_000_000, exporterBytes: 200_000, time: 60_000 },
}

export class Bench {
  readonly flows = new FlowBuilder(4)
  readonly totals: ByteCounts = noBytes()
  readonly decoder: TemplateDecoder
  now = exported * 1000
  received = 0
  readonly #exporters = new Map<number, ExporterState>()

  constructor(options: Partial<DecoderOptions> = {}, { keepsRows = true }: Readonly<{ keepsRows?: boolean }> = {}) {
    this.decoder = new TemplateDecoder(this.flows, { ...usual, ...options }, this.totals)
    this.decoder.keepsRows = keepsRows
  }

  exporter(last = 7): ExporterState {
    let exporter = this.#exporters.get(last)
    if (exporter === undefined) {
      exporter = new ExporterState(Uint32Array.of(0, 0, 0xffff, 0xc0000200 + last))
      exporter.proven = true
      this.#exporters.set(last, exporter)
    }
    return exporter
  }

  get exporters(): readonly ExporterState[] {
    return [...this.#exporters.values()]
  }

  /** Returns why part of it could not be read. */
  take(datagram: Uint8Array, from: Partial<Transport> & { readonly exporter?: number } = {}): string | undefined {
    const { exporter = 7, kind = 'udp', listener = 0, port = 50_000 } = from
    this.received += datagram.length
    const version = ((datagram[0] ?? 0) << 8) | (datagram[1] ?? 0)
    const decode = version === 9 ? decodeNetflow9 : decodeIpfix
    const transport = { kind, listener, port }
    let malformed: string | undefined
    malformed = decode(this.decoder, datagram, this.exporter(exporter), transport, this.now)
    while (this.decoder.released > 0) {
      const parked = this.decoder.readReleased()
      malformed ??= parked
    }
    return malformed
  }
}

export const sumOf = (bytes: ByteCounts): number => Object.values(bytes).reduce((sum, count) => sum + count, 0)
