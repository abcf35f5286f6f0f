import type { SQSClient } from '@aws-sdk/client-sqs'
import type { Host } from '../host/index.ts'

/** Received messages are invisible until released, or for this many seconds. */
const [maxPerRequest, visibilitySeconds, longPollSeconds] = [10, 15, 1]
const responseMs = 5000

interface QueueSearch {
  found(text: string, signal: AbortSignal): Promise<boolean>
  /** Releases the remaining messages. Never rejects. */
  end(): Promise<void>
}

export function searchQueue(
  client: SQSClient,
  url: string,
  { timers, most: maxMessages }: { timers: Host['timers']; most: number },
): QueueSearch {
  const held: string[] = []
  let looking: Promise<boolean> = Promise.resolve(false)
  const receive = async (): Promise<readonly string[]> => {
    const { ReceiveMessageCommand } = await import('@aws-sdk/client-sqs')
    const late = new AbortController()
    const timer = timers.after(longPollSeconds * 1000 + responseMs, () => {
      late.abort()
    })
    const { Messages: messages = [] } = await client
      .send(
        new ReceiveMessageCommand({
          QueueUrl: url,
          MaxNumberOfMessages: maxPerRequest,
          WaitTimeSeconds: longPollSeconds,
          VisibilityTimeout: visibilitySeconds,
        }),
        { abortSignal: late.signal },
      )
      .finally(() => {
        timer.cancel()
      })
    for (const { ReceiptHandle: handle } of messages) if (handle !== undefined) held.push(handle)
    return messages.map(({ Body: body = '' }) => body)
  }
  const release = async () => {
    const { ChangeMessageVisibilityBatchCommand } = await import('@aws-sdk/client-sqs')
    while (held.length > 0) {
      const Entries = held
        .splice(0, maxPerRequest)
        .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }))
      await client.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries })).catch(() => undefined)
    }
  }
  const search = async (text: string, signal: AbortSignal) => {
    try {
      while (!signal.aborted && held.length < maxMessages) {
        if ((await receive()).some((body) => bodyContains(body, text))) return true
      }
      return false
    } finally {
      await release()
    }
  }
  return {
    found: (text, signal) => (looking = search(text, signal)),
    async end() {
      await looking.catch(() => undefined)
      await release()
    },
  }
}

function bodyContains(body: string, text: string) {
  return body.includes(text) || Buffer.from(body, 'base64').includes(text)
}
