import type { NatsConnection } from '@nats-io/transport-node'
import type { Context, Probe } from '../../engine/contracts.ts'
import { connectionOptions, loadClient, type Library } from './client-connect.ts'
import { errorText, whyNotConnected } from './client-errors.ts'
import type { NatsConfig, NatsServer } from './config.ts'
import { wildcardOf } from './map-subject.ts'

export function probeNats(config: NatsConfig, context: Context): Promise<Probe> {
  return withConnection(config, context, (library, connection) => probeStream(library, connection, config))
}

export async function withConnection(
  config: NatsServer & Pick<NatsConfig, 'stream'>,
  context: Pick<Context, 'id' | 'host'>,
  look: (library: Library, connection: NatsConnection) => Promise<Probe>,
): Promise<Probe> {
  const library = await loadClient()
  let connection: NatsConnection
  try {
    connection = await library.connect({ ...(await connectionOptions(library, config, context)), reconnect: false })
  } catch (error) {
    return { is: 'fail', message: whyNotConnected(error, config) }
  }
  try {
    return await look(library, connection)
  } catch (error) {
    return {
      is: 'fail',
      message:
        `${config.url}: logged in, but JetStream does not respond (${errorText(error)}); enable it, or grant ` +
        'the user ' +
        'permission to manage streams',
    }
  } finally {
    await connection.close()
  }
}

async function probeStream(
  library: Library,
  connection: NatsConnection,
  { url, stream, create_stream: create, subject, timeout, wait_for: waitFor }: NatsConfig,
): Promise<Probe> {
  if (waitFor === 'server') return { is: 'ok', message: `${url}: logged in; delivery does not require a stream` }
  const manager = await library.jetstreamManager(connection, { timeout })
  const wildcard = wildcardOf(subject)
  const names: string[] = []
  for await (const name of manager.streams.names(wildcard)) names.push(name)
  if (stream === null) {
    if (names.length > 0) return { is: 'ok', message: `${url}: logged in; stream ${names.join(', ')} has ${wildcard}` }
    return {
      is: 'fail',
      message:
        `${url}: logged in, but no stream has ${wildcard}; create one, or set \`stream\` and ` +
        `\`create_stream: true\``,
    }
  }
  if (names.includes(stream)) return { is: 'ok', message: `${url}: logged in; stream ${stream} has ${wildcard}` }
  try {
    const { config } = await manager.streams.info(stream)
    return {
      is: 'fail',
      message:
        `${url}: logged in; stream ${stream} has ${config.subjects.join(' ')}, not ${wildcard}; correct ` +
        `\`subject\` or the stream`,
    }
  } catch (error) {
    if (!(error instanceof library.JetStreamApiError) || error.code !== library.JetStreamApiCodes.StreamNotFound)
      throw error
  }
  if (names.length > 0)
    return {
      is: 'fail',
      message:
        `${url}: logged in, but ${wildcard} belongs to stream ${names.join(', ')}; correct \`stream\` or ` +
        `\`subject\``,
    }
  if (create)
    return { is: 'ok', message: `${url}: logged in; stream ${stream} does not exist yet and is created at the start` }
  return {
    is: 'fail',
    message: `${url}: logged in, but stream ${stream} not found; create it, or set \`create_stream: true\``,
  }
}
