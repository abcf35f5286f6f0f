import type { Context, FrameHeader, Log, SinkBatch, SinkPiece } from '../../src/engine/contracts.ts'
import { realHost, type Host } from '../../src/host/index.ts'
import { frameHeader } from '../../src/journal/frame-header.ts'
import type { FlowBatch } from '../../src/model/batches.ts'
import { toEventBatch, type WeirEvent } from '../../src/model/events.ts'

/** A context as the engine provides it, with a log that keeps its lines. */
export function testContext(host: Host = realHost()): Context & { readonly lines: string[] } {
  const lines: string[] = []
  const line =
    (level: string) =>
    (message: string, fields?: Record<string, unknown>): void => {
      lines.push(`${level} ${message} ${fields === undefined ? '' : JSON.stringify(fields)}`)
    }
  const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
  return { id: 'tested', host, log, metrics: { count: () => undefined, set: () => undefined }, lines }
}

let nextSequence = 1

function header(kind: 'events' | 'flows', count: number): FrameHeader {
  const sequence = nextSequence++
  return frameHeader({
    sequence,
    firstRow: sequence * 1000,
    kind,
    source: 'in',
    count,
    received: 1_700_000_000_000,
  })
}

/** A batch of the events in two frames that also hold rows of other sinks. */
export function eventBatch(events: readonly WeirEvent[], token: string): SinkBatch {
  const other: WeirEvent = { id: 'not-for-this-sink', source: '/conformance', type: 'io.weir.test', encoding: 'none' }
  const middle = Math.ceil(events.length / 2)
  const pieces = [events.slice(0, middle), events.slice(middle)]
    .filter((some) => some.length > 0)
    .map((some): SinkPiece => {
      const rows = some.flatMap((event, index) => (index % 3 === 0 ? [other, event] : [event]))
      const chosen = rows.flatMap((event, row) => (event === other ? [] : [row]))
      return {
        header: header('events', rows.length),
        batch: toEventBatch(rows),
        rows: Uint32Array.from(chosen),
        firstRow: 0,
      }
    })
  return { token, count: events.length, pieces, retried: false }
}

/** Flows with their row number as source port. */
export function flowBatch(
  count: number,
  token: string,
): { readonly batch: SinkBatch; readonly ids: readonly string[] } {
  const flows: FlowBatch = {
    kind: 'flows',
    count,
    dictionary: [''],
    columns: {
      src_port: { kind: 'u16', values: Uint16Array.from({ length: count }, (_, row) => row) },
      bytes: {
        kind: 'u64',
        words: Uint32Array.from({ length: 2 * count }, (_, word) => (word % 2 === 0 ? word * 100 : 0)),
      },
    },
  }
  const head = header('flows', count)
  const batch = {
    token,
    count,
    retried: false,
    pieces: [{ header: head, batch: flows, rows: Uint32Array.from({ length: count }, (_, row) => row), firstRow: 0 }],
  }
  return { batch, ids: Array.from({ length: count }, (_, row) => `in:1:${head.sourceSequence}:${row}`) }
}

/**
 * `count` events with id and subject `<prefix>0`, `<prefix>1`, …: every third without a key, the others with four keys
 * in turn.
 */
export function numberedEvents(count: number, prefix: string): WeirEvent[] {
  return Array.from({ length: count }, (_, index): WeirEvent => {
    const id = `${prefix}${index}`
    const event = {
      id,
      source: '/conformance',
      type: 'io.weir.test',
      subject: id,
      datacontenttype: 'application/json',
      encoding: 'json',
      data: Buffer.from(`{"number":${index}}`),
    } as const
    return index % 3 === 0 ? event : { ...event, key: `key-${index % 4}` }
  })
}
