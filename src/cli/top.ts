import type { Command } from 'commander'
import type { Ledger, Pipeline } from '../engine/control.ts'
import type { Host } from '../host/index.ts'
import { action, requireServer, withServerFlags, type ServerFlags, type Server } from './client.ts'
import type { Exporters } from '../topics/exporters/schema.ts'
import { positive, secondsOf } from './option-values.ts'
import { printWatched, withOutput, type OutputFlags } from './output.ts'
import type { Sample } from './top/rates.ts'
import { examples } from './examples.ts'

interface TopFlags extends ServerFlags, OutputFlags {
  readonly once?: boolean
  readonly watch: true | number
  readonly limit: number
}

export function register(program: Command): void {
  withServerFlags(
    withOutput(
      program
        .command('top')
        .description(
          'Show rows per second of every source and exporter, and rate, lag and drops of every sink, until stopped.',
        )
        .option('--once', 'print one interval and exit')
        .option('--watch [SECONDS]', 'length of the interval', secondsOf, 2)
        .option('--limit <COUNT>', 'number of exporters to show, busiest first', positive, 20),
    ),
  )
    .addHelpText(
      ...examples(['weir top', "weir top --once -o json | jq '.sinks[] | {name, rate, lagMs}'"], {
        1: 'server unreachable',
      }),
    )
    .action(action(run))
}

async function run({ once = false, watch, limit, output, ...where }: TopFlags) {
  const server = await requireServer(where)
  const [{ realHost }, { ratesBetween }, { topData }] = await Promise.all([
    import('../host/index.ts'),
    import('./top/rates.ts'),
    import('./top/page.ts'),
  ])
  const host = realHost()
  let before = await sample(server, host)
  await printWatched({ output, ...(once ? {} : { watch: 0 }) }, async () => {
    await host.timers.sleep(1000 * (watch === true ? 2 : watch))
    const after = await sample(server, host)
    const data = topData(ratesBetween(before, after), limit)
    before = after
    return { data, ok: true }
  })
}

async function sample(server: Server, { clock }: Host): Promise<Sample> {
  const [pipeline, ledger, exporters] = await Promise.all([
    server.json<Pipeline>('GET', '/api/v1/pipeline'),
    server.json<Ledger>('GET', '/api/v1/ledger'),
    server.json<Exporters>('GET', '/api/v1/exporters'),
  ])
  return { at: clock.now(), pipeline, ledger, exporters }
}
