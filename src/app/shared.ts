import type { JournalBus } from '../journal/index.ts'
import type { Host } from '../host/index.ts'
import { loadJournal } from '../components/registry.ts'
import { deadLetterKeys, isReservedInstance } from '../engine/cluster/names.ts'
import { SharedRecords } from '../engine/cluster/records.ts'
import { arrivedSettings, carriedSettings, type Secret } from '../schema/values.ts'
import type { Log } from '../telemetry/ports.ts'
import { self } from '../host/process.ts'
import type { WeirConfig } from './config.ts'
import { rolesOf } from './config-shared.ts'
import { messageOf } from '../model/errors.ts'

export type SharedStart = Readonly<{
  type: string
  settings: unknown
  instance: string
  collects: boolean
  delivers: boolean
  serves: boolean
}>

export function sharedStart(config: WeirConfig, reveal: (secret: Secret) => string): SharedStart | undefined {
  const { on } = config.journal
  if (on.type === 'files') return undefined
  const roles = rolesOf(config)
  const machine = self.hostname.toLowerCase().replaceAll(/[^a-z0-9.-]/g, '-')
  const instance = config.instance ?? (isReservedInstance(machine) ? `weir-${machine}` : machine)
  return {
    type: on.type,
    settings: carriedSettings(on, reveal),
    instance,
    collects: roles.has('collector'),
    delivers: roles.has('deliverer'),
    serves: roles.has('api'),
  }
}

export type Joined = Readonly<{
  bus: JournalBus
  records: SharedRecords
  close: () => Promise<void>
}>

const againMs = 1000

export async function join(
  { type, settings }: SharedStart,
  { host, log, thread }: { host: Host; log: Log; thread: string },
  signal: AbortSignal,
): Promise<Joined> {
  const open = await loadJournal(type)
  const bus = await untilThere(
    () => open(arrivedSettings(settings), { id: `journal ${thread}`, host, log, create: true }),
    host,
    log,
    signal,
  )
  const records = new SharedRecords({ bus, host, log, ...(thread === 'ingest' ? { without: deadLetterKeys } : {}) })
  const stop = new AbortController()
  const reading = records.run(stop.signal)
  return {
    bus,
    records,
    async close() {
      stop.abort()
      await reading
      await bus.close()
    },
  }
}

export async function untilThere<T>(act: () => Promise<T>, host: Host, log: Log, signal: AbortSignal): Promise<T> {
  for (let logged = ''; ;) {
    try {
      return await act()
    } catch (error) {
      const message = messageOf(error)
      if (message !== logged) log.warn('The journal cannot be joined yet; retrying.', { error: message })
      logged = message
    }
    signal.throwIfAborted()
    await host.timers.sleep(againMs, signal)
    signal.throwIfAborted()
  }
}
