import { flowForm } from '../../codecs/flow-forms/index.ts'
import { deliverInOrder } from '../../engine/in-order.ts'
import type { Context, Sink } from '../../engine/ports.ts'
import { sinkRows } from '../../engine/rows.ts'
import { JetStreamPublisher } from './client.ts'
import { probeNats } from './client-probe.ts'
import type { NatsConfig } from './config.ts'
import { subjectOf } from './map-subject.ts'
import { toMessage, type NatsMessage } from './map.ts'

export function openNats(config: NatsConfig, context: Context): Promise<Sink> {
  const publisher = new JetStreamPublisher(config, context)
  const subject = subjectOf(config.subject)
  const flows = flowForm(config)
  return Promise.resolve({
    async send(batch, signal) {
      const problem = await publisher.ready(signal)
      if (problem !== undefined) return Array.from({ length: batch.count }, (_, index) => ({ index, is: 'retry', reason: problem }))
      const stop = (): void => { publisher.giveUp('the sink is stopping') }
      signal.addEventListener('abort', stop, { once: true })
      try {
        const options = { window: config.concurrency, budgetMs: config.timeout, clock: context.host.clock, signal }
        return await deliverInOrder(sinkRows(batch, flows), options, async (row) => {
          let message: NatsMessage
          try {
            message = toMessage(row, subject(row))
          } catch (error) {
            return { is: 'reject', reason: `can't be written as a message: ${error instanceof Error ? error.message : String(error)}` }
          }
          return publisher.publish(message)
        })
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
    probe: () => probeNats(config, context),
    close: () => publisher.close(),
  })
}
