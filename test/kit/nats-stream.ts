// The messages of a JetStream stream, read from the server.
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import type { Received } from './event-receiver.ts'

/** Every message of a stream in its order, with the id and key of the CloudEvent that it carries. */
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
        throw new Error(`the stream ${stream} gave ${before} of ${state.messages} messages`)
    }
    return received
  } finally {
    await connection.close()
  }
}
