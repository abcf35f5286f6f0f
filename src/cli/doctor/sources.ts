import { loadSource } from '../../components/registry.ts'
import { fail, ok, reason, warn, type Finding, type CheckContext } from './finding.ts'
import { answerWithin } from './answer-within.ts'

const timeoutMs = 10_000
const advice = 'Weir would retry; no data was read.'

export async function checkSources(scene: CheckContext): Promise<Finding[]> {
  return (await Promise.all(Object.values(scene.config.sources).map((entry) => checkSource(scene, entry)))).flat()
}

async function checkSource(
  { host, config: { data } }: CheckContext,
  { id, type, settings }: CheckContext['config']['sources'][string],
): Promise<Finding[]> {
  const check = `source ${id}`
  try {
    const source = await loadSource(type)
    if (source.probe === undefined) return []
    const { is, message } = (await answerWithin(host, timeoutMs, async (signal) =>
      source.probe?.(settings, { id, host, state: `${data}/state/sources/${id}` }, signal),
    )) ?? {
      is: 'fail',
      message: `no response within ${timeoutMs / 1000} s`,
    }
    return [
      is === 'ok' ? ok(check, message) : is === 'warn' ? warn(check, message, advice) : fail(check, message, advice),
    ]
  } catch (error) {
    return [fail(check, reason(error), advice)]
  }
}
