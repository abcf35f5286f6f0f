import { awsSink } from '../../messaging/aws-sink.ts'
import { defineSink } from '../../engine/define.ts'
import { openQueue } from './client.ts'
import { listenQueue } from './client-listen.ts'
import type { sqsSchema } from './config.ts'

export const sink = defineSink<typeof sqsSchema>('aws-sqs', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build(config, context) {
    const { queue_url: address } = config
    const name = `queue ${address.slice(address.lastIndexOf('/') + 1)}`
    return awsSink(config, context, {
      address,
      name,
      allowed: 'sqs:SendMessage',
      open: (options) => openQueue(address, options),
      listen: () => listenQueue(config, context, name),
    })
  },
})
