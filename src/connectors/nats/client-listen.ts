import type { NatsConnection } from '@nats-io/transport-node'
import { MessageWatcher } from '../../messaging/message-watcher.ts'
import type { Context, Listening } from '../../engine/contracts.ts'
import { connectionOptions, loadClient } from './client-connect.ts'
import { errorText, whyNotConnected } from './client-errors.ts'
import type { NatsConfig } from './config.ts'
import { wildcardOf } from './map-subject.ts'

export async function listenNats(config: NatsConfig, context: Context): Promise<Listening> {
  const library = await loadClient()
  let connection: NatsConnection
  try {
    connection = await library.connect({ ...(await connectionOptions(library, config, context)), reconnect: false })
  } catch (error) {
    throw new Error(whyNotConnected(error, config), { cause: error })
  }
  const subject = wildcardOf(config.subject)
  const seen = new MessageWatcher()
  let refused: unknown
  connection.subscribe(subject, {
    callback(error, message) {
      if (error === null) seen.add(message.data)
      else refused ??= error
    },
  })
  // A permission error may arrive one event-loop turn after the pong.
  await connection.flush()
  await context.host.timers.sleep(0)
  if (refused !== undefined) {
    await connection.close()
    throw new Error(`the server denies subscribing to ${subject} (${errorText(refused)})`)
  }
  return {
    received: (text, signal) => seen.has(text, signal),
    close: () => connection.close(),
  }
}
