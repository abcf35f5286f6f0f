import { generatedName, generatedToken } from '../../api/access/generated-token.ts'
import { isLoopback } from '../../api/access/guard.ts'
import { counterLease } from '../../engine/sources/lease.ts'
import { realMachine } from '../../host/machine.ts'
import { realThread } from '../../host/thread.ts'
import { apiTokens, oidcSettings } from '../config-auth.ts'
import { makeDataFolder, takeLock } from '../lock.ts'
import { RunTimes } from '../run-times.ts'
import { smallVolume, smallVolumeAdvice } from '../volume.ts'
import { waitForFiles } from '../wait-for-files.ts'
import type { WithTelemetry } from './telemetry.ts'

type WithLock = WithTelemetry & Awaited<ReturnType<typeof openFolder>>
type WithAccess = WithLock & Awaited<ReturnType<typeof openAccess>>
export type WithFolder = WithAccess & Awaited<ReturnType<typeof openRun>>

export async function openFolder({ host, config, log, reveal }: WithTelemetry) {
  const { data } = config
  const [configured, oidc] = [apiTokens(config.auth, reveal), oidcSettings(config.auth, reveal)]
  await waitForFiles(host, config, log)
  await makeDataFolder(host, data)
  const lock = await takeLock(host, data)
  return {
    data,
    lock,
    configured,
    oidc,
    async [Symbol.asyncDispose]() {
      lock.release()
    },
  }
}

/** Tokens of the API; one is generated if other machines could use it without. */
export async function openAccess({ host, config, data, log, configured, oidc }: WithLock) {
  const small = await smallVolume(host, config, data)
  if (small !== undefined)
    log.warn('The volume of the data folder is smaller than what Weir may write.', {
      volume: small,
      advice: smallVolumeAdvice,
    })
  const generated =
    configured.length > 0 || oidc !== undefined || isLoopback(config.listen.host)
      ? undefined
      : await generatedToken(host, data)
  const tokens = generated === undefined ? configured : [{ name: generatedName, token: generated.token }]
  return { tokens, generated }
}

/** The times of this run, and its epoch in the journal. */
export async function openRun({ host, log, config, data }: WithAccess) {
  const thread = realThread()
  const memory = () => ({ used: thread.resident(), limit: realMachine.memory().limit })
  const runs = await RunTimes.open({ host, log, memory }, config)
  const lease = counterLease(host, `${data}/epoch`)
  const epoch = await lease.acquire()
  return {
    runs,
    epoch,
    thread,
    async [Symbol.asyncDispose]() {
      await lease.release()
      await runs.close()
    },
  }
}
