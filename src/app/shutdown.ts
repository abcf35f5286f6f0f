import type { Host } from '../host/index.ts'
import { self } from '../host/process.ts'
import type { ProgramLog } from '../telemetry/log.ts'
import type { Running } from './start/part-list.ts'

const drainMs = 15_000

/** Closes the parts. After the time limit it logs the unfinished part and exits with 1. */
export async function shutDown(
  { host, log }: Readonly<{ host: Host; log: ProgramLog }>,
  { close }: Pick<Running<object>, 'close'>,
): Promise<void> {
  let closing = ''
  const timer = host.timers.after(drainMs, () => {
    log.error(
      `Weir did not stop within ${drainMs} ms: ${closing} did not finish. It exits now. No rows are lost: ` +
        'unsettled rows are delivered again after the next start.',
    )
    log.flush()
    self.exit(1)
  })
  await close(async (part, end) => {
    closing = part
    const begun = host.clock.monotonic()
    await end()
    log.debug('Stopped a part.', { part, ms: Math.round(host.clock.monotonic() - begun) })
  })
  timer.cancel()
  log.flush()
}
