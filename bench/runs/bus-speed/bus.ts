import type { MessageSourceConfig, Puller } from '../../../src/messaging/message-source.ts'
import { busMessage, type BusMessage } from '../../../src/codecs/bus-message/index.ts'
import type { Sink, SinkBatch, SourceContext } from '../../../src/engine/contracts.ts'
import { noFlows, sinkRows } from '../../../src/engine/delivery/rows.ts'
import type { WeirEvent } from '../../../src/model/events.ts'
import type { Installed } from '../../../test/real/install/apt.ts'
import { eventBatch } from '../../../test/conformance/batches.ts'

export interface SpeedBusKind {
  readonly name: string
  readonly found: () => Promise<Installed>
  /** Messages per round at full scale. */
  readonly messages: number
  readonly start: (folder: string) => Promise<SpeedBus>
}

export interface SpeedBus {
  /** Weir's sink. */
  readonly sink: Sink
  /** The client alone: sends a batch and resolves when all of it is acknowledged. */
  readonly produce: (messages: readonly BusMessage[]) => Promise<void>
  /** Queues or topics with exactly `messages` messages. */
  readonly fill: (messages: readonly BusMessage[], places: number) => Promise<readonly Place[]>
  close(): Promise<void>
}

export interface Place {
  /** Weir's source. */
  readonly source: (context: SourceContext) => {
    readonly config: MessageSourceConfig
    readonly puller: Puller<unknown>
  }
  /** The client alone: passes each message on, and resolves when `count` messages arrived and were acknowledged. */
  readonly consume: (count: number, came: Came) => Promise<void>
}

/** `attributes`: decodes the message's attributes. */
export type Came = (attributes: () => Readonly<Record<string, string>>, body: Uint8Array | string) => void

/** Rows of one send, and of one batch of the client. */
export const batchSize = 1000
const bodyBytes = 1000

/** The same events as batches of a sink and as messages. Ids differ between rounds. */
export function load(
  round: string,
  count: number,
): { readonly batches: readonly SinkBatch[]; readonly messages: readonly BusMessage[] } {
  const events = Array.from({ length: count }, (_, index): WeirEvent => ({
    id: `${round}-${index}`,
    source: '/speed',
    type: 'io.weir.speed',
    subject: 'one',
    time: 1_700_000_000_000 + index,
    datacontenttype: 'application/json',
    encoding: 'json',
    data: Buffer.from(JSON.stringify({ index, text: 'x'.repeat(bodyBytes - 30) })),
  }))
  const batches = Array.from({ length: count / batchSize }, (_, at) =>
    eventBatch(events.slice(at * batchSize, (at + 1) * batchSize), `${round}-${at}`),
  )
  return {
    batches,
    messages: batches.flatMap((batch) =>
      [...sinkRows(batch, noFlows)].map((row) => busMessage(row, row.event, 'binary')),
    ),
  }
}
