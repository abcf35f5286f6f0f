import type { Log, Metrics, Resolver } from '../../engine/contracts.ts'
import { encodeBatch } from '../../journal/bodies.ts'
import { frameHeader } from '../../journal/frame-header.ts'
import type { Frame, FrameHeader } from '../../journal/types.ts'
import type { Batch, FlowBatch } from '../../model/batches.ts'
import type { Column } from '../../model/columns.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { parseIp } from '../../model/ip.ts'

export const startOfDay = Date.UTC(2026, 10, 20, 8)

export const resolver: Resolver = {
  generation: 1,
  resolve: (words, offset) =>
    words[offset + 3] === 0x0a000001
      ? { is: 'endpoint', endpoint: { name: 'gateway', label: 'net=core' } }
      : { is: 'unknown' },
}

export interface LogLine {
  readonly level: string
  readonly message: string
  readonly fields: Record<string, unknown>
}

export function recordingLog(): Log & { readonly lines: LogLine[] } {
  const lines: LogLine[] = []
  const at =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) =>
      void lines.push({ level, message, fields })
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

export function recordingMetrics(): Metrics & { readonly counts: Map<string, number> } {
  const counts = new Map<string, number>()
  return {
    counts,
    count: (name, by) => void counts.set(name, (counts.get(name) ?? 0) + by),
    set: (name, value) => void counts.set(name, value ?? 0),
  }
}

export interface FlowSpec {
  readonly src: string
  readonly dst: string
  readonly bytes?: number | bigint
  readonly packets?: number
  readonly sampling?: number
  readonly start?: number
  readonly received?: number
}

export function flowBatch(specs: readonly FlowSpec[], received = startOfDay): FlowBatch {
  const ips = (pick: (spec: FlowSpec) => string): Column => ({
    kind: 'ip',
    words: Uint32Array.from(specs.flatMap((spec) => [...(parseIp(pick(spec)) ?? [])])),
  })
  const wide = (pick: (spec: FlowSpec) => number | bigint): Column => ({
    kind: 'u64',
    words: new Uint32Array(BigUint64Array.from(specs, (spec) => BigInt(pick(spec))).buffer),
  })
  const valid = new Uint8Array((specs.length + 7) >> 3)
  specs.forEach(({ sampling }, row) => {
    if (sampling !== undefined) valid[row >> 3] = (valid[row >> 3] ?? 0) | (1 << (row & 7))
  })
  return {
    kind: 'flows',
    count: specs.length,
    dictionary: ['', 'netflow5'],
    columns: {
      time_start: { kind: 'time', values: Float64Array.from(specs, ({ start }) => start ?? received - 1000) },
      time_end: { kind: 'time', values: Float64Array.from(specs, ({ start }) => (start ?? received - 1000) + 500) },
      time_received: { kind: 'time', values: Float64Array.from(specs, (spec) => spec.received ?? received) },
      src_addr: ips(({ src }) => src),
      dst_addr: ips(({ dst }) => dst),
      exporter_addr: ips(() => '192.0.2.1'),
      src_port: { kind: 'u16', values: Uint16Array.from(specs, (_, row) => 40_000 + row) },
      dst_port: { kind: 'u16', values: Uint16Array.from(specs, () => 443) },
      proto: { kind: 'u8', values: Uint8Array.from(specs, () => 6) },
      bytes: wide(({ bytes }) => bytes ?? 1000),
      packets: wide(({ packets }) => packets ?? 10),
      sampling: { kind: 'u32', values: Uint32Array.from(specs, ({ sampling }) => sampling ?? 0), valid },
      protocol: { kind: 'dict', codes: Uint32Array.from(specs, () => 1) },
      protocol_version: { kind: 'u8', values: Uint8Array.from(specs, () => 5) },
      time_skewed: { kind: 'u8', values: new Uint8Array(specs.length) },
    },
  }
}

const utf8 = new TextEncoder()

export function event(id: string, more: Partial<WeirEvent> & { readonly json?: unknown } = {}): WeirEvent {
  const { json, ...rest } = more
  const data = json === undefined ? {} : { encoding: 'json' as const, data: utf8.encode(JSON.stringify(json)) }
  return { id, source: '/test', type: 'test.made', encoding: 'none', time: startOfDay, ...data, ...rest }
}

export class FrameMaker {
  #sequence = 0
  #row = 0
  readonly epoch: number
  readonly #rows = new Map<string, number>()
  readonly #sequences = new Map<string, number>()

  constructor(epoch = 1) {
    this.epoch = epoch
  }

  get last(): number {
    return this.#sequence
  }

  flows(specs: readonly FlowSpec[], received = startOfDay, source = 'netflow'): Frame {
    return this.batch(flowBatch(specs, received), received, source)
  }

  events(events: readonly WeirEvent[], received = startOfDay, source = 'http'): Frame {
    return this.batch(toEventBatch(events), received, source)
  }

  empty(source = 'netflow', received = startOfDay): Frame {
    return this.#frame('empty', 0, new Uint8Array(0), received, source)
  }

  batch(batch: Batch, received: number, source: string): Frame {
    return this.#frame(batch.kind, batch.count, encodeBatch(batch).slice(), received, source)
  }

  lose(source: string, rows: number): void {
    this.#sequence++
    this.#row += rows
    this.#rows.set(source, (this.#rows.get(source) ?? 0) + rows)
  }

  #frame(kind: FrameHeader['kind'], count: number, body: Uint8Array, received: number, source: string): Frame {
    const rows = this.#rows.get(source) ?? 0
    const sourceSequence = (this.#sequences.get(source) ?? 0) + 1
    const header = frameHeader({
      sequence: ++this.#sequence,
      firstRow: this.#row,
      kind,
      source,
      epoch: this.epoch,
      sourceSequence,
      sourceRows: rows,
      count,
      received,
      timeMin: received - 1000,
      timeMax: received,
      bodyBytes: body.length,
      rawBytes: body.length,
    })
    this.#row += count
    this.#rows.set(source, rows + count)
    this.#sequences.set(source, sourceSequence)
    return { header, firstSequence: header.sequence, body: () => body }
  }
}
