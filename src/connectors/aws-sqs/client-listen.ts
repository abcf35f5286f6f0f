import { awsOptions } from '../../messaging/aws-client.ts'
import { awsFailure } from '../../messaging/aws-errors.ts'
import { searchQueue } from '../../messaging/aws-queue-search.ts'
import type { Context, Listening } from '../../engine/contracts.ts'
import type { SqsConfig } from './config.ts'

/** A check must not hide more messages from consumers. */
const most = 50

/** Queues with a redrive policy and FIFO queues are not read, because reading has side effects. */
export async function listenQueue(config: SqsConfig, { host }: Context, name: string): Promise<Listening | string> {
  const { queue_url: url } = config
  if (url.endsWith('.fifo'))
    return (
      'SQS accepted the message. It was not read back: receiving from a FIFO queue blocks the other ' +
      'messages of a group'
    )
  const { GetQueueAttributesCommand, SQSClient: Client } = await import('@aws-sdk/client-sqs')
  const client = new Client(await awsOptions(config, host, url))
  const may = 'sqs:ReceiveMessage and sqs:ChangeMessageVisibility'
  const trouble = (error: unknown) => awsFailure(error, name, may).attempt.reason
  let attributes: Partial<Record<string, string>>
  try {
    ;({ Attributes: attributes = {} } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: url,
        AttributeNames: ['RedrivePolicy', 'ApproximateNumberOfMessages'],
      }),
    ))
  } catch (error) {
    client.destroy()
    return (
      'SQS accepted the message. It was not read back: the side effects of reading are unknown ' +
      `(${trouble(error)}; sqs:GetQueueAttributes)`
    )
  }
  const waiting = Number(attributes['ApproximateNumberOfMessages'] ?? 0)
  const harm =
    attributes['RedrivePolicy'] !== undefined
      ? 'each receive counts towards its RedrivePolicy and could dead-letter unread messages'
      : waiting > most
        ? `about ${waiting} messages are in the queue and would all be received`
        : undefined
  if (harm !== undefined) {
    client.destroy()
    return `SQS accepted the message. It was not read back: ${harm}`
  }
  const look = searchQueue(client, url, { timers: host.timers, most: most + 10 })
  return {
    async received(text, signal) {
      try {
        return (
          (await look.found(text, signal)) ||
          `SQS accepted the message. It was not found by ${name}: another consumer may have received it`
        )
      } catch (error) {
        throw new Error(trouble(error), { cause: error })
      }
    },
    async close() {
      await look.end()
      client.destroy()
    },
  }
}
