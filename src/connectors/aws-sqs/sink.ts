import { awsSink } from '../../messaging/aws-sink.ts'
import type { Context, Sink } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { openQueue } from './client.ts'
import { listenQueue } from './client-listen.ts'
import type { SqsConfig, sqsSchema } from './config.ts'

export const sink = defineSink<typeof sqsSchema>('aws-sqs', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build: openSqs,
})

function openSqs(config: SqsConfig, context: Context): Promise<Sink> {
  const { queue_url: address } = config
  const name = `queue ${address.slice(address.lastIndexOf('/') + 1)}`
  return awsSink(config, context, {
    address,
    name,
    allowed: 'sqs:SendMessage',
    open: (options) => openQueue(address, options),
    listen: () => listenQueue(config, context, name),
  })
}
