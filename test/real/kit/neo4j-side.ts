// A graph as the target of the conformance suite: its events as audit events, in order of arrival.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { Sink, SinkBatch } from '../../../src/engine/contracts.ts'
import type { EventBatch } from '../../../src/model/batches.ts'
import { eventAt, toEventBatch } from '../../../src/model/events.ts'

/** How an id is written in the graph: found in whatever goes over the wire, and no part of another. */
export const marked = (id: string, run: string): string => `<${run}/${id}>`

/** The sink, with every event as an audit event, in a shared graph. */
export function auditOf(sink: Sink, run: string): Sink {
  const numbered = (batch: SinkBatch): SinkBatch => ({
    ...batch,
    pieces: batch.pieces.map((piece) => {
      const rows = piece.batch as EventBatch
      const events = Array.from({ length: rows.count }, (_, row) => eventAt(rows, row))
      return {
        ...piece,
        batch: toEventBatch(events.map((event) => ({ ...event, id: marked(event.id, run), family: 'audit' }))),
      }
    }),
  })
  return {
    send: (batch, signal) => sink.send(numbered(batch), signal),
    probe: async (signal) => (await sink.probe?.(signal)) ?? { is: 'fail', message: 'it has no probe' },
    preview: (batch) => sink.preview?.(numbered(batch)) ?? [],
    close: () => sink.close(),
  }
}

export interface GraphRelay {
  readonly port: number
  /** Ids of the suite, in the order of their last arrival: only the wire shows the order within a transaction. */
  inOrder(ids: readonly string[]): string[]
  close(): Promise<void>
}

/** Forwards to the server, and records sent bytes. */
export async function graphRelay(target: number, run: string): Promise<GraphRelay> {
  const open = new Set<Socket>()
  let sent = ''
  const relay = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    for (const socket of [client, upstream]) {
      open.add(socket)
      const end = (): void => {
        open.delete(socket)
        client.destroy()
        upstream.destroy()
      }
      socket.on('close', end).on('error', end)
    }
    // Connections interleave: the last bytes of each are repeated, so that no id is split.
    let tail = ''
    client.on('data', (chunk) => {
      const buffered = tail + chunk.toString('latin1')
      sent += buffered
      tail = buffered.slice(-200)
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      client.write(chunk)
    })
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  return {
    port: (relay.address() as AddressInfo).port,
    inOrder: (ids) =>
      ids
        .map((id) => ({ id, at: sent.lastIndexOf(id) }))
        .sort((a, b) => a.at - b.at)
        .map(({ id }) => id.slice(run.length + 2, -1)),
    async close() {
      const closed = new Promise((resolve) => relay.close(resolve))
      for (const socket of open) socket.destroy()
      await closed
    },
  }
}
