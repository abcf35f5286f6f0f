import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { Received } from './event-receiver.ts'

/** The messages of a stream in order, with the id and key of their CloudEvents. */
export async function readStream(url: string, stream: string): Promise<Received[]> {
  const connection = await connect({ servers: url })
  try {
    const { state } = await (await jetstreamManager(connection)).streams.info(stream)
    const consumer = await jetstream(connection).consumers.get(stream)
    const received: Received[] = []
    while (received.length < state.messages) {
      const before = received.length
      const messages = await consumer.fetch({
        max_messages: Math.min(5000, state.messages - received.length),
        expires: 10_000,
      })
      for await (const message of messages)
        received.push({ id: message.headers?.get('ce-id') ?? '', key: message.headers?.get('ce-partitionkey') })
      if (received.length === before)
        throw new Error(`read ${before} of ${state.messages} messages of stream ${stream}`)
    }
    return received
  } finally {
    await connection.close()
  }
}
