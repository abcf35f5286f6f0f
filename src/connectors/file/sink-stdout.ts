import type { Writable } from 'node:stream'
import type { Context, Sink } from '../../engine/ports.ts'
import { LineStream } from './client-stdout.ts'
import type { StdoutConfig } from './config.ts'
import { toLines } from './map.ts'
import { allRetry, says } from './sink.ts'

/** `to` is standard output unless a test says otherwise. */
export function openStdout(config: StdoutConfig, { host }: Context, to: Writable = process.stdout): Promise<Sink> {
  const stream = new LineStream(to, config.timeout, host.timers)
  return Promise.resolve({
    async send(batch, signal) {
      signal.throwIfAborted()
      const { bytes, failures } = toLines(batch)
      const problem = await stream.write(bytes, signal).then(() => undefined, says)
      return problem === undefined ? failures : allRetry(batch.count, failures, `standard output: ${problem}`)
    },
    close: () => Promise.resolve(stream.close()),
  })
}
