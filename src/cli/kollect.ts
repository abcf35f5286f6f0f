import { Option, type Command } from 'commander'
import { self } from '../host/process.ts'
import type { Generation, KollectFlags } from '../presets/kollect/index.ts'
import { action } from './client.ts'
import { presetHelp, runPreset, withPresetFlags, type PresetFlags } from './preset.ts'

interface Flags extends KollectFlags, PresetFlags {
  readonly generation: Generation
}

export function register(program: Command): void {
  const command = program
    .command('kollect')
    .description(
      "Replace kollect: watch a cluster and publish every change of an object as kollect's protobuf. Flags " +
        'and variables are those of kollect.',
    )
    .option(
      '--event-writer-url <URL>',
      'URL of the bus: nats://, kafka://, rabbit://, gcppubsub://, awssqs://, awssns://, azuresb://, http:// ' +
        'or https:// (EVENT_WRITER_URL)',
    )
    .option('--cluster-id <ID>', 'cluster name in every message (CLUSTER_ID)')
    .option('--namespace <NAME>', 'namespace to watch (NAMESPACE; default: all, including cluster-scoped objects)')
    .option('--kube-config <FILE>', 'kubeconfig file (KUBECONFIG; default: the service account of the pod)')
    .option(
      '--wait-for-sync [BOOL]',
      'emit no events for existing objects (WAIT_FOR_SYNC; default true, with --generation b false)',
    )
    .option(
      '--telemetry-url <URL>',
      'destination of traces: noop://, otlp://HOST:4318, zipkin://HOST:9411 (TELEMETRY_URL); jaeger:// is sent as OTLP',
    )
    .option(
      '--diagnostics [BOOL]',
      'accepted without effect (ENABLE_DIAGNOSTICS): profiles are on the ops address, for this machine only',
    )
    .option('--auto-max-procs-disabled [BOOL]', 'accepted without effect (AUTO_MAX_PROCS_DISABLED)')
    .addOption(
      new Option(
        '--generation <a|b>',
        'version of the defaults: `a` reads variables, too; `b`, the later kollect, reads flags only',
      )
        .choices(['a', 'b'])
        .default('a'),
    )
  withPresetFlags(command, { ops: "metrics and health, also under kollect's paths (default 0.0.0.0:8081)" })
    .addHelpText(
      ...presetHelp({
        name: 'kollect',
        original: 'kollect',
        commands: [
          'NATS_SERVER_URL=nats://nats:4222 weir kollect --event-writer-url nats://cluster.changes --cluster-id prod',
          'weir kollect --event-writer-url https://hooks.example/changes --cluster-id prod --print-config',
        ],
        exits: { 1: 'start failure' },
      }),
    )
    .action(action(run))
}

async function run({ generation, ...flags }: Flags) {
  await runPreset(flags, {
    name: 'kollect',
    invalid: 1,
    exitCode: () => 1,
    async plan(folder) {
      const { kollectPreset } = await import('../presets/kollect/index.ts')
      const { config, notes, secrets } = kollectPreset({ flags, env: self.env, generation, data: folder })
      return {
        config,
        notes,
        files: secrets,
        fresh:
          'changes before this start are unknown. Keep the folder across restarts, so that the next start ' +
          'emits missed changes.',
      }
    },
  })
}
