import { storeSinkSettings } from '../../app/config-entries.ts'
import type { SinkEntry } from '../../engine/delivery/sinks.ts'
import { storeSink } from '../../engine/ledger/ledger.ts'
import { loadSink } from '../../components/registry.ts'
import { fail, ok, reason, warn, type Finding, type CheckContext } from './finding.ts'
import { answerWithin } from './answer-within.ts'

const timeoutMs = 10_000

export async function checkSinks(scene: CheckContext): Promise<Finding[]> {
  const store = storeSinkSettings(scene.config)
  return Promise.all([
    ...(store === undefined ? [] : [checkSink(scene, { id: storeSink, type: 'clickhouse', settings: store })]),
    ...Object.values(scene.config.sinks).map((entry) => checkSink(scene, entry)),
  ])
}

const silent = (): void => undefined
const log = { debug: silent, info: silent, warn: silent, error: silent }

async function checkSink(
  { host, config }: CheckContext,
  { id, type, settings }: Pick<SinkEntry, 'id' | 'type' | 'settings'>,
): Promise<Finding> {
  const check = id === storeSink ? storeSink : `sink ${id}`
  const advice = 'Weir would retain the rows and retry; no data was sent.'
  try {
    const definition = await loadSink(type)
    const sink = await definition.build(settings, { id, host, log, metrics: { count: silent, set: silent } })
    try {
      const answer = await answerWithin(
        host,
        timeoutMs,
        (signal) =>
          sink.probe?.(signal) ??
          Promise.resolve({ is: 'warn' as const, message: `a sink of type ${type} cannot be tested without sending` }),
      )
      if (answer === undefined) return fail(check, `no response within ${timeoutMs / 1000} s`, advice)
      const { is, message } = answer
      return is === 'ok'
        ? ok(check, message)
        : is === 'warn'
          ? warn(check, message, advice)
          : fail(check, message, advice)
    } finally {
      await Promise.race([sink.close(), host.timers.sleep(1000)])
    }
  } catch (error) {
    return fail(check, reason(error), `Correct the sink in the configuration (data folder ${config.data}).`)
  }
}
