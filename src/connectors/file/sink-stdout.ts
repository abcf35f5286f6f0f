import type { Writable } from 'node:stream'
import type { Context, Sink } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { WriteTimeout } from './client-write-timeout.ts'
import { LineStream } from './client-stdout.ts'
import type { StdoutConfig, stdoutSchema } from './config.ts'
import { lineForm, previewLines } from '../../messaging/lines.ts'
import { sendLines } from './sink-lines.ts'

export const sink = defineSink<typeof stdoutSchema>('stdout', {
  accepts: ['events', 'flows'],
  idempotency: 'none',
  build: openStdout,
})

export function openStdout(config: StdoutConfig, { host }: Context, to: Writable = process.stdout): Promise<Sink> {
  const stream = new LineStream(to)
  const patience = new WriteTimeout(config.timeout, host.timers)
  const form = lineForm(config)
  let head = form.head
  const write = async (lines: Uint8Array) => {
    await stream.write(head.length === 0 ? lines : Buffer.concat([head, lines]))
    head = new Uint8Array(0)
  }
  return Promise.resolve({
    send: (batch, signal) =>
      sendLines('standard output', form, batch, (lines) => patience.wait(() => write(lines), signal)),
    preview: (batch) => previewLines(form, batch),
    probe: () => Promise.resolve({ is: 'ok', message: 'standard output is always available' }),
    close: () => Promise.resolve(stream.close()),
  })
}
