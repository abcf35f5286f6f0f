import type { SQSClient } from '@aws-sdk/client-sqs'
import type { SourceContext } from '../engine/contracts.ts'
import { awsOptions } from './aws-client.ts'
import { awsFailure } from './aws-errors.ts'
import { fromSqs } from './aws-read.ts'
import type { AwsConfig } from './aws-settings.ts'
import type { Pulled, Puller } from './message-source.ts'

interface SqsPullConfig extends AwsConfig {
  readonly queue_url: string
  readonly visibility: number
  readonly requests: number
}

const [maxPerRequest, longPollSeconds] = [10, 20]

type Library = typeof import('@aws-sdk/client-sqs')
type Live = Readonly<{
  library: Library
  client: SQSClient
}>

export class SqsPuller implements Puller<string> {
  readonly address: string
  readonly keepMs: number
  readonly #config: SqsPullConfig
  readonly #context: SourceContext
  readonly #name: string
  #live: Live | undefined

  constructor(config: SqsPullConfig, context: SourceContext) {
    this.#config = config
    this.#context = context
    this.address = config.queue_url
    this.keepMs = config.visibility / 3
    this.#name = config.queue_url.slice(config.queue_url.lastIndexOf('/') + 1)
  }

  /** After a full response it requests more at once. */
  async pull(signal: AbortSignal): Promise<readonly Pulled<string>[]> {
    try {
      while (!signal.aborted) {
        const first = await this.#receive(longPollSeconds, signal)
        if (first.length === 0) continue
        const more =
          first.length < maxPerRequest
            ? []
            : await Promise.all(Array.from({ length: this.#config.requests - 1 }, () => this.#receive(0, signal)))
        return [first, ...more].flat()
      }
      return []
    } catch (error) {
      if (signal.aborted) return []
      const {
        attempt: { reason },
        login,
      } = awsFailure(error, `queue ${this.#name}`, 'sqs:ReceiveMessage and sqs:DeleteMessage')
      if (login) await this.close()
      throw new Error(reason, { cause: error })
    }
  }

  async ack(handles: readonly string[]): Promise<void> {
    const {
      library: { DeleteMessageBatchCommand },
      client,
    } = await this.#open()
    await this.#inBatches(handles, async (entries) => {
      const { Failed: failed = [] } = await this.#limited(this.#config.timeout, (abortSignal) =>
        client.send(new DeleteMessageBatchCommand({ QueueUrl: this.#config.queue_url, Entries: entries }), {
          abortSignal,
        }),
      )
      if (failed.length > 0)
        throw new Error(`${failed.length} messages were not deleted: ${failed[0]?.Message ?? failed[0]?.Code ?? ''}`)
    })
  }

  release(handles: readonly string[]): Promise<void> {
    return this.#setVisibility(handles, 0)
  }

  keep(handles: readonly string[]): Promise<void> {
    return this.#setVisibility(handles, this.#config.visibility)
  }

  close(): Promise<void> {
    this.#live?.client.destroy()
    this.#live = undefined
    return Promise.resolve()
  }

  async #receive(waitS: number, signal: AbortSignal): Promise<Pulled<string>[]> {
    const {
      library: { ReceiveMessageCommand },
      client,
    } = await this.#open()
    const receive = new ReceiveMessageCommand({
      QueueUrl: this.#config.queue_url,
      MaxNumberOfMessages: maxPerRequest,
      WaitTimeSeconds: waitS,
      VisibilityTimeout: Math.ceil(this.#config.visibility / 1000),
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    })
    const { Messages: messages = [] } = await this.#limited(waitS * 1000 + this.#config.timeout, (late) =>
      client.send(receive, { abortSignal: AbortSignal.any([signal, late]) }),
    )
    return messages.map((message) => ({ message: fromSqs(message, this.#name), handle: message.ReceiptHandle ?? '' }))
  }

  /** The SDK has no timeout for responses. */
  async #limited<Answer>(ms: number, request: (late: AbortSignal) => Promise<Answer>): Promise<Answer> {
    const late = new AbortController()
    const timer = this.#context.host.timers.after(ms, () => {
      late.abort()
    })
    try {
      return await request(late.signal)
    } finally {
      timer.cancel()
    }
  }

  async #setVisibility(handles: readonly string[], ms: number) {
    if (handles.length === 0) return
    const {
      library: { ChangeMessageVisibilityBatchCommand },
      client,
    } = await this.#open()
    await this.#inBatches(handles, async (entries) => {
      const hide = new ChangeMessageVisibilityBatchCommand({
        QueueUrl: this.#config.queue_url,
        Entries: entries.map((entry) => ({ ...entry, VisibilityTimeout: Math.ceil(ms / 1000) })),
      })
      await this.#limited(this.#config.timeout, (abortSignal) => client.send(hide, { abortSignal }))
    })
  }

  async #inBatches(
    handles: readonly string[],
    act: (entries: Readonly<{ Id: string; ReceiptHandle: string }>[]) => Promise<void>,
  ) {
    const tens: Promise<void>[] = []
    for (let from = 0; from < handles.length; from += maxPerRequest)
      tens.push(
        act(
          handles
            .slice(from, from + maxPerRequest)
            .map((handle, index) => ({ Id: String(index), ReceiptHandle: handle })),
        ),
      )
    await Promise.all(tens)
  }

  async #open(): Promise<Live> {
    if (this.#live !== undefined) return this.#live
    const library = await import('@aws-sdk/client-sqs')
    const client = new library.SQSClient(await awsOptions(this.#config, this.#context.host, this.#config.queue_url))
    return (this.#live ??= { library, client })
  }
}
