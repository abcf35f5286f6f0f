import type { AwsOptions } from '../../messaging/aws-client.ts'
import { failedEntries } from '../../messaging/aws-errors.ts'
import { awsEntry } from '../../messaging/aws-message.ts'
import type { AwsClient } from '../../messaging/aws-sink.ts'

export async function openTopic(arn: string, options: AwsOptions): Promise<AwsClient> {
  const { GetTopicAttributesCommand, PublishBatchCommand, SNSClient } = await import('@aws-sdk/client-sns')
  const client = new SNSClient(options)
  return {
    async publish(messages, abortSignal) {
      const { Failed: failed } = await client.send(
        new PublishBatchCommand({
          TopicArn: arn,
          PublishBatchRequestEntries: messages.map((message, index) => ({
            ...awsEntry(message, index),
            Message: message.body,
          })),
        }),
        { abortSignal },
      )
      return failedEntries(failed)
    },
    async verify(abortSignal) {
      await client.send(new GetTopicAttributesCommand({ TopicArn: arn }), { abortSignal })
    },
    destroy: () => {
      client.destroy()
    },
  }
}
