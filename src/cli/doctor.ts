import type { Command } from 'commander'
import type { Override } from '../schema/index.ts'
import { self } from '../host/process.ts'
import { action } from './client.ts'
import { filesOf, withConfigFiles, type ConfigFlags } from './config-files.ts'
import { printData, withOutput, type OutputFlags } from './output.ts'
import type { Loaded } from '../app/load-config.ts'
import { findingsData, type Finding, type CheckContext } from './doctor/finding.ts'
import { examples } from './examples.ts'

interface DoctorFlags extends OutputFlags, ConfigFlags {
  readonly data?: string
  readonly live?: boolean
}

export function register(program: Command): void {
  withOutput(
    withConfigFiles(
      program.command('doctor').description('Check the machine, the data folder and the ports, with advice.'),
      ' with the listeners, sizes and sinks to check',
    )
      .option('--data <DIR>', 'data folder (default: that of the configuration, or of the installation)')
      .option('--live', "also connect to polled buses, sinks, the journal's bus and the identity provider"),
  )
    .addHelpText(
      ...examples(
        [
          'weir doctor weir.yaml',
          `weir doctor --data /var/lib/weir -o json | jq '.checks[] | select(.status != "ok")'`,
        ],
        { 0: 'no check failed (warnings included)', 1: 'a check failed' },
        `A server may be running. The command briefly opens ports, and writes a small file to the data folder
and removes it.`,
      ),
    )
    .action(action(run))
}

async function run(files: readonly string[], flags: DoctorFlags) {
  const data = findingsData(await diagnose({ ...flags, config: filesOf(files, flags) }))
  await printData(flags, data)
  if (!data.whole.ok) self.leave(1)
}

export async function diagnose(flags: Omit<DoctorFlags, 'output'>): Promise<readonly Finding[]> {
  const [{ realHost }, { realMachine }, checks] = await Promise.all([
    import('../host/index.ts'),
    import('../host/machine.ts'),
    loadChecks(),
  ])
  const host = realHost()
  const { files, data } = await installed(flags)
  const overrides = data === undefined ? [] : [{ path: ['data'], value: data, origin: '--data' }]
  const { loaded, finding } = await configuration(files, overrides)
  const { config } = loaded
  const scene: CheckContext = { host, machine: realMachine, config, running: await runningOn(config.data) }
  const findings: Finding[] = [finding]
  for (const check of [
    checks.packages,
    checks.machine,
    checks.memory,
    checks.data,
    checks.ports,
    checks.exporters,
    checks.sampling,
    checks.repeatedFlows,
    checks.feeds,
    checks.shed,
    checks.alerts,
    checks.clusters,
    checks.flowClusters,
    checks.journal,
    checks.orphans,
    checks.store,
    checks.sql,
    checks.images,
    checks.transferPrices,
    checks.access,
    ...(flags.live === true ? [checks.shared, checks.sources, checks.sinks, checks.provider] : []),
  ]) {
    findings.push(...(await check(scene)))
  }
  return findings
}

/** Without flags and variables: those of the server of this installation. */
async function installed({ config, data }: Pick<DoctorFlags, 'config' | 'data'>) {
  if (config.length > 0 || data !== undefined || self.env['WEIR_DATA']) return { files: config, data }
  const { existingPlace, installedConfig } = await import('./discover.ts')
  const server = await existingPlace()
  // The other checks need no configuration.
  return { files: await installedConfig(server.data).catch(() => []), data: server.data }
}

async function runningOn(data: string): Promise<CheckContext['running']> {
  const [{ readHolder }, { tokenFor }] = await Promise.all([import('../app/lock.ts'), import('./client.ts')])
  try {
    const holder = readHolder(data)
    return holder === undefined ? undefined : { ...holder, token: await tokenFor({}, data) }
  } catch {
    // The check of the folder reports it.
    return undefined
  }
}

