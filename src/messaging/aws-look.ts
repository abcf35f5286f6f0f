/** Looks for one message in a queue of SQS, and gives back all that it was given meanwhile. */
import type { SQSClient } from '@aws-sdk/client-sqs'
import type { Host } from '../host/index.ts'

/** SQS gives ten at a time. It keeps what it gave from others until it is given back, or for so long when we die. */
const [mostAtOnce, keptS, waitS] = [10, 15, 1]
const answerMs = 5000

export interface QueueLook {
  /** True: it came by. False: the signal aborted first, or there were too many others. Rejects when we may not read. */
  found(text: string, signal: AbortSignal): Promise<boolean>
  /** Gives back what is not given back yet. Never rejects. */
  end(): Promise<void>
}

/** `most`: messages that are looked at. */
export function lookIn(
  client: SQSClient,
  url: string,
  { timers, most }: { readonly timers: Host['timers']; readonly most: number },
): QueueLook {
  const held: string[] = []
  let looking: Promise<boolean> = Promise.resolve(false)
  const receive = async (): Promise<readonly string[]> => {
    const { ReceiveMessageCommand } = await import('@aws-sdk/client-sqs')
    const late = new AbortController()
    const timer = timers.after(waitS * 1000 + answerMs, () => {
      late.abort()
    })
    const { Messages: messages = [] } = await client
      .send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: mostAtOnce,
          WaitTimeSeconds: waitS,
          VisibilityTimeout: keptS,
        }),
        { abortSignal: late.signal },
      )
      .finally(() => {
        timer.cancel()
      })
    for (const { ReceiptHandle: handle } of messages) if (handle !== undefined) held.push(handle)
    return messages.map(({ Body: body = '' }) => body)
  }
  const giveBack = async (): Promise<void> => {
    const { ChangeMessageVisibilityBatchCommand } = await import('@aws-sdk/client-sqs')
    while (held.length > 0) {
      const Entries = held
        .splice(0, mostAtOnce)
        .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }))
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries })).catch(() => undefined)
    }
  }
  const look = async (text: string, signal: AbortSignal): Promise<boolean> => {
    try {
      // A request that is aborted may have been answered: each is waited for.
      while (!signal.aborted && held.length < most) {
        if ((await receive()).some((body) => holds(body, text))) return true
      }
      return false
    } finally {
      await giveBack()
    }
  }
  return {
    found: (text, signal) => (looking = look(text, signal)),
    async end() {
      await looking.catch(() => undefined)
      await giveBack()
    },
  }
}

/** What is no text went out as base64. */
function holds(body: string, text: string): boolean {
  return body.includes(text) || Buffer.from(body, 'base64').includes(text)
}
