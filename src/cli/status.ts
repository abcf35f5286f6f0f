import type { Command } from 'commander'
import type { Health } from '../api/published.ts'
import type { Pipeline, ReloadReport } from '../engine/control.ts'
import { action, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import {
  printData,
  printWatched,
  withOutput,
  withWatch,
  type Data,
  type OutputFlags,
  type Row,
  type WatchFlags,
} from './output.ts'
import { examples } from './examples.ts'
import { sizeText } from '../model/size-text.ts'

type StatusFlags = ServerFlags & WatchFlags

const columns = ['kind', 'name', 'type', 'state', 'detail']

export function register(program: Command): void {
  withServerFlags(
    withWatch(
      withOutput(
        program
          .command('status')
          .description('Show the readiness of the server and the state of each source and sink.'),
      ),
    ),
  )
    .addHelpText(
      ...examples(['weir status', 'weir status --watch 5', 'weir status -o json | jq .ready'], {
        0: 'ready',
        1: 'not ready or server unreachable',
      }),
    )
    .action(action(status))
  withServerFlags(
    withOutput(
      program.command('reload').description('Reload the configuration of the server. On any error nothing changes.'),
    ),
  )
    .addHelpText(
      ...examples(['weir validate --config weir.yaml && weir reload'], {
        0: 'reloaded',
        1: 'rejected or server unreachable',
      }),
    )
    .action(action(reload))
}

async function status(flags: StatusFlags) {
  await printWatched(flags, () => state(flags))
}

async function state(flags: StatusFlags): Promise<Readonly<{ data: Data; ok: boolean }>> {
  const server = await requireServer(flags)
  const [health, pipeline] = await Promise.all([
    server.json<Health>('GET', '/api/v1/health', undefined, [503]),
    server.json<Pipeline>('GET', '/api/v1/pipeline'),
  ])
  const rows: Row[] = [
    {
      kind: 'server',
      name: server.url,
      type: health.version,
      state: health.ready ? 'ready' : 'not ready',
      detail: [...health.reasons, ...health.warnings].join('; '),
    },
    ...pipeline.sources.map(({ name, type, rate, addresses, error }) => ({
      kind: 'source',
      name,
      type,
      state: error === undefined ? `${Math.round(rate)} rows/s` : 'failing',
      detail: error ?? addresses.join(' '),
    })),
    ...pipeline.sinks.map(({ name, type, state, lagMs, error, size }) => ({
      kind: 'sink',
      name,
      type,
      state,
      detail:
        error ??
        [
          ...(lagMs >= 1000 ? [`${Math.round(lagMs / 1000)} s behind`] : []),
          ...(size === undefined ? [] : [`${sizeText(size.bytes)} of ${sizeText(size.maxBytes)}`]),
        ].join('; '),
    })),
  ]
  const { ready, accepting, version, reasons, warnings } = health
  const whole = { ready, accepting, version, reasons, warnings, sources: pipeline.sources, sinks: pipeline.sinks }
  return { data: { whole, rows, columns }, ok: ready }
}

async function reload(flags: ServerFlags & OutputFlags) {
  const report = await (await requireServer(flags)).json<ReloadReport>('POST', '/api/v1/reload')
  const rows = report.changed.map((changed) => ({ changed }))
  await printData(flags, {
    whole: report,
    rows,
    columns: ['changed'],
    table: () =>
      report.changed.length === 0
        ? 'The configuration is active. Nothing changed.\n'
        : `The configuration is active. Changed: ${report.changed.join(', ')}.\n`,
  })
}
