import type { Probe, ProbeContext } from '../../engine/contracts.ts'
import { self } from '../../host/process.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import { runStream } from '../../net/http/stream.ts'
import { readTls } from '../../net/tls.ts'
import { streamTarget } from './client.ts'
import type { WebsocketConfig } from './config.ts'
import { classified, rejectedIn } from './map.ts'

const connectMs = 8000
const never = 2 ** 31 - 1

/** Connects, subscribes, and waits for the response to the subscription. Feeds have no positions to consume. */
export async function probeFeed(config: WebsocketConfig, context: ProbeContext, signal: AbortSignal): Promise<Probe> {
  const { host } = context
  const position = withoutUrlSecrets(config.url)
  const ended = new AbortController()
  let found: Probe | undefined
  const end = (probe: Probe): void => {
    found ??= probe
    ended.abort()
  }
  try {
    await runStream(
      {
        host,
        target: () => streamTarget(config),
        opened: () => {
          if (config.ack === null) end({ is: 'ok', message: `${position} accepts connections` })
        },
        take: (messages) => {
          for (const { data } of messages) {
            const { is, document } = classified(data, config)
            if (is !== 'ack') continue
            const rejected = rejectedIn(document, config.ack?.fails ?? null)
            end(
              rejected === ''
                ? { is: 'ok', message: `${position} acknowledged the subscription` }
                : { is: 'warn', message: `${position} rejected the subscription of ${rejected}` },
            )
          }
          return Promise.resolve()
        },
        changed: (isOpen, reason) => {
          if (!isOpen) end({ is: 'fail', message: `${position}: ${reason}` })
        },
        tls: await readTls(config.tls, host.disk),
        proxyEnv: self.env,
        messageBytes: config.max_message,
        bufferBytes: config.max_message,
        connectMs,
        pingMs: config.ping,
        missedPings: 3,
        backoff: { firstMs: never, maxMs: never },
      },
      AbortSignal.any([signal, ended.signal]),
    )
  } catch (error) {
    return { is: 'fail', message: `${position}: ${messageOf(error)}` }
  }
  return found ?? { is: 'fail', message: `${position} is connected, but did not acknowledge the subscription in time` }
}
