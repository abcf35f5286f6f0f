import type { Command } from 'commander'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import type { CtsExporterFlags } from '../presets/cts-exporter/index.ts'
import { configurationErrorCodes } from './bad-configuration.ts'
import { action } from './client.ts'
import { presetHelp, runPreset, withPresetFlags, type PresetFlags } from './preset.ts'

type Flags = CtsExporterFlags & PresetFlags

const name = 'cts-exporter'
const exitCodes = { settings: 78, start: 70 } as const

export function register(program: Command): void {
  const command = program
    .command(name)
    .description(
      'Replace cts_exporter: read the audit traces of Open Telekom Cloud and post each as a CloudEvent to ' +
        'K_SINK. Flag and variables are those of cts_exporter and Knative.',
    )
    .option(
      '--from <MINUTES>',
      'look-back of the first start, 1 to 10080 minutes (CTS_FROM; default 5); `-from` works, too',
    )
  withPresetFlags(command)
    .addHelpText(
      ...presetHelp({
        name,
        original: 'cts_exporter',
        commands: [
          'OS_CLOUD=otc K_SINK=http://event-display.default.svc.cluster.local weir cts-exporter',
          'OS_CLOUD=otc CTS_X_PNP=false weir cts-exporter -from 60 --print-config',
        ],
        exits: { 70: 'any other start failure', 78: 'invalid settings' },
        about: `Variables: OS_CLOUD and the other OS_* for the login, OS_DEBUG, CTS_TRACKER, CTS_FROM,
CTS_X_PNP (default true), CTS_STREAMS; CTS_LEASE, the Kubernetes Lease for leader election, which also
stores the position; K_SINK, K_CE_OVERRIDES and K_CA_CERTS, which Knative sets.
A token in /oidc/token is sent to the sink.`,
      }),
    )
    .action(action(run))
}

export function withGoFlags(args: readonly string[]): string[] {
  return args[0] === name ? args.map((arg) => (/^-from(?:=|$)/.test(arg) ? `-${arg}` : arg)) : [...args]
}

async function run(flags: Flags) {
  await runPreset(flags, {
    name,
    invalid: exitCodes.settings,
    exitCode: (error) =>
      error !== undefined && configurationErrorCodes.has(error.code) ? exitCodes.settings : exitCodes.start,
    async plan(folder) {
      const { ctsExporterPreset, oidcTokenFile } = await import('../presets/cts-exporter/index.ts')
      const hasToken = (await realHost().disk.stat(oidcTokenFile)) !== undefined
      return ctsExporterPreset({ flags, env: self.env, hasToken, data: folder })
    },
  })
}
