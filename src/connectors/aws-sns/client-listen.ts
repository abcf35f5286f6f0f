import type { SNSClient } from '@aws-sdk/client-sns'
import type { SQSClient } from '@aws-sdk/client-sqs'
import { awsOptions } from '../../messaging/aws-client.ts'
import { awsTrouble } from '../../messaging/aws-errors.ts'
import { lookIn } from '../../messaging/aws-queue-search.ts'
import type { Context, Listening } from '../../engine/contracts.ts'
import type { SnsConfig } from './config.ts'

/** Of our queue, which has copies only: how many are looked at, and how long (s) it keeps them. */
const [most, keptS] = [1000, '60']
const may =
  'sqs:CreateQueue, sqs:DeleteQueue, sqs:GetQueueAttributes, sqs:ReceiveMessage, sns:Subscribe and sns:Unsubscribe'

/** A topic keeps nothing. To see a message come by takes a queue and a subscription, which are made where that is asked for, and removed. */
export async function listenTopic(
  config: SnsConfig,
  { host }: Context,
  { name, mayMake }: { readonly name: string; readonly mayMake: boolean },
): Promise<Listening | string> {
  const { GetTopicAttributesCommand, SNSClient: Topics } = await import('@aws-sdk/client-sns')
  const { SQSClient: Queues } = await import('@aws-sdk/client-sqs')
  const { topic_arn: topic, endpoint } = config
  const topics = new Topics(await awsOptions(config, host, topic))
  if (!mayMake) {
    const counted = await topics.send(new GetTopicAttributesCommand({ TopicArn: topic })).then(
      ({ Attributes: { SubscriptionsConfirmed: count } = {} }) => count,
      () => undefined,
    )
    topics.destroy()
    return `SNS has it${counted === undefined ? '' : `, for ${counted} confirmed subscription${counted === '1' ? '' : 's'}`}. It keeps nothing to be read back: with --make-queue a queue and a subscription are made for that, and removed`
  }
  // An address of our own is that of both services only where it is none of AWS: of a program that stands in for it.
  const shared = endpoint !== null && !/\.(?:amazonaws\.com(?:\.cn)?|api\.aws)$/.test(new URL(endpoint).hostname)
  const queues = new Queues(await awsOptions({ ...config, endpoint: shared ? endpoint : null }, host, topic))
  const made = new Made(topics, queues)
  try {
    const url = await made.make(topic, `weir-check-${Buffer.from(host.random.bytes(8)).toString('hex')}`)
    const look = lookIn(queues, url, { timers: host.timers, most })
    return {
      came: async (text, signal) =>
        (await look.found(text, signal)) ||
        `it did not come by through a new subscription to ${name}: AWS may take a minute until one has effect; --timeout 120 waits for it`,
      async close() {
        await look.end()
        await made.remove()
      },
    }
  } catch (error) {
    await made.remove()
    throw new Error(awsTrouble(error, 'a queue of our own', may).attempt.reason.replace('write to', 'make'), {
      cause: error,
    })
  }
}

/** A queue and its subscription. */
class Made {
  readonly #topics: SNSClient
  readonly #queues: SQSClient
  #url: string | undefined
  #subscription: string | undefined

  constructor(topics: SNSClient, queues: SQSClient) {
    this.#topics = topics
    this.#queues = queues
  }

  /** Resolves with the queue's URL. */
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

  /** Never rejects: what is left over would have to be removed by hand, and has `weir-check` in its name. */
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
