import type { Command } from 'commander'
import { Option } from 'commander'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { action, collect } from './client.ts'

interface ConfigFlags {
  readonly config: readonly string[]
  readonly output: 'json' | 'yaml'
}

export function register(program: Command): void {
  program
    .command('config')
    .description('Print the effective settings of files and variables. Secrets remain references.')
    .option(
      '--config <FILE>',
      'configuration file or folder; may be repeated, later files override earlier ones',
      collect,
      [],
    )
    .addOption(new Option('-o, --output <FORM>', 'output format').choices(['yaml', 'json']).default('yaml'))
    .addHelpText(
      'after',
      `
Examples:
  $ weir config --config base.yaml --config /etc/weir/weir.d
  $ WEIR_LISTEN=127.0.0.1:9000 weir config -o json

Defaults are not printed; \`weir schema\` lists them.

Exit code: 0 success, 2 invalid configuration (printed with file, line and column) or usage error.`,
    )
    .action(action(run))
}

async function run({ config, output }: ConfigFlags): Promise<void> {
  const [{ loadConfig }, { weirSchema }, { withoutSecrets }] = await Promise.all([
    import('../app/load-config.ts'),
    import('../app/config.ts'),
    import('../schema/without-secrets.ts'),
  ])
  const { document, warnings } = await loadConfig(realHost(), config, [])
  if (warnings !== '') self.stderr(`${warnings}\n`)
  const value = withoutSecrets(weirSchema, document.value)
  self.stdout(
    output === 'json' ? `${JSON.stringify(value)}\n` : (await import('yaml')).stringify(value, { lineWidth: 0 }),
  )
}
