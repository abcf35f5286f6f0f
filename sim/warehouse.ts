import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
  type Message,
} from '@aws-sdk/client-sqs'
import { startFauxqs, type FauxqsServer } from 'fauxqs'

const region = 'eu-central-1'
const credentials = { accessKeyId: 'demo', secretAccessKey: 'demo' }
const secretVariable = 'DEMO_QUEUE_SECRET'
/** Variables that the settings refer to. */
export const warehouseEnvironment = { [secretVariable]: credentials.secretAccessKey }
const queues = { orders: 'shop-orders', shipments: 'shop-shipments' } as const
const waitS = 20
const placed = 'com.example.shop.order.placed'

type Order = Readonly<{
  id: string
  type: string
  subject: string
  data: Readonly<{ number: number; items: number }>
}>

export class Warehouse {
  readonly #server: FauxqsServer
  readonly #client: SQSClient

  private constructor(server: FauxqsServer) {
    this.#server = server
    this.#client = new SQSClient({ region, endpoint: `http://127.0.0.1:${server.port}`, credentials, maxAttempts: 1 })
  }

  static async open(): Promise<Warehouse> {
    const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false, defaultRegion: region })
    for (const name of Object.values(queues)) server.createQueue(name, { region })
    return new Warehouse(server)
  }

  settings(queue: keyof typeof queues): object {
    return {
      type: 'aws-sqs',
      queue_url: this.#url(queue),
      region,
      auth: { type: 'keys', access_key_id: credentials.accessKeyId, secret_access_key: `env:${secretVariable}` },
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const { Messages: messages = [] } = await this.#client.send(
          new ReceiveMessageCommand({ QueueUrl: this.#url('orders'), MaxNumberOfMessages: 10, WaitTimeSeconds: waitS }),
          { abortSignal: signal },
        )
        if (messages.length === 0) continue
        const shipments = messages.flatMap(shipped)
        if (shipments.length > 0)
          await this.#client.send(
            new SendMessageBatchCommand({
              QueueUrl: this.#url('shipments'),
              Entries: shipments.map((MessageBody, index) => ({
                Id: String(index),
                MessageBody,
                MessageAttributes: cloudEvent,
              })),
            }),
          )
        await this.#client.send(
          new DeleteMessageBatchCommand({
            QueueUrl: this.#url('orders'),
            Entries: messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
          }),
        )
      } catch (error) {
        if (signal.aborted) return
        process.stderr.write(`demo: the warehouse closed: ${error instanceof Error ? error.message : String(error)}\n`)
        return
      }
    }
  }

  async close(): Promise<void> {
    this.#client.destroy()
    await this.#server.stop()
  }

  #url(queue: keyof typeof queues) {
    return `http://127.0.0.1:${this.#server.port}/000000000000/${queues[queue]}`
  }
}

const cloudEvent = { 'content-type': { DataType: 'String', StringValue: 'application/cloudevents+json' } }

function shipped({ Body = '{}' }: Message): string[] {
  const { id, type, subject, data } = JSON.parse(Body) as Order
  if (type !== placed) return []
  const event = {
    specversion: '1.0',
    id: `shipment-of-${id}`,
    source: '/shop/warehouse',
    type: 'com.example.shop.order.shipped',
    subject,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    data: { number: data.number, items: data.items, parcels: Math.ceil(data.items / 3) },
  }
  return [JSON.stringify(event)]
}
