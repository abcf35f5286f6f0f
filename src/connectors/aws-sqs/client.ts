import type { AwsOptions } from '../../messaging/aws-client.ts'
import { awsAttributes } from '../../messaging/aws-message.ts'
import type { AwsClient } from '../../messaging/aws-sink.ts'

/** The library is loaded only when a connector needs it. */
export async function openQueue(url: string, options: AwsOptions): Promise<AwsClient> {
  const { GetQueueAttributesCommand, SendMessageBatchCommand, SQSClient } = await import('@aws-sdk/client-sqs')
  const client = new SQSClient(options)
  return {
    async publish(messages, abortSignal) {
      const { Failed: failed = [] } = await client.send(
        new SendMessageBatchCommand({
          QueueUrl: url,
          Entries: messages.map((message, index) => ({
            Id: String(index),
            MessageBody: message.body,
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
      await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }), { abortSignal })
    },
    destroy: () => {
      client.destroy()
    },
  }
}
