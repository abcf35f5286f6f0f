import { flowForm } from '../../codecs/flow-forms/index.ts'
import { deliverInChunks } from '../../engine/in-chunks.ts'
import type { Attempt } from '../../engine/in-order.ts'
import type { Context, Preview, Sink } from '../../engine/ports.ts'
import { sinkRows, type SinkRow } from '../../engine/rows.ts'
import { GraphWriter } from './client.ts'
import type { Neo4jConfig } from './config.ts'
import { toGraph, type GraphRow } from './map.ts'

/** Characters after which a transaction is full; a single larger event still goes, alone. */
const transactionSize = 4 * 1024 * 1024
/** No flows come here; something has to stand in their place. */
const noFlows = flowForm({ codec: 'json', tcp_flags: 'number' })

export function openNeo4j(config: Neo4jConfig, context: Context): Promise<Sink> {
  const writer = new GraphWriter(config, context)
  return Promise.resolve({
    send(batch, signal) {
      const options = { limits: { rows: config.transaction_events, bytes: transactionSize }, budgetMs: config.timeout, clock: context.host.clock, signal }
      return deliverInChunks(sinkRows(batch, noFlows), options, graphRow, (rows: readonly GraphRow[]) => writer.write(rows, signal))
    },
    probe: (signal) => writer.probe(signal),
    *preview(batch): Generator<Preview> {
      for (const row of sinkRows(batch, noFlows)) {
        const made = graphRow(row)
        if ('reason' in made) yield { problem: made.reason }
        else {
          const { length: _, ...nodes } = made
          yield { to: config.url, body: Buffer.from(JSON.stringify(nodes)) }
        }
      }
    },
    close: () => writer.close(),
  })
}

/** What can't be mapped can't be next time either. */
function graphRow({ event }: SinkRow): GraphRow | Extract<Attempt, { is: 'reject' }> {
  try {
    return toGraph(event)
  } catch (error) {
    return { is: 'reject', reason: `makes no graph: ${error instanceof Error ? error.message : String(error)}` }
  }
}
