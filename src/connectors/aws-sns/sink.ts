import { awsSink } from '../../messaging/aws-sink.ts'
import { defineSink } from '../../engine/define.ts'
import { openTopic } from './client.ts'
import { listenTopic } from './client-listen.ts'
import type { snsSchema } from './config.ts'

export const sink = defineSink<typeof snsSchema>('aws-sns', {
  accepts: ['events', 'flows'],
  idempotency: 'id',
  build(config, context) {
    const { topic_arn: address } = config
    const name = `topic ${address.slice(address.lastIndexOf(':') + 1)}`
    return awsSink(config, context, {
      address,
      name,
      allowed: 'sns:Publish',
      open: (options) => openTopic(address, options),
      listen: (mayCreate) => listenTopic(config, context, { name, mayCreate }),
    })
  },
})
