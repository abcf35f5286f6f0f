import type { Command } from 'commander'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import type { CtsExporterFlags, CtsExporterPlan } from '../presets/cts-exporter/index.ts'
import { badConfiguration } from './bad-configuration.ts'
import { action, CommandError, defaultData } from './client.ts'
import { startPreset } from './preset.ts'

interface Flags extends CtsExporterFlags {
  readonly data?: string
  readonly listen?: string
  readonly ops?: string
  readonly printConfig?: boolean
}

const name = 'cts-exporter'
/** cts_exporter's own: settings that can't be used, and whatever else keeps it from starting. */
const exitCodes = { settings: 78, start: 70 } as const

export function register(program: Command): void {
  program
    .command(name)
    .description(
      "In place of cts_exporter: reads the audit traces of Open Telekom Cloud and posts each as a CloudEvent to K_SINK. The flag and variables are cts_exporter's, and Knative's.",
    )
    .option(
      '--from <MINUTES>',
      'how far the first start looks back, 1 to 10080 (CTS_FROM; default 5); `-from` is taken, too',
    )
    .option('--data <DIR>', `data folder (WEIR_DATA; default ${defaultData})`)
    .option('--listen <HOST:PORT>', 'API and console (default 127.0.0.1:8080)')
    .option('--ops <HOST:PORT>', 'metrics and health (default 0.0.0.0:8081)')
    .option('--print-config', 'print the configuration that would run, and end')
    .addHelpText(
      'after',
      `
Variables: OS_CLOUD and the other OS_* for the login, OS_DEBUG, CTS_TRACKER, CTS_FROM, CTS_X_PNP (default true), CTS_STREAMS;
CTS_LEASE, the Kubernetes Lease by which several take turns, and which has how far they are;
K_SINK, K_CE_OVERRIDES and K_CA_CERTS, which Knative sets. A token in /oidc/token is shown to the sink.

It is \`weir run\` with a configuration that is made from these and kept as ${name}.yaml in the data folder; WEIR_* variables
change it further. What is otherwise than with cts_exporter: docs/guide/cts-exporter.md.

Examples:
  $ OS_CLOUD=otc K_SINK=http://event-display.default.svc.cluster.local weir cts-exporter
  $ OS_CLOUD=otc CTS_X_PNP=false weir cts-exporter -from 60 --print-config

Exit codes: 0 a clean stop, 78 settings that cannot be used, 70 whatever else keeps it from starting, 2 the command line cannot be used.`,
    )
    .action(action(run))
}

/** The other program's flag as Go takes it, with one dash. */
export function withGoFlags(args: readonly string[]): string[] {
  return args[0] === name ? args.map((arg) => (/^-from(?:=|$)/.test(arg) ? `-${arg}` : arg)) : [...args]
}

async function run({ data, listen, ops, printConfig, ...flags }: Flags): Promise<void> {
  const folder = data ?? self.env['WEIR_DATA'] ?? defaultData
  const { plan, text } = await planned(flags, folder)
  if (printConfig !== true) {
    return await startPreset({
      name,
      folder,
      text,
      files: plan.files,
      notes: plan.notes,
      listen,
      ops,
      fresh: plan.fresh,
      exitCode: (error) =>
        error !== undefined && badConfiguration.has(error.code) ? exitCodes.settings : exitCodes.start,
    })
  }
  for (const note of plan.notes) self.stderr(`weir ${name}: ${note}\n`)
  self.stdout(text)
}

async function planned(
  flags: CtsExporterFlags,
  data: string,
): Promise<{ readonly plan: CtsExporterPlan; readonly text: string }> {
  const [{ ctsExporterPreset, oidcTokenFile, PresetProblem }, { stringify }] = await Promise.all([
    import('../presets/cts-exporter/index.ts'),
    import('yaml'),
  ])
  try {
    const hasToken = (await realHost().disk.stat(oidcTokenFile)) !== undefined
    const plan = ctsExporterPreset({ flags, env: self.env, hasToken, data })
    return { plan, text: stringify(plan.config) }
  } catch (error) {
    if (error instanceof PresetProblem)
      throw new CommandError(error.message, ['`weir cts-exporter --help` lists the settings.'], exitCodes.settings)
    throw error
  }
}
