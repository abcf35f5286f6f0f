import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { connectToAny, closeConnection } from '../../messaging/amqp/connect.ts'
import { codeOf, errorText } from '../../messaging/amqp/errors.ts'
import type { RabbitmqSourceConfig } from './config.ts'

const [notFound, refused, closeMs] = [404, 403, 2000]

export async function probeQueue(config: RabbitmqSourceConfig, context: ProbeContext): Promise<Probe> {
  const { queue, vhost, timeout } = config
  let dialed
  try {
    dialed = await connectToAny(config, context)
  } catch (error) {
    return { is: 'fail', message: errorText(error) }
  }
  const { connection, url } = dialed
  connection.on('error', () => undefined)
  try {
    const channel = await connection.createChannel()
    channel.on('error', () => undefined)
    const { messageCount, consumerCount } = await channel.checkQueue(queue)
    return {
      is: 'ok',
      message: `${url}: logged in; queue ${queue} has ${messageCount} messages and ${consumerCount} consumers`,
    }
  } catch (error) {
    const code = codeOf(error)
    if (code === notFound)
      return {
        is: 'fail',
        message: `${url}: logged in, but no queue ${queue} in vhost ${vhost}; create it, or correct \`queue\``,
      }
    return {
      is: 'fail',
      message:
        `${url}: logged in, but ` +
        `${code === refused ? `access to queue ${queue} is denied` : `queue ${queue} can't be inspected`} ` +
        `(${errorText(error)})`,
    }
  } finally {
    await closeConnection(dialed, context, Math.min(timeout, closeMs))
  }
}
