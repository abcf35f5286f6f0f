import type { AwsOptions } from '../../messaging/aws-client.ts'
import { awsAttributes } from '../../messaging/aws-message.ts'
import type { AwsClient } from '../../messaging/aws-sink.ts'

/** The library is loaded only when a connector needs it. */
export async function openTopic(arn: string, options: AwsOptions): Promise<AwsClient> {
  const { GetTopicAttributesCommand, PublishBatchCommand, SNSClient } = await import('@aws-sdk/client-sns')
  const client = new SNSClient(options)
  return {
    async publish(messages, abortSignal) {
      const { Failed: failed = [] } = await client.send(
        new PublishBatchCommand({
          TopicArn: arn,
          PublishBatchRequestEntries: messages.map((message, index) => ({
            Id: String(index),
            Message: message.body,
            MessageAttributes: awsAttributes(message),
            ...(message.group === undefined
              ? {}
              : { MessageGroupId: message.group.id, MessageDeduplicationId: message.group.deduplicationId }),
          })),
        }),
        { abortSignal },
      )
      return failed.map(({ Id: id, Code: code, Message: message, SenderFault: senderFault }) => ({
        id,
        code,
        message,
        senderFault,
      }))
    },
    async look(abortSignal) {
      await client.send(new GetTopicAttributesCommand({ TopicArn: arn }), { abortSignal })
    },
    destroy: () => {
      client.destroy()
    },
  }
}
