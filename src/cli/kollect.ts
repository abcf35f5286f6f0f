import { Option, type Command } from 'commander'
import { self } from '../host/process.ts'
import type { Generation, KollectFlags, KollectPlan } from '../presets/kollect/index.ts'
import { action, CommandError, defaultData } from './client.ts'
import { startPreset } from './preset.ts'

interface Flags extends KollectFlags {
  readonly generation: Generation
  readonly data?: string
  readonly listen?: string
  readonly ops?: string
  readonly printConfig?: boolean
}

export function register(program: Command): void {
  program
    .command('kollect')
    .description(
      "In place of kollect: watches a cluster and publishes every change of an object as kollect's protobuf. Flags and variables are kollect's.",
    )
    .option(
      '--event-writer-url <URL>',
      'bus to write to: nats://, kafka://, rabbit://, gcppubsub://, awssqs://, awssns://, azuresb://, http:// or https:// (EVENT_WRITER_URL)',
    )
    .option('--cluster-id <ID>', 'name of the cluster in every message (CLUSTER_ID)')
    .option('--namespace <NAME>', 'namespace to watch; left out: all, and what belongs to none (NAMESPACE)')
    .option('--kube-config <FILE>', 'how to reach the cluster; left out: the account of the pod (KUBECONFIG)')
    .option(
      '--wait-for-sync [BOOL]',
      'say nothing of objects that are there already (WAIT_FOR_SYNC; default true, with --generation b false)',
    )
    .option(
      '--telemetry-url <URL>',
      'where traces go: noop://, otlp://HOST:4318, zipkin://HOST:9411 (TELEMETRY_URL); jaeger:// is taken as OTLP',
    )
    .option(
      '--diagnostics [BOOL]',
      'taken and not needed (ENABLE_DIAGNOSTICS): profiles are on the ops address, for this machine only',
    )
    .option('--auto-max-procs-disabled [BOOL]', 'taken and not needed (AUTO_MAX_PROCS_DISABLED)')
    .addOption(
      new Option(
        '--generation <a|b>',
        'whose defaults hold: `a` reads variables, too; `b`, the later kollect, reads flags alone',
      )
        .choices(['a', 'b'])
        .default('a'),
    )
    .option('--data <DIR>', `data folder (WEIR_DATA; default ${defaultData})`)
    .option('--listen <HOST:PORT>', 'API and console (default 127.0.0.1:8080)')
    .option('--ops <HOST:PORT>', "metrics and health, under kollect's paths, too (default 0.0.0.0:8081)")
    .option('--print-config', 'print the configuration that would run, and end')
    .addHelpText(
      'after',
      `
It is \`weir run\` with a configuration that is made from these flags and kept as kollect.yaml in the data folder; WEIR_* variables
change it further. What is otherwise than with kollect: docs/guide/kollect.md.

Examples:
  $ NATS_SERVER_URL=nats://nats:4222 weir kollect --event-writer-url nats://cluster.changes --cluster-id prod
  $ weir kollect --event-writer-url https://hooks.example/changes --cluster-id prod --print-config

Exit codes: 0 a clean stop, 1 it could not start, 2 the command line cannot be used.`,
    )
    .action(action(run))
}

async function run({ generation, data, listen, ops, printConfig, ...flags }: Flags): Promise<void> {
  const folder = data ?? self.env['WEIR_DATA'] ?? defaultData
  const { plan, text } = await planned(flags, generation, folder)
  if (printConfig !== true) {
    return await startPreset({
      name: 'kollect',
      folder,
      text,
      files: plan.secrets,
      notes: plan.notes,
      listen,
      ops,
      fresh:
        'what changed before this start is not known. Keep the folder over restarts, so that the next start tells what it missed.',
      exitCode: () => 1,
    })
  }
  for (const note of plan.notes) self.stderr(`weir kollect: ${note}\n`)
  self.stdout(text)
}

async function planned(
  flags: KollectFlags,
  generation: Generation,
  data: string,
): Promise<{ plan: KollectPlan; text: string }> {
  const [{ kollectPreset, PresetProblem }, { stringify }] = await Promise.all([
    import('../presets/kollect/index.ts'),
    import('yaml'),
  ])
  try {
    const plan = kollectPreset({ flags, env: self.env, generation, data })
    return { plan, text: stringify(plan.config) }
  } catch (error) {
    if (error instanceof PresetProblem)
      throw new CommandError(error.message, ['`weir kollect --help` lists the settings.'])
    throw error
  }
}
