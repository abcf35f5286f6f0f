import type { Command } from 'commander'
import { self } from '../host/process.ts'
import { action, defaultData } from './client.ts'
import { presetHelp, runPreset } from './preset.ts'

const name = 'exoscale-exporter'

type Flags = Readonly<{
  listen?: string
  legacyExoscaleNames?: boolean
  api?: string
  data?: string
  printConfig?: boolean
}>

export function register(program: Command): void {
  program
    .command(name)
    .description(
      'Replace exoscale-exporter: export resources and balance of an Exoscale organization to Prometheus. Port, flag ' +
        'and variables are those of exoscale-exporter.',
    )
    .option('--listen <HOST:PORT>', 'metrics and health (default :9999); `-listen` works, too')
    .option('--no-legacy-exoscale-names', 'leave out the metric names of exoscale-exporter')
    .option('--api <HOST:PORT>', 'API and console (default 127.0.0.1:8080)')
    .option('--data <DIR>', `data folder (WEIR_DATA; default ${defaultData})`)
    .option('--print-config', 'print the resulting configuration and exit')
    .addHelpText(
      ...presetHelp({
        name,
        original: 'exoscale-exporter',
        commands: [
          'EXOSCALE_API_KEY=EXO... EXOSCALE_API_SECRET=... weir exoscale-exporter',
          'weir exoscale-exporter -listen 127.0.0.1:9999 --no-legacy-exoscale-names --print-config',
        ],
        exits: { 1: 'start failure', 2: 'usage error or missing credentials' },
        about:
          'Variables: EXOSCALE_API_KEY, EXOSCALE_API_SECRET, and EXOSCALE_API_ENDPOINT for another address of the API.',
        guide: 'inventory',
      }),
    )
    .action(action(run))
}

export function withListenFlag(args: readonly string[]): string[] {
  return args[0] === name ? args.map((arg) => (/^-listen(?:=|$)/.test(arg) ? `-${arg}` : arg)) : [...args]
}

async function run({ listen, api, data, printConfig, legacyExoscaleNames }: Flags) {
  const flags = { ...(listen === undefined ? {} : { listen }), legacyExoscaleNames: legacyExoscaleNames ?? true }
  const shared = { data, listen: api, printConfig }
  const given = Object.fromEntries(Object.entries(shared).filter(([, value]) => value !== undefined))
  await runPreset(given, {
    name,
    invalid: 2,
    exitCode: () => 1,
    async plan(folder) {
      const { exoscaleExporterPreset } = await import('../presets/exoscale-exporter/index.ts')
      return exoscaleExporterPreset({ flags, env: self.env, data: folder })
    },
  })
}
