import { messageOf } from '../../model/errors.ts'
import { defineSink } from '../../engine/define.ts'
import { WriteTimeout } from './client-write-timeout.ts'
import { probeFile } from './client-probe.ts'
import { LineFile } from './client.ts'
import type { fileSchema } from './config.ts'
import { lineForm, previewLines } from '../../messaging/lines.ts'
import { sendLines } from './sink-lines.ts'

export const sink = defineSink<typeof fileSchema>('file', {
  accepts: ['events', 'flows'],
  idempotency: 'none',
  build(config, { host, log }) {
    const form = lineForm(config)
    const file = new LineFile(
      config.path,
      { rotateAt: config.rotate_at, keep: config.keep, head: form.head },
      host.disk,
    )
    const patience = new WriteTimeout(config.timeout, host.timers)
    const append = async (lines: Uint8Array) => {
      await file.append(lines)
      await file.rotate().catch((error: unknown) => {
        log.warn('The file could not be rotated and continues to grow; the next batch tries again.', {
          path: config.path,
          problem: messageOf(error),
        })
      })
    }
    return Promise.resolve({
      send: (batch, signal) =>
        sendLines(config.path, form, batch, (lines) => patience.wait(() => append(lines), signal)),
      preview: (batch) => previewLines(form, batch),
      probe: () => probeFile(config.path, host),
      close: () => file.close(),
    })
  },
})
