import type { Context, Probe } from '../../engine/contracts.ts'
import { connectToAny, exists, closeConnection } from './connect.ts'
import { errorText } from './errors.ts'
import type { AmqpTarget } from './settings.ts'

export async function probeAmqp(config: AmqpTarget, context: Context, signal: AbortSignal): Promise<Probe> {
  const { exchange, vhost, declare, timeout } = config
  let dialed
  try {
    dialed = await connectToAny(config, context)
  } catch (error) {
    return { is: 'fail', message: errorText(error) }
  }
  const { connection, url, destroy } = dialed
  connection.on('error', () => {})
  const timer = context.host.timers.after(timeout, destroy)
  signal.addEventListener('abort', destroy, { once: true })
  try {
    const there = exchange === 'amq.default' || (await exists(connection, (channel) => channel.checkExchange(exchange)))
    if (!there && declare === null)
      return {
        is: 'fail',
        message: `${url}: logged in, but no exchange ${exchange} in vhost ${vhost}; create it, or set \`declare\``,
      }
    const queue = declare?.queue ?? undefined
    const queued = queue === undefined || (await exists(connection, (channel) => channel.checkQueue(queue)))
    if (!there || !queued)
      return {
        is: 'ok',
        message:
          `${url}: logged in; ${there ? `queue ${queue}` : `exchange ${exchange}`} does not exist yet and is ` +
          'created at the start',
      }
    return {
      is: 'ok',
      message:
        `${url}: logged in; exchange ${exchange} exists` +
        (queue === undefined ? '; queue bindings are unknown until the first message' : `, and queue ${queue}`),
    }
  } catch (error) {
    return {
      is: 'fail',
      message: `${url}: logged in, but exchange ${exchange} can't be inspected (${errorText(error)})`,
    }
  } finally {
    timer.cancel()
    signal.removeEventListener('abort', destroy)
    await closeConnection(dialed, context, timeout)
  }
}