async function loadChecks() {
  const [
    packages,
    machine,
    memory,
    data,
    ports,
    exporters,
    sampling,
    repeatedFlows,
    feeds,
    shed,
    alerts,
    clusters,
    flows,
    journal,
    orphans,
    store,
    access,
    images,
    transferPrices,
    sources,
    sinks,
    shared,
  ] = await Promise.all([
    import('./doctor/packages.ts'),
    import('./doctor/machine.ts'),
    import('./doctor/memory.ts'),
    import('./doctor/data.ts'),
    import('./doctor/ports.ts'),
    import('./doctor/exporters.ts'),
    import('./doctor/sampling.ts'),
    import('./doctor/repeated-flows.ts'),
    import('./doctor/feeds.ts'),
    import('./doctor/shed.ts'),
    import('./doctor/alerts.ts'),
    import('./doctor/clusters.ts'),
    import('./doctor/flow-clusters.ts'),
    import('./doctor/journal.ts'),
    import('./doctor/orphans.ts'),
    import('./doctor/store.ts'),
    import('./doctor/access.ts'),
    import('./doctor/images.ts'),
    import('./doctor/transfer-prices.ts'),
    import('./doctor/sources.ts'),
    import('./doctor/sinks.ts'),
    import('./doctor/shared.ts'),
  ])
  return {
    packages: packages.checkPackages,
    machine: machine.checkMachine,
    memory: memory.checkMemory,
    data: data.checkData,
    ports: ports.checkPorts,
    exporters: exporters.checkExporters,
    sampling: sampling.checkSampling,
    shed: shed.checkShed,
    repeatedFlows: repeatedFlows.checkRepeatedFlows,
    feeds: feeds.checkFeeds,
    alerts: alerts.checkAlerts,
    clusters: clusters.checkClusters,
    flowClusters: flows.checkFlowClusters,
    journal: journal.checkJournalHealth,
    orphans: orphans.checkOrphans,
    store: store.checkStore,
    sql: store.checkSql,
    access: access.checkAccess,
    images: images.checkImages,
    transferPrices: transferPrices.checkTransferPrices,
    provider: access.checkProvider,
    sources: sources.checkSources,
    sinks: sinks.checkSinks,
    shared: shared.checkShared,
  }
}

/** The other checks use defaults if the configuration is invalid. */
async function configuration(
  files: readonly string[],
  overrides: readonly Override[],
): Promise<{ loaded: Loaded; finding: Finding }> {
  const [
    { realHost },
    { loadConfig },
    { verifyMachine },
    { weirSchema },
    { withBuiltIns },
    { WeirError },
    schema,
    { ok, warn, fail },
  ] = await Promise.all([
    import('../host/index.ts'),
    import('../app/load-config.ts'),
    import('../app/config-machine.ts'),
    import('../app/config.ts'),
    import('../app/config-entries.ts'),
    import('../model/errors.ts'),
    import('../schema/index.ts'),
    import('./doctor/finding.ts'),
  ])
  try {
    const loaded = await loadConfig(realHost(), files, overrides)
    if (loaded.empty.length > 0)
      return {
        loaded,
        finding: ok('configuration', `${loaded.empty.join(', ')} has no settings; defaults and WEIR_* variables`),
      }
    const refused = await verifyMachine(realHost(), loaded).then(
      () => undefined,
      (cause: unknown) => cause,
    )
    if (refused instanceof WeirError)
      return {
        loaded,
        finding: warn(
          'configuration',
          refused.message,
          'A start by this user, with these variables, would be rejected. Correct it, or run doctor in ' +
            "Weir's environment.",
        ),
      }
    return {
      loaded,
      finding: ok(
        'configuration',
        files.length === 0 ? 'no file; defaults and WEIR_* variables' : `${files.join(', ')} is valid`,
      ),
    }
  } catch (error) {
    if (!(error instanceof WeirError)) throw error
    const empty = schema.parseYaml('', 'defaults')
    const document = schema.applyOverrides(schema.applyOverrides(empty, withBuiltIns(empty)), overrides)
    const result = schema.validate(weirSchema, document)
    if (result.problems !== undefined) throw error
    return {
      loaded: { config: result.value, document, warnings: '', empty: [], alerts: [], unknown: [] },
      finding: fail('configuration', error.message, 'Correct it; the following checks use the defaults.'),
    }
  }
}
