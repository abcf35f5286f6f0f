import type { AlertRule } from '../alerts/rule.ts'
import type { ReloadReport } from '../engine/control.ts'
import type { SinkSet } from '../engine/delivery/sinks.ts'
import type { SourceReport } from '../engine/sources/sources.ts'
import type { Host } from '../host/index.ts'
import { withoutUrlSecrets } from '../model/url-text.ts'
import type { Log } from '../telemetry/ports.ts'
import type { WeirConfig } from './config.ts'
import { sinkEntries, sourceEntries } from './config-entries.ts'
import { verifyMachine } from './config-machine.ts'
import { type ConfigArguments, loadConfig, type Loaded } from './load-config.ts'
import type { SourceWorkers } from './source-workers.ts'
import type { Secret } from '../schema/index.ts'
import { messageOf } from '../model/errors.ts'
import { isRecord } from '../model/json.ts'

type ReloadParts = Readonly<{
  host: Host
  flags: ConfigArguments
  log: Log
  current: () => Loaded
  adopt: (next: Loaded) => void
  sources: Pick<SourceWorkers, 'apply'>
  reveal: (secret: Secret) => string
  sinks: Pick<SinkSet, 'apply'>
  onSources: (running: readonly SourceReport[]) => void
  onClusters: (config: WeirConfig) => Promise<void>
  /** Called when the sources of the store may have changed. */
  onStore: (config: WeirConfig) => Promise<void>
  onAlerts: (rules: readonly AlertRule[]) => void
}>

const fixedSettings = [
  'data',
  'roles',
  'instance',
  'listen',
  'ops',
  'tls',
  'journal',
  'decoding',
  'store',
  'auth',
  'identity',
  'geo',
  'live',
  'log',
  'telemetry',
  'duplicates',
] as const

export async function reloadAll(parts: ReloadParts): Promise<ReloadReport> {
  const { host, flags, log, current, sources, sinks, reveal } = parts
  const refuse = (problems: readonly string[]): ReloadReport => {
    log.error('The new configuration was rejected; the running configuration stays active.', {
      problems: problems.join('; '),
    })
    return { ok: false, changed: [], problems: problems.map(withoutUrlSecrets) }
  }
  let next: Loaded
  try {
    next = await loadConfig(host, flags.config, flags.overrides)
    await verifyMachine(host, next)
  } catch (error) {
    return refuse([messageOf(error)])
  }
  // An incomplete save or a missing mount looks empty and must not remove every sink.
  if (next.empty.length > 0)
    return refuse([`${next.empty.join(', ')} is empty: to remove every setting of a file write \`{}\``])
  const before = current()
  // A changed store waits for a restart, except for its sources; its sink as well.
  const config = { ...next.config, store: { ...before.config.store, from: next.config.store.from } }
  const swapped = await sinks.apply(sinkEntries(config, next.document, next.filter))
  if (swapped.failed !== undefined) return refuse([`sink ${swapped.failed.id}: ${swapped.failed.message}`])
  const applied = await sources.apply(sourceEntries(next.config, reveal))
  if (applied.failed !== undefined) {
    await sinks.apply(sinkEntries(before.config, before.document, before.filter))
    return refuse([`source ${applied.failed.id}: ${applied.failed.message}`])
  }
  parts.onSources(applied.running)
  parts.adopt({ ...next, config })
  await parts.onClusters(next.config)
  parts.onAlerts(next.alerts)
  const alerts = [before, next].map(({ config }) => JSON.stringify(config.alerts))
  const from = [before, next].map(({ config }) => JSON.stringify(config.store.from))
  if (from[0] !== from[1]) await parts.onStore(next.config)
  const written = (loaded: Loaded, key: string) => {
    const value = (loaded.document.value as Record<string, unknown> | null)?.[key] ?? null
    return JSON.stringify(key === 'store' && isRecord(value) ? { ...value, from: undefined } : value)
  }
  const waiting: string[] = fixedSettings.filter((key) => written(before, key) !== written(next, key))
  for (const key of ['auth', 'listen'] as const)
    if (JSON.stringify(before.config.http[key]) !== JSON.stringify(next.config.http[key])) waiting.push(`http.${key}`)
  for (const key of waiting) log.warn(`\`${key}\` changed; that needs a restart`)
  const changed = [...new Set([...swapped.changed, ...applied.changed, ...(from[0] === from[1] ? [] : ['store'])])]
  if (alerts[0] !== alerts[1]) changed.push('alerts')
  const orphans = swapped.orphaned.map(
    ({ id, rows }) =>
      `sink ${id}: ${rows} rows are pending. They are retained until the sink returns; \`weir sink forget ` +
      `${id}\` drops them`,
  )
  log.info('the configuration was reloaded', { changed: changed.join(' ') || 'nothing' })
  return { ok: true, changed, problems: [...waiting.map((key) => `${key}: takes effect after a restart`), ...orphans] }
}
