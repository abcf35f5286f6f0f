import type { Host } from '../host/index.ts'
import { self } from '../host/process.ts'
import type { ProgramLog } from '../telemetry/log.ts'

const drainMs = 15_000

/** Stops the parts in order. After the time limit it logs the unfinished part and exits with 1. */
export async function shutDown(
  { host, log }: { host: Host; log: ProgramLog },
  parts: readonly (readonly [part: string, stop: () => Promise<unknown>])[],
): Promise<void> {
  let stopping = ''
  const timer = host.timers.after(drainMs, () => {
    log.error(
      `Weir did not stop within ${drainMs} ms: ${stopping} did not finish. It exits now. No rows are lost: ` +
        'unsettled rows are delivered again after the next start.',
    )
    log.flush()
    self.exit(1)
  })
  for (const [part, stop] of parts) {
    stopping = part
    const begun = host.clock.monotonic()
    await stop()
    log.debug('Stopped a part.', { part, ms: Math.round(host.clock.monotonic() - begun) })
  }
  timer.cancel()
}
