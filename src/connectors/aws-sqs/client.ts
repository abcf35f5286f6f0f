import type { AwsOptions } from '../../messaging/aws-client.ts'
import { failedEntries } from '../../messaging/aws-errors.ts'
import { awsEntry } from '../../messaging/aws-message.ts'
import type { AwsClient } from '../../messaging/aws-sink.ts'

export async function openQueue(url: string, options: AwsOptions): Promise<AwsClient> {
  const { GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } = await import('@aws-sdk/client-sqs')
  const client = new SQSClient(options)
  return {
    async publish(messages, abortSignal) {
      const { Failed: failed } = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: url,
          Entries: messages.map((message, index) => ({ ...awsEntry(message, index), MessageBody: message.body })),
        }),
        { abortSignal },
      )
      return failedEntries(failed)
    },
    async verify(abortSignal) {
      await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }), { abortSignal })
    },
    destroy: () => {
      client.destroy()
    },
  }
}
