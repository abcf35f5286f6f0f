import type { Command } from 'commander'
import type { WeirConfig } from '../app/config.ts'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { action } from './client.ts'
import { isRecord } from '../model/json.ts'
import { filesOrInstalled, installedByDefault, withConfigFiles, type ConfigFlags } from './config-files.ts'
import { printData, withOutput, type OutputFlags, type Row } from './output.ts'
import { examples } from './examples.ts'

export function register(program: Command): void {
  withOutput(
    withConfigFiles(
      program
        .command('config')
        .description('Print the effective settings of files and variables. Secrets remain references.'),
      installedByDefault,
    ),
    'yaml',
  )
    .addHelpText(
      ...examples(
        ['weir config base.yaml /etc/weir/weir.d', 'WEIR_LISTEN=127.0.0.1:9000 weir config -o json'],
        { 2: 'invalid configuration (printed with file, line and column) or usage error' },
        'Defaults are not printed; `weir schema` lists them.',
      ),
    )
    .action(action(run))
}

async function run(given: readonly string[], { config, output }: ConfigFlags & OutputFlags) {
  const [{ loadConfig }, { weirSchema }, { withoutSecrets }] = await Promise.all([
    import('../app/load-config.ts'),
    import('../app/config.ts'),
    import('../schema/without-secrets.ts'),
  ])
  const {
    document,
    config: effective,
    warnings,
  } = await loadConfig(realHost(), await filesOrInstalled(given, { config }), [])
  if (warnings !== '') self.stderr(`${warnings}\n`)
  const value = await withStoreSize(withoutSecrets(weirSchema, document.value), effective)
  await printData({ output }, { whole: value, rows: [...leaves(value)], columns: ['setting', 'value'] })
}

/** The default depends on the volume. */
async function withStoreSize(value: unknown, config: WeirConfig): Promise<unknown> {
  if (!isRecord(value) || config.store.enabled !== 'parquet' || config.store.size !== null) return value
  const { storeSize } = await import('../app/volume.ts')
  const bytes = await storeSize(realHost(), config, `${config.data}/store`)
  const { store } = value
  return { ...value, store: { ...(isRecord(store) ? store : {}), size: `${Math.floor(bytes / 2 ** 20)}MiB` } }
}

function* leaves(value: unknown, path = ''): Generator<Row, void, undefined> {
  if (!isRecord(value)) return yield { setting: path, value }
  for (const [key, below] of Object.entries(value)) yield* leaves(below, path === '' ? key : `${path}.${key}`)
}
