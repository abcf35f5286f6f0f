import { eventForms, type Sending } from '../../codecs/event-forms/index.ts'
import { deliverInOrder } from '../../engine/in-order.ts'
import type { Attempt } from '../../engine/in-order.ts'
import type { Context, Sink } from '../../engine/ports.ts'
import { sinkRows, type SinkRow } from '../../engine/rows.ts'
import { JetStreamPublisher } from './client.ts'
import { isTooLarge } from './client-errors.ts'
import { probeNats } from './client-probe.ts'
import type { NatsConfig } from './config.ts'
import { subjectOf } from './map-subject.ts'
import { toMessage, type NatsMessage } from './map.ts'

export async function openNats(config: NatsConfig, context: Context): Promise<Sink> {
  const publisher = new JetStreamPublisher(config, context)
  const subject = subjectOf(config.subject)
  const { flows, begin } = await eventForms(config, context.metrics)
  /** What can't be written down can't be next time either. */
  const attempting = (row: SinkRow, { event }: Sending): NatsMessage | { is: 'reject'; reason: string } => {
    try {
      return toMessage({ ...row, event: event(row) }, subject(row))
    } catch (error) {
      return { is: 'reject', reason: `can't be written as a message: ${error instanceof Error ? error.message : String(error)}` }
    }
  }
  const publish = async (row: SinkRow, message: NatsMessage, sending: Sending): Promise<Attempt> => {
    const outcome = await publisher.publish(message)
    if (config.oversize !== 'patch-only' || !isTooLarge(outcome)) return outcome
    const event = sending.reduced(row)
    if (event === undefined) return outcome
    // The same message id: nothing of the larger one was stored.
    const again = await publisher.publish({ ...toMessage({ ...row, event }, message.subject), messageId: message.messageId })
    if (again === undefined) context.metrics.count('weir_sink_reduced_rows_total', 1, { sink: context.id })
    return isTooLarge(again) ? { ...again, reason: `${again.reason}, without its states, too` } : again
  }
  return {
    async send(batch, signal) {
      const problem = await publisher.ready(signal)
      if (problem !== undefined) return Array.from({ length: batch.count }, (_, index) => ({ index, is: 'retry', reason: problem }))
      const stop = (): void => { publisher.giveUp('the sink is stopping') }
      signal.addEventListener('abort', stop, { once: true })
      try {
        const sending = begin(batch.trace)
        const options = { window: config.concurrency, budgetMs: config.timeout, clock: context.host.clock, signal }
        return sending.settle(await deliverInOrder(sinkRows(batch, flows), options, async (row) => {
          const message = attempting(row, sending)
          return 'is' in message ? message : publish(row, message, sending)
        }))
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
    *preview(batch) {
      const sending = begin()
      for (const row of sinkRows(batch, flows)) {
        const message = attempting(row, sending)
        if ('is' in message) yield { problem: message.reason }
        else yield { to: message.subject, headers: { ...message.headers, 'nats-msg-id': message.messageId }, body: message.data }
      }
    },
    probe: () => probeNats(config, context),
    close: () => publisher.close(),
  }
}
