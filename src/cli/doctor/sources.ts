/** Whether each source that fetches from a bus finds it, and is let in there: only asked for with --live. Nothing is read. */
import type { Probe } from '../../engine/contracts.ts'
import { loadSource } from '../../registry.ts'
import { fail, ok, reason, warn, type Finding, type Scene } from './finding.ts'

const timeoutMs = 10_000
const advice = 'Weir would go on trying; nothing was read now.'

export async function checkSources(scene: Scene): Promise<Finding[]> {
  return (await Promise.all(Object.values(scene.config.sources).map((entry) => checkSource(scene, entry)))).flat()
}

async function checkSource(
  { host }: Scene,
  { id, type, settings }: Scene['config']['sources'][string],
): Promise<Finding[]> {
  const check = `source ${id}`
  const stop = new AbortController()
  const timer = host.timers.after(timeoutMs, () => {
    stop.abort()
  })
  try {
    const asked = (await loadSource(type)).probe?.(settings, { id, host }, stop.signal)
    if (asked === undefined) return []
    const late = new Promise<Probe>((resolve) =>
      stop.signal.addEventListener('abort', () =>
        resolve({ is: 'fail', says: `no answer within ${timeoutMs / 1000} s` }),
      ),
    )
    const { is, says } = await Promise.race([asked, late])
    return [is === 'ok' ? ok(check, says) : is === 'warn' ? warn(check, says, advice) : fail(check, says, advice)]
  } catch (error) {
    return [fail(check, reason(error), advice)]
  } finally {
    timer.cancel()
  }
}
