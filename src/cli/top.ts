import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { Ledger, Pipeline } from '../engine/control.ts'
import type { Host } from '../host/index.ts'
import { self } from '../host/process.ts'
import type { ServerFlags } from './client.ts'
import { action, requireServer, withServerFlags, type Server } from './client.ts'
import type { Exporters } from './exporters/page.ts'
import type { Sample } from './top/rates.ts'

interface TopFlags extends ServerFlags {
  readonly once?: boolean
  readonly interval: number
  readonly limit: number
  readonly format?: 'json' | 'table'
}

export function register(program: Command): void {
  withServerFlags(
    program
      .command('top')
      .description(
        'Show rows per second of every source and exporter, and rate, lag and drops of every sink, until stopped.',
      )
      .option('--once', 'print one interval and exit')
      .option('--interval <SECONDS>', 'interval', seconds, 2)
      .option('--limit <COUNT>', 'number of exporters to show, busiest first', positive, 20)
      .addOption(
        new Option(
          '--format <FORMAT>',
          'output format; json is one object a line (default: table on a terminal, else json)',
        ).choices(['json', 'table']),
      ),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ weir top
  $ weir top --once --format json | jq '.sinks[] | {name, rate, lagMs}'

Exit code: 0 success, 1 server unreachable, 2 usage error.`,
    )
    .action(action(run))
}

function positive(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be an integer above 0.')
  return value
}

function seconds(text: string): number {
  const value = Number(text)
  if (!(value >= 0.1 && value <= 3600))
    throw new InvalidArgumentError('It must be a number of seconds from 0.1 to 3600.')
  return value
}

/** Cursor home, then clear the screen below it. */
const overwrite = '\u001B[H\u001B[J'

async function run({ once = false, interval, limit, format, ...where }: TopFlags): Promise<void> {
  const server = await requireServer(where)
  const [{ realHost }, { ratesBetween }, { topText }, { print }] = await Promise.all([
    import('../host/index.ts'),
    import('./top/rates.ts'),
    import('./top/page.ts'),
    import('./output.ts'),
  ])
  const host = realHost()
  const json = (format ?? (self.interactive ? 'table' : 'json')) === 'json'
  const draws = self.interactive && !once && !json
  let before = await look(server, host)
  for (;;) {
    await host.timers.sleep(interval * 1000)
    const after = await look(server, host)
    const rates = ratesBetween(before, after)
    const text = json
      ? `${JSON.stringify({ ...rates, exporters: rates.exporters.slice(0, limit) })}\n`
      : topText(rates, limit)
    await print(draws ? overwrite + text : once || json ? text : `${text}\n`)
    if (once) return
    before = after
  }
}

async function look(server: Server, { clock }: Host): Promise<Sample> {
  const [pipeline, ledger, exporters] = await Promise.all([
    server.json<Pipeline>('GET', '/api/v1/pipeline'),
    server.json<Ledger>('GET', '/api/v1/ledger'),
    server.json<Exporters>('GET', '/api/v1/exporters'),
  ])
  return { at: clock.now(), pipeline, ledger, exporters }
}
