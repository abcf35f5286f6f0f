import { defineSink } from '../../engine/define.ts'
import { deliverInOrder, type Attempt } from '../../engine/delivery/in-order.ts'
import { noFlows, sinkRows, type SinkRow } from '../../engine/delivery/rows.ts'
import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import { AmqpPublisher } from '../../messaging/amqp/publisher.ts'
import { probeAmqp } from '../../messaging/amqp/probe.ts'
import type { AmqpMessage, AmqpTarget } from '../../messaging/amqp/settings.ts'
import { messageOf } from '../../model/errors.ts'
import { insightsMessage, insightsTypes, type ImageReport, type InsightsMessage } from '../../model/insights.ts'
import type { Failure } from '../../model/outcome.ts'
import type { LagoonConfig, lagoonSchema } from './config.ts'
import { repairedReport } from './map/core.ts'
import { coreEnabled } from './map/labels.ts'

export const sink = defineSink<typeof lagoonSchema>('lagoon', {
  accepts: ['events'],
  idempotency: 'id',
  build: (config, context) => Promise.resolve(openLagoon(config, context)),
})

/** Maximum size of a CycloneDX report that is rewritten. */
const maxDecompressed = 64 * 1024 * 1024

export function openLagoon(config: LagoonConfig, context: Context): Sink {
  const target = targetOf(config)
  const publisher = new AmqpPublisher(target, context)
  const messages = new Messages(config)
  return {
    async send(batch, signal) {
      const problem = await publisher.ready(signal)
      if (problem !== undefined)
        return Array.from({ length: batch.count }, (_, index): Failure => ({ index, is: 'retry', reason: problem }))
      const filtered: Failure[] = []
      const options = { window: config.concurrency, budgetMs: config.timeout, clock: context.host.clock, signal }
      const failures = await deliverInOrder(sinkRows(batch, noFlows), options, async (row): Promise<Attempt> => {
        const message = messages.of(row)
        if (typeof message === 'string') {
          filtered.push({ index: row.index, is: 'filter', reason: message, rows: Uint32Array.of(row.index) })
          return undefined
        }
        return 'is' in message ? message : publisher.publish(message, signal)
      })
      return [...failures, ...filtered].sort((a, b) => a.index - b.index)
    },
    *preview(batch: SinkBatch): Generator<Preview> {
      for (const row of sinkRows(batch, noFlows)) {
        const message = messages.of(row)
        if (typeof message === 'string') yield { problem: `not sent: ${message}` }
        else if ('is' in message) yield { problem: message.reason }
        else yield { to: target.exchange, headers: { 'message-id': message.messageId }, body: message.body }
      }
    },
    probe: (signal) => probeAmqp(target, context, signal),
    close: () => publisher.close(),
  }
}

/** Objects and arguments as insights-handler declares them: a difference is refused by the broker. */
function targetOf({ url, vhost, auth, tls, timeout, heartbeat }: LagoonConfig): AmqpTarget {
  return {
    url,
    fallback_urls: [],
    vhost,
    auth,
    tls,
    timeout,
    heartbeat,
    exchange: 'lagoon-insights',
    declare: { type: 'direct', queue: 'lagoon-insights:items', queue_type: null, binding: '' },
  }
}

type Rejected = Extract<Attempt, { readonly is: 'reject' }>

class Messages {
  readonly #config: LagoonConfig

  constructor(config: LagoonConfig) {
    this.#config = config
  }

  /** A text is the reason to filter the row. */
  of({ event, id }: SinkRow): AmqpMessage | string | Rejected {
    if (event.type !== insightsTypes.report || event.data === undefined) return 'not_insights'
    let message: InsightsMessage
    try {
      message = insightsMessage(event.data)
    } catch (error) {
      return { is: 'reject', reason: `the event is unreadable: ${messageOf(error)}` }
    }
    const isReport = message.type === 'sbom' || message.type === 'inspect'
    if (isReport && this.#config.opt_in && (message as ImageReport).annotations?.[coreEnabled] !== 'true')
      return 'not_enabled'
    const repaired =
      isReport && this.#config.repair ? repairedReport(message as ImageReport, maxDecompressed) : undefined
    return {
      routingKey: '',
      headers: {},
      contentType: undefined,
      messageId: event.id === '' ? id : event.id,
      body: repaired === undefined ? Buffer.from(event.data) : Buffer.from(repaired),
    }
  }
}
