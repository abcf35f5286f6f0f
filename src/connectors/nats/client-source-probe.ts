import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import type { Library } from './client-connect.ts'
import { withConnection } from './client-probe.ts'
import type { NatsSourceConfig } from './config.ts'

export function probeSourceStream(config: NatsSourceConfig, context: ProbeContext): Promise<Probe> {
  const { url, stream, consumer, timeout } = config
  return withConnection(config, context, async (library, connection) => {
    const manager = await library.jetstreamManager(connection, { timeout })
    const info = await unlessMissing(library, manager.streams.info(stream))
    if (info === undefined)
      return {
        is: 'fail',
        message: `${url}: logged in, but stream ${stream} not found; create it, or correct \`stream\``,
      }
    const reading = await unlessMissing(library, manager.consumers.info(stream, consumer))
    const far =
      reading === undefined
        ? `consumer ${consumer} does not exist yet and is created at the start`
        : `consumer ${consumer} has ${reading.num_pending} pending and ${reading.num_ack_pending} unacknowledged`
    return { is: 'ok', message: `${url}: logged in; stream ${stream} has ${info.state.messages} messages, ${far}` }
  })
}

async function unlessMissing<T>(
  { JetStreamApiError: Answer, JetStreamApiCodes: codes }: Library,
  request: Promise<T>,
): Promise<T | undefined> {
  try {
    return await request
  } catch (error) {
    if (error instanceof Answer && (error.code === codes.StreamNotFound || error.code === codes.ConsumerNotFound))
      return undefined
    throw error
  }
}
