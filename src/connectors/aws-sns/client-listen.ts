import type { SNSClient } from '@aws-sdk/client-sns'
import type { SQSClient } from '@aws-sdk/client-sqs'
import { awsOptions } from '../../messaging/aws-client.ts'
import { awsFailure } from '../../messaging/aws-errors.ts'
import { searchQueue } from '../../messaging/aws-queue-search.ts'
import type { Context, Listening } from '../../engine/contracts.ts'
import type { SnsConfig } from './config.ts'

/** Limits of the temporary queue: messages read, and retention in seconds. */
const [most, keptS] = [1000, '60']
const may =
  'sqs:CreateQueue, sqs:DeleteQueue, sqs:GetQueueAttributes, sqs:ReceiveMessage, sns:Subscribe and sns:Unsubscribe'

/** A topic stores nothing: verifying a message requires a temporary queue and subscription, created only on request. */
export async function listenTopic(
  config: SnsConfig,
  { host }: Context,
  { name, mayCreate }: { name: string; mayCreate: boolean },
): Promise<Listening | string> {
  const { GetTopicAttributesCommand, SNSClient: Topics } = await import('@aws-sdk/client-sns')
  const { SQSClient: Queues } = await import('@aws-sdk/client-sqs')
  const { topic_arn: topic, endpoint } = config
  const topics = new Topics(await awsOptions(config, host, topic))
  if (!mayCreate) {
    const counted = await topics.send(new GetTopicAttributesCommand({ TopicArn: topic })).then(
      ({ Attributes: { SubscriptionsConfirmed: count } = {} }) => count,
      () => undefined,
    )
    topics.destroy()
    const subscriptions =
      counted === undefined ? '' : `, for ${counted} confirmed subscription${counted === '1' ? '' : 's'}`
    return (
      `SNS accepted the message${subscriptions}. ` +
      'A topic stores no messages; with --make-queue a temporary queue and subscription verify the delivery'
    )
  }
  // Only a custom endpoint serves both SNS and SQS.
  const shared = endpoint !== null && !/\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/.test(new URL(endpoint).hostname)
  const queues = new Queues(await awsOptions({ ...config, endpoint: shared ? endpoint : null }, host, topic))
  const made = new Made(topics, queues)
  try {
    const url = await made.make(topic, `weir-check-${Buffer.from(host.random.bytes(8)).toString('hex')}`)
    const look = searchQueue(queues, url, { timers: host.timers, most })
    return {
      received: async (text, signal) =>
        (await look.found(text, signal)) ||
        `no message arrived through a new subscription to ${name}: AWS may take a minute to activate it; use ` +
          '--timeout 120',
      async close() {
        await look.end()
        await made.remove()
      },
    }
  } catch (error) {
    await made.remove()
    throw new Error(awsFailure(error, 'a temporary queue', may).attempt.reason.replace('write to', 'make'), {
      cause: error,
    })
  }
}

class Made {
  readonly #topics: SNSClient
  readonly #queues: SQSClient
  #url: string | undefined
  #subscription: string | undefined

  constructor(topics: SNSClient, queues: SQSClient) {
    this.#topics = topics
    this.#queues = queues
  }

  async make(topic: string, name: string): Promise<string> {
    const { SubscribeCommand } = await import('@aws-sdk/client-sns')
    const { CreateQueueCommand, GetQueueAttributesCommand, SetQueueAttributesCommand } =
      await import('@aws-sdk/client-sqs')
    const fifo = topic.endsWith('.fifo')
    const { QueueUrl: url = '' } = await this.#queues.send(
      new CreateQueueCommand({
        QueueName: `${name}${fifo ? '.fifo' : ''}`,
        Attributes: { MessageRetentionPeriod: keptS, ...(fifo ? { FifoQueue: 'true' } : {}) },
      }),
    )
    this.#url = url
    const { Attributes: { QueueArn: queue = '' } = {} } = await this.#queues.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
    )
    const lets = {
      Effect: 'Allow',
      Principal: { Service: 'sns.amazonaws.com' },
      Action: 'sqs:SendMessage',
      Resource: queue,
      Condition: { ArnEquals: { 'aws:SourceArn': topic } },
    }
    await this.#queues.send(
      new SetQueueAttributesCommand({
        QueueUrl: url,
        Attributes: { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [lets] }) },
      }),
    )
    const { SubscriptionArn: subscription } = await this.#topics.send(
      new SubscribeCommand({
        TopicArn: topic,
        Protocol: 'sqs',
        Endpoint: queue,
        Attributes: { RawMessageDelivery: 'true' },
        ReturnSubscriptionArn: true,
      }),
    )
    this.#subscription = subscription
    return url
  }

  /** Never rejects. Leftovers have `weir-check` in their names. */
  async remove(): Promise<void> {
    const { UnsubscribeCommand } = await import('@aws-sdk/client-sns')
    const { DeleteQueueCommand } = await import('@aws-sdk/client-sqs')
    if (this.#subscription !== undefined)
      await this.#topics.send(new UnsubscribeCommand({ SubscriptionArn: this.#subscription })).catch(() => undefined)
    if (this.#url !== undefined)
      await this.#queues.send(new DeleteQueueCommand({ QueueUrl: this.#url })).catch(() => undefined)
    this.#topics.destroy()
    this.#queues.destroy()
  }
}
