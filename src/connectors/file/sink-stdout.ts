import type { Writable } from 'node:stream'
import type { Context, Sink } from '../../engine/ports.ts'
import { Patience } from './client-patience.ts'
import { LineStream } from './client-stdout.ts'
import type { StdoutConfig } from './config.ts'
import { sendLines } from './sink-lines.ts'

/** `to` is standard output unless a test says otherwise. A pipe is written to without blocking, whoever reads it. */
export function openStdout(config: StdoutConfig, { host }: Context, to: Writable = process.stdout): Promise<Sink> {
  const stream = new LineStream(to)
  const patience = new Patience(config.timeout, host.timers)
  return Promise.resolve({
    send: (batch, signal) => sendLines('standard output', batch, (lines) => patience.wait(() => stream.write(lines), signal)),
    close: () => Promise.resolve(stream.close()),
  })
}
