import { flowForm } from '../../codecs/flow-forms/index.ts'
import { deliverInChunks } from '../../engine/delivery/in-chunks.ts'
import type { Attempt } from '../../engine/delivery/in-order.ts'
import type { Context, Preview, Sink, SinkBatch, SinkPiece } from '../../engine/contracts.ts'
import { sinkRows, type SinkRow } from '../../engine/delivery/rows.ts'
import type { Failure } from '../../model/outcome.ts'
import { messageOf } from '../../model/errors.ts'
import { defineSink } from '../../engine/define.ts'
import { GraphClient } from './client.ts'
import type { Neo4jConfig, neo4jSchema } from './config.ts'
import { addFlows } from './map-traffic.ts'
import { toGraph, type SizedRow } from './map.ts'
import { EventWriter } from './sink-events.ts'
import { splitByKey } from './sink-split.ts'
import { writeTraffic } from './sink-traffic.ts'

export const sink = defineSink<typeof neo4jSchema>('neo4j', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build: openNeo4j,
})

const transactionSize = 4 * 1024 * 1024
const noFlows = flowForm({ codec: 'json', tcp_flags: 'number' })

function openNeo4j(config: Neo4jConfig, context: Context): Promise<Sink> {
  const client = new GraphClient(config, context)
  const writer = new EventWriter(client)
  return Promise.resolve({
    async send(batch, signal) {
      const options = {
        limits: { rows: config.transaction_events, bytes: transactionSize },
        budgetMs: config.timeout,
        clock: context.host.clock,
        signal,
      }
      const [events, flows] = [partOf(batch, 'events'), partOf(batch, 'flows')]
      const lanes = splitByKey([...sinkRows(events, noFlows)], config.transaction_events)
      const failures = (
        await Promise.all(
          lanes.map((rows) =>
            deliverInChunks(rows, options, graphRow, (made: readonly SizedRow[]) => writer.write(made, signal)),
          ),
        )
      ).flat()
      const attempt =
        flows.pieces.length === 0 ? undefined : await writeTraffic(client, config.writer ?? context.id, flows, signal)
      return [
        ...failures.map((failure) => ({ ...failure, index: events.indexes[failure.index] ?? 0 })),
        ...failed(attempt, flows.indexes),
      ].sort((a, b) => a.index - b.index)
    },
    probe: (signal) => client.probe(signal),
    *preview(batch): Generator<Preview> {
      for (const piece of batch.pieces) {
        if (piece.batch.kind === 'flows') yield* flowPreviews(piece, config.url)
        else for (const row of sinkRows({ ...batch, pieces: [piece] }, noFlows)) yield eventPreview(row, config.url)
      }
    },
    close: () => client.close(),
  })
}

interface Part extends SinkBatch {
  readonly indexes: readonly number[]
}

function partOf(batch: SinkBatch, kind: 'events' | 'flows'): Part {
  const indexes: number[] = []
  const pieces: SinkPiece[] = []
  let index = 0
  for (const piece of batch.pieces) {
    if (piece.batch.kind === kind) {
      pieces.push(piece)
      for (let row = 0; row < piece.rows.length; row++) indexes.push(index + row)
    }
    index += piece.rows.length
  }
  return { ...batch, count: indexes.length, pieces, indexes }
}

function failed(attempt: Attempt, indexes: readonly number[]): Failure[] {
  return attempt === undefined ? [] : indexes.map((index) => ({ index, is: attempt.is, reason: attempt.reason }))
}

function graphRow({ event }: SinkRow): SizedRow | Extract<Attempt, { is: 'reject' }> {
  try {
    return toGraph(event)
  } catch (error) {
    return { is: 'reject', reason: `no graph representation: ${messageOf(error)}` }
  }
}

function eventPreview(row: SinkRow, to: string): Preview {
  const converted = graphRow(row)
  if ('reason' in converted) return { problem: converted.reason }
  const { length: _, ...nodes } = converted
  return { to, body: Buffer.from(JSON.stringify(nodes)) }
}

function* flowPreviews(piece: SinkPiece, to: string): Generator<Preview> {
  for (const row of piece.rows) {
    const talks = new Map<string, object>() as Parameters<typeof addFlows>[0]
    addFlows(talks, { ...piece, rows: Uint32Array.of(row) }, () => true)
    const [talk] = talks.values()
    yield talk === undefined
      ? { problem: 'the flow adds to no sum: one of its ends is not a known workload' }
      : { to, body: Buffer.from(JSON.stringify(talk)) }
  }
}
