import { Option, type Command } from 'commander'
import type { Ledger } from '../engine/control.ts'
import { collectorAddress as whereToSend, recipes, type CollectorAddress } from '../topics/exporters/recipes.ts'
import { self } from '../host/process.ts'
import { action, CommandError, requireServer, withServerFlags, type ServerFlags, type Server } from './client.ts'
import type { Exporters } from '../topics/exporters/schema.ts'
import { printWatched, withOutput, withWatch, type Data, type WatchFlags } from './output.ts'
import { examples } from './examples.ts'

interface ExportersFlags extends ServerFlags, WatchFlags {
  readonly source?: string
  readonly how?: string
  readonly collector?: string
}

export function register(program: Command): void {
  withServerFlags(
    withWatch(
      withOutput(
        program
          .command('exporters')
          .description(
            'List exporters with their rates and decoding problems, and explain missing data. With --how, print ' +
              'the configuration of an exporter.',
          )
          .argument('[address]', 'all details of the exporter with this address')
          .option('--source <ID>', 'only this source'),
      ),
    )
      .addOption(
        new Option('--how <EXPORTER>', 'print the configuration of this exporter and exit').choices(
          recipes.map(({ name }) => name),
        ),
      )
      .option(
        '--collector <ADDRESS>',
        'address of this machine as the exporter sees it (default: its first address, or the listen address)',
      ),
  )
    .addHelpText(
      ...examples(
        [
          'weir exporters',
          'weir exporters 192.0.2.1',
          "weir exporters -o json | jq '.sources[].exporters[] | select(.why)'",
          'weir exporters --how softflowd --collector 192.0.2.10',
        ],
        { 1: 'server unreachable' },
      ),
    )
    .action(action(run))
}

async function run(address: string | undefined, flags: ExportersFlags) {
  if (flags.how !== undefined) return self.stdout(await setupText(flags.how, flags))
  await printWatched(flags, async () => ({ data: await exportersData(address, flags), ok: true }))
}

async function exportersData(address: string | undefined, flags: ExportersFlags): Promise<Data> {
  const server = await requireServer(flags)
  const query = new URLSearchParams({
    ...(flags.source === undefined ? {} : { source: flags.source }),
    ...(address === undefined ? {} : { limit: '100000' }),
  })
  const all = await server.json<Exporters>('GET', `/api/v1/exporters?${query.toString()}`)
  const exporters =
    address === undefined
      ? all
      : {
          sources: all.sources.map((source) => ({
            ...source,
            exporters: source.exporters.filter((exporter) => exporter.address === address),
          })),
        }
  if (address !== undefined && exporters.sources.every((source) => source.exporters.length === 0)) {
    throw new CommandError(`No data received from ${address} since the start.`, [
      'The address is the source address of datagrams; `weir exporters` lists them. Datagrams from addresses ' +
        'outside `allow` are refused.',
    ])
  }
  const [{ realHost }, { exportersText, exporterText, exporterRows }, ledger] = await Promise.all([
    import('../host/index.ts'),
    import('./exporters/page.ts'),
    server.json<Ledger>('GET', '/api/v1/ledger'),
  ])
  const now = realHost().clock.now()
  return {
    whole: exporters,
    ...exporterRows(exporters),
    table: () =>
      address === undefined ? exportersText(exporters, ledger, now) : (exporterText(exporters, address, now) ?? ''),
  }
}

async function setupText(name: string, flags: ExportersFlags): Promise<string> {
  const recipe = recipes.find((candidate) => candidate.name === name)
  if (recipe === undefined) return ''
  const server = await requireServer(flags).catch(() => undefined)
  return `# ${recipe.title}\n${recipe.lines(await placeOf(server, flags.collector)).join('\n')}\n`
}

async function placeOf(server: Server | undefined, collector: string | undefined): Promise<CollectorAddress> {
  const { sources } = server === undefined ? { sources: [] } : await server.json<Exporters>('GET', '/api/v1/exporters')
  const { realMachine } = await import('../host/machine.ts')
  return whereToSend(sources, { requested: collector, else: realMachine.addresses()[0] ?? '127.0.0.1' })
}
