// A bucket with trail files and a queue with their notifications, on an S3 and SQS server.
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import { CreateQueueCommand, GetQueueAttributesCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { buildApp } from 'fauxqs'
import { rejectedType } from '../../src/codecs/bus-message/read.ts'
import { cloudtrailSchema } from '../../src/connectors/cloudtrail/config.ts'
import { source as cloudtrail } from '../../src/connectors/cloudtrail/source.ts'
import type { Source, SourceContext } from '../../src/engine/contracts.ts'
import { configFrom } from '../../src/schema/index.ts'
import { auth, credentials, region } from './aws-server.ts'
import { eventsOf } from './aws-side.ts'
import type { Answer, SourceHarness } from '../conformance/source.ts'

export interface TrailBucket {
  readonly bucket: string
  readonly url: string
  readonly sqs: SQSClient
  makeQueue(name: string): Promise<string>
  /** Stores a file, compressed unless it is bytes. */
  putFile(key: string, content: unknown): Promise<void>
  /** Sends S3 notifications of files to a queue. */
  announce(queue: string, keys: readonly string[], more?: { readonly bucket?: string }): Promise<void>
  send(queue: string, body: unknown): Promise<void>
  /** Messages in a queue, received ones included. */
  left(queue: string): Promise<number>
  /** The server notifies the queue or topic of each new file. */
  notify(queue: string, topic?: string): Promise<void>
  close(): Promise<void>
}

const account = '123456789012'

export async function trailBucketAt(url: string, end: () => Promise<unknown>): Promise<TrailBucket> {
  const bucket = 'weir-trail'
  const sqs = new SQSClient({ region, endpoint: url, credentials })
  const s3 = new S3Client({ region, endpoint: url, credentials, forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: region } }))
  const send = async (queue: string, body: unknown): Promise<void> => {
    await sqs.send(
      new SendMessageCommand({ QueueUrl: queue, MessageBody: typeof body === 'string' ? body : JSON.stringify(body) }),
    )
  }
  return {
    bucket,
    url,
    sqs,
    send,
    async makeQueue(name) {
      await sqs.send(new CreateQueueCommand({ QueueName: name }))
      return `${url}/${account}/${name}`
    },
    async putFile(key, content) {
      await s3.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: content instanceof Uint8Array ? content : gzipSync(JSON.stringify(content)),
          ContentType: 'application/json',
          ContentEncoding: 'gzip',
        }),
      )
    },
    announce: (queue, keys, { bucket: other = bucket } = {}) => send(queue, noticeOf(other, keys)),
    async left(queue) {
      const {
        Attributes: { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: given } = {},
      } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: ['All'] }))
      return Number(waiting) + Number(given)
    },
    async notify(queue, topic) {
      const arn = topic ?? `arn:aws:sqs:${region}:${account}:${queue.slice(queue.lastIndexOf('/') + 1)}`
      const Events = ['s3:ObjectCreated:*'] as const
      await s3.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: bucket,
          NotificationConfiguration:
            topic === undefined
              ? { QueueConfigurations: [{ QueueArn: arn, Events: [...Events] }] }
              : { TopicConfigurations: [{ TopicArn: arn, Events: [...Events] }] },
        }),
      )
    },
    async close() {
      sqs.destroy()
      s3.destroy()
      await end()
    },
  }
}

/** A notification of S3. */
export function noticeOf(bucket: string, keys: readonly string[]): object {
  return {
    Records: keys.map((key) => ({
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: region,
      eventName: 'ObjectCreated:Put',
      s3: {
        s3SchemaVersion: '1.0',
        bucket: { name: bucket, arn: `arn:aws:s3:::${bucket}` },
        object: { key: encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/'), size: 1 },
      },
    })),
  }
}

export async function startTrailBucket(): Promise<TrailBucket> {
  const app = buildApp({ logger: false, defaultRegion: region })
  await app.listen({ port: 0, host: '127.0.0.1' })
  return trailBucketAt(`http://127.0.0.1:${(app.server.address() as { port: number }).port}`, () => app.close())
}

/** `s3`: another address of S3. */
export function trailSource(
  { bucket, url }: Pick<TrailBucket, 'bucket' | 'url'>,
  queue: string,
  context: SourceContext,
  { s3 = url, ack = 'journal' }: { readonly s3?: string; readonly ack?: string } = {},
): Promise<Source> {
  return cloudtrail.build(
    configFrom(cloudtrailSchema, {
      from: { type: 'queue', queue_url: queue, bucket, s3_endpoint: s3, visibility: '2s' },
      ack,
      region,
      auth,
    }),
    context,
  )
}

let named = 0

export function trailSourceOn(server: () => TrailBucket): SourceHarness {
  return {
    redelivers: true,
    numbersIn: (unit) =>
      eventsOf(unit)
        .filter(({ type }) => type !== rejectedType)
        .map(({ id }) => Number(id)),
    async build(context, address) {
      const queue = address ?? (await server().makeQueue(`trail-${++named}`))
      let [refused, closed, files] = [false, false, 0]
      const synced = new Set<string>()
      const source = await trailSource(server(), queue, {
        ...context,
        append: async (unit) => {
          const appended = await context.append(unit).catch((error: unknown) => {
            refused = true
            throw error
          })
          for (const { id, type } of eventsOf(unit)) synced.add(type === rejectedType ? 'rejected' : id)
          return appended
        },
      })
      const wait = async (ids: readonly string[]): Promise<Answer> => {
        while (!refused && !closed) {
          if (ids.every((id) => synced.has(id))) return 'accepted'
          await sleep(10)
        }
        return 'retry'
      }
      return {
        source,
        async send(numbers) {
          refused = false
          const key =
            `AWSLogs/123456789012/CloudTrail/${region}/2026/11/21/${named} ` + `${context.epoch}-${++files}.json.gz`
          await server().putFile(key, {
            Records: numbers.map((number) => ({
              eventVersion: '1.11',
              eventID: String(number),
              eventTime: '2026-11-21T10:00:00Z',
              eventName: 'Test',
              eventSource: 'ec2.amazonaws.com',
              awsRegion: region,
            })),
          })
          await server().announce(queue, [key])
          return wait(numbers.map(String))
        },
        async sendMalformed() {
          await server().announce(queue, ['AWSLogs/123456789012/CloudTrail/nowhere.json.gz'])
          return (await wait(['rejected'])) === 'accepted' ? 'refused' : 'retry'
        },
        close() {
          closed = true
          return Promise.resolve()
        },
      }
    },
  }
}
