import { awsSink } from '../../bus/aws-sink.ts'
import type { Context, Sink } from '../../engine/ports.ts'
import { openQueue } from './client.ts'
import type { SqsConfig } from './config.ts'

export function openSqs(config: SqsConfig, context: Context): Promise<Sink> {
  const { queue_url: address } = config
  return awsSink(config, context, {
    address,
    name: `queue ${address.slice(address.lastIndexOf('/') + 1)}`,
    allowed: 'sqs:SendMessage',
    open: (options) => openQueue(address, options),
  })
}
