import type { SQSClient } from '@aws-sdk/client-sqs'
import { awsOptions } from '../../messaging/aws-client.ts'
import { awsTrouble } from '../../messaging/aws-errors.ts'
import { lookIn } from '../../messaging/aws-queue-search.ts'
import type { Context, Listening } from '../../engine/contracts.ts'
import type { SqsConfig } from './config.ts'

/** More would be disturbed for the sake of one. */
const most = 50

/**
 * Reads what the queue has until our message is among it, and gives all of it back, ours too. A queue that counts how often a message was
 * given out, or keeps those of a group in order, would be changed by that: such a one is not read.
 */
export async function listenQueue(config: SqsConfig, { host }: Context, name: string): Promise<Listening | string> {
  const { queue_url: url } = config
  if (url.endsWith('.fifo'))
    return `SQS has it. It was not read back: a message of a FIFO queue that is looked at holds up those of its group, and ours is behind those of others`
  const { GetQueueAttributesCommand, SQSClient: Client } = await import('@aws-sdk/client-sqs')
  const client: SQSClient = new Client(await awsOptions(config, host, url))
  const may = 'sqs:ReceiveMessage and sqs:ChangeMessageVisibility'
  const trouble = (error: unknown): string =>
    awsTrouble(error, name, may).attempt.reason.replace('does not let us write to', 'does not let us read')
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
    return `SQS has it. It was not read back: whether that would harm others we may not find out (${trouble(error)}; sqs:GetQueueAttributes)`
  }
  const waiting = Number(attributes['ApproximateNumberOfMessages'] ?? 0)
  const harm =
    attributes['RedrivePolicy'] !== undefined
      ? 'each look counts towards its RedrivePolicy, which would make dead letters of what others did not read yet'
      : waiting > most
        ? `about ${waiting} messages wait in it, all of which would be looked at`
        : undefined
  if (harm !== undefined) {
    client.destroy()
    return `SQS has it. It was not read back: ${harm}`
  }
  const look = lookIn(client, url, { timers: host.timers, most: most + 10 })
  return {
    async came(text, signal) {
      try {
        return (
          (await look.found(text, signal)) ||
          `SQS has it. It was not among what ${name} gave us meanwhile: another reader may have been faster`
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
