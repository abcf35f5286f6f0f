import type { Command } from 'commander'
import type { Pipeline, ReloadReport } from '../engine/control.ts'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { answerText, withAnswerForm, type AnswerFlags, type Row } from './answer.ts'
import { action, CommandError, requireServer, withServerFlags, type ServerFlags } from './client.ts'

interface StatusFlags extends ServerFlags, AnswerFlags {
  readonly watch?: boolean | string
}

interface Health {
  readonly ready: boolean
  readonly accepting: boolean
  readonly version: string
  readonly reasons: readonly string[]
  readonly warnings: readonly string[]
}

const columns = ['kind', 'name', 'type', 'state', 'detail']

export function register(program: Command): void {
  withServerFlags(
    withAnswerForm(
      program.command('status').description('Show the readiness of the server and the state of each source and sink.'),
    ),
  )
    .option('--watch [SECONDS]', 'print it repeatedly')
    .addHelpText(
      'after',
      `
Examples:
  $ weir status
  $ weir status --watch 5
  $ weir status -o json | jq .ready

Exit code: 0 ready, 1 not ready or server unreachable, 2 usage error.`,
    )
    .action(action(status))
  withServerFlags(
    withAnswerForm(
      program.command('reload').description('Reload the configuration of the server. On any error nothing changes.'),
    ),
  )
    .addHelpText(
      'after',
      `
Examples:
  $ weir validate --config weir.yaml && weir reload

Exit code: 0 reloaded, 1 rejected or server unreachable, 2 usage error.`,
    )
    .action(action(reload))
}

async function status(flags: StatusFlags): Promise<void> {
  const seconds = flags.watch === undefined ? undefined : flags.watch === true ? 2 : Number(flags.watch)
  if (seconds !== undefined && !(seconds >= 0.2 && seconds <= 3600))
    throw new CommandError(`--watch ${String(flags.watch)} is not a number of seconds.`, ['Write 0.2 to 3600.'], 2)
  for (;;) {
    const isReady = await once(flags)
    if (seconds === undefined) return isReady ? undefined : self.leave(1)
    await realHost().timers.sleep(seconds * 1000)
  }
}

async function once(flags: StatusFlags): Promise<boolean> {
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
    ...pipeline.sinks.map(({ name, type, state, lagMs, error }) => ({
      kind: 'sink',
      name,
      type,
      state,
      detail: error ?? (lagMs >= 1000 ? `${Math.round(lagMs / 1000)} s behind` : ''),
    })),
  ]
  self.stdout(
    await answerText(flags.output, {
      whole: {
        ready: health.ready,
        accepting: health.accepting,
        version: health.version,
        reasons: health.reasons,
        warnings: health.warnings,
        sources: pipeline.sources,
        sinks: pipeline.sinks,
      },
      rows,
      columns,
    }),
  )
  return health.ready
}

async function reload(flags: ServerFlags & AnswerFlags): Promise<void> {
  const report = await (await requireServer(flags)).json<ReloadReport>('POST', '/api/v1/reload')
  const rows = report.changed.map((changed) => ({ changed }))
  if (flags.output === 'table')
    return self.stdout(
      report.changed.length === 0
        ? 'The configuration is active. Nothing changed.\n'
        : `The configuration is active. Changed: ${report.changed.join(', ')}.\n`,
    )
  self.stdout(await answerText(flags.output, { whole: report, rows, columns: ['changed'] }))
}
