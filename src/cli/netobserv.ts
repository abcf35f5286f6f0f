import type { Command } from 'commander'
import { self } from '../host/process.ts'
import { configurationErrorCodes } from './bad-configuration.ts'
import { action, CommandError, defaultData } from './client.ts'
import type { NetobservFlags, Planned } from './netobserv-plan.ts'
import { presetHelp, printPreset, startPreset, withPresetFlags } from './preset.ts'

const name = 'netobserv'

export function register(program: Command): void {
  const command = program
    .command(name)
    .description(
      'Replace flowlogs-pipeline of NetObserv: run its configuration file, or a FlowCollector. Flags are those of ' +
        'flowlogs-pipeline.',
    )
    .option(
      '--config <FILE>',
      'file of flowlogs-pipeline, YAML or JSON; - is standard input (default $HOME/.flowlogs-pipeline)',
    )
    .option('--pipeline <JSON>', 'section `pipeline` of the file')
    .option('--parameters <JSON>', 'section `parameters` of the file')
    .option('--metricsSettings <JSON>', 'section `metricsSettings` of the file')
    .option('--dynamicParameters <JSON>', 'not supported: --flowcollector cluster follows changes')
    .option('--healthAddr <HOST:PORT>', 'address of /live and /ready')
    .option('--pprofAddr <HOST:PORT>', 'address of profiles, for this machine only')
    .option('--log-level <LEVEL>', 'trace, debug, info, warning or error')
    .option('--k8scache.port <PORT>', 'not supported: Weir watches the cluster itself')
    .option('--k8scache.address <HOST>', 'accepted without effect')
    .option('--k8scache.tls-enabled [BOOL]', 'accepted without effect')
    .option('--k8scache.tls-cert-path <FILE>', 'accepted without effect')
    .option('--k8scache.tls-key-path <FILE>', 'accepted without effect')
    .option('--k8scache.tls-ca-path <FILE>', 'accepted without effect')
    .option(
      '--flowcollector <FILE|cluster>',
      'FlowCollector (v1beta1 or v1beta2) instead of --config; - is standard input, `cluster` follows the resource ' +
        'of the cluster',
    )
    .option(
      '--kubeconfig <FILE>',
      'kubeconfig file for `--flowcollector` (default: KUBECONFIG, else the account of the pod)',
    )
    .option(
      '--secrets <DIR>',
      'folder of mounted secrets and config maps of a FlowCollector: DIR/NAME/KEY',
      '/var/run/secrets/netobserv',
    )
    .option('--ignore-unsupported', 'start without the settings that Weir cannot honour')
  withPresetFlags(command, { ops: 'metrics and health (default: the addresses of flowlogs-pipeline)' })
    .addHelpText(
      ...presetHelp({
        name,
        original: 'flowlogs-pipeline',
        commands: [
          'weir netobserv --config /etc/flowlogs-pipeline/config.json',
          'weir netobserv --flowcollector flowcollector.yaml --print-config',
          'weir netobserv --flowcollector cluster --data /var/lib/weir',
        ],
        exits: { 1: 'start failure', 2: 'usage error or invalid configuration' },
        about: `Settings without an effect are listed at the start. Settings that change the result and cannot be
honoured are errors.`,
      }),
    )
    .action(action(run))
}

async function run(flags: NetobservFlags) {
  const folder = flags.data ?? self.env['WEIR_DATA'] ?? defaultData
  const collector =
    flags.flowcollector === 'cluster'
      ? await (await import('./netobserv-follow.ts')).FollowedCollector.open(flags, folder)
      : undefined
  const { plan, text } = collector === undefined ? await planned(flags, folder) : await collector.first()
  if (flags.printConfig !== true) {
    return await startPreset({
      name,
      folder,
      text,
      files: plan.files,
      notes: plan.notes,
      listen: flags.listen,
      ops: flags.ops,
      fresh: 'keep the folder across restarts, so that accepted flows are delivered after a crash.',
      exitCode: (error) => (error !== undefined && configurationErrorCodes.has(error.code) ? 2 : 1),
      ...(collector === undefined ? {} : { started: (weir) => collector.follow(weir) }),
    })
  }
  await printPreset({ name, text, notes: plan.notes, invalid: 2 })
}

async function planned(flags: NetobservFlags, data: string): Promise<Planned> {
  const [{ planOfFile }, { PresetProblem }] = await Promise.all([
    import('./netobserv-plan.ts'),
    import('../presets/given.ts'),
  ])
  try {
    return await planOfFile(flags, data)
  } catch (error) {
    if (error instanceof PresetProblem)
      throw new CommandError(error.message, ['`weir netobserv --help` lists the flags.'], 2)
    throw error
  }
}
