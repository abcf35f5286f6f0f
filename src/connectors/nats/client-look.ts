import type { NatsConnection } from '@nats-io/transport-node'
import type { Probe, ProbeContext } from '../../engine/ports.ts'
import { connectionOptions, loadClient } from './client-connect.ts'
import { says, whyNotConnected } from './client-errors.ts'
import type { NatsSourceConfig } from './config.ts'

/** Logs in and looks at the stream that a source reads, and how far its consumer is; makes none. */
export async function lookAtStream(config: NatsSourceConfig, context: ProbeContext): Promise<Probe> {
  const { url, stream, consumer, timeout } = config
  const library = await loadClient()
  let connection: NatsConnection
  try {
    connection = await library.connect({ ...(await connectionOptions(library, config, context)), reconnect: false })
  } catch (error) {
    return { is: 'fail', says: whyNotConnected(error, config) }
  }
  const unlessMissing = async <T>(asked: Promise<T>): Promise<T | undefined> => {
    try {
      return await asked
    } catch (error) {
      const { JetStreamApiError: Answer, JetStreamApiCodes: codes } = library
      if (error instanceof Answer && (error.code === codes.StreamNotFound || error.code === codes.ConsumerNotFound)) return undefined
      throw error
    }
  }
  try {
    const manager = await library.jetstreamManager(connection, { timeout })
    const found = await unlessMissing(manager.streams.info(stream))
    if (found === undefined) return { is: 'fail', says: `${url}: logged in, but there is no stream ${stream}; create it, or correct \`stream\`` }
    const reading = await unlessMissing(manager.consumers.info(stream, consumer))
    const far = reading === undefined ? `consumer ${consumer} is not there yet, and a start makes it` : `consumer ${consumer} has ${reading.num_pending} to read and ${reading.num_ack_pending} to acknowledge`
    return { is: 'ok', says: `${url}: logged in; stream ${stream} has ${found.state.messages} messages, ${far}` }
  } catch (error) {
    return { is: 'fail', says: `${url}: logged in, but JetStream does not answer (${says(error)}); is it on, and may this user ask for streams?` }
  } finally {
    await connection.close()
  }
}
