import type { Command } from 'commander'
import { self } from '../host/process.ts'
import { WeirError } from '../model/errors.ts'
import type { ForgottenSink } from '../topics/pipeline/schema.ts'
import { action, CommandError, findServer, withServerFlags, type ServerFlags } from './client.ts'
import { examples } from './examples.ts'

export function register(program: Command): void {
  const sink = program.command('sink').description('Manage sinks that are no longer configured.')
  withServerFlags(
    sink
      .command('forget')
      .description('Drop the pending rows of a sink that is no longer configured; the ledger counts them as dropped.')
      .argument('<name>', 'id of the sink'),
  )
    .addHelpText(
      ...examples(
        ['weir sink forget bus', 'weir sink forget bus --data /var/lib/weir'],
        { 0: 'rows dropped', 1: 'sink configured, unknown or without pending rows' },
        'Without a running server, the command changes the data folder directly.',
      ),
    )
    .action(action(forget))
}

async function forget(name: string, flags: ServerFlags) {
  const server = await findServer(flags, 'journal')
  const dropped =
    typeof server === 'string'
      ? await forgetOffline(name, server)
      : (await server.json<ForgottenSink>('POST', `/api/v1/sinks/${encodeURIComponent(name)}/forget`)).dropped
  self.stdout(`${dropped} rows of sink ${name} dropped\n`)
}

/** Files of root in the folder of a service would prevent its next start. */
async function refuseRoot(data: string): Promise<void> {
  const { realMachine } = await import('../host/machine.ts')
  const owner = await realMachine.ownership(data)
  if (realMachine.uid !== 0 || owner === undefined || owner.uid === 0) return
  throw new CommandError(`No Weir runs on ${data}, and the folder belongs to user ${owner.uid}.`, [
    `Start its service, or run the command as this user: sudo -u '#${owner.uid}' weir sink forget …`,
  ])
}

async function forgetOffline(name: string, data: string): Promise<number> {
  const [{ forgetSink }, { realHost }, { takeLock }, { lineWriter, ProgramLog }, { MetricStore }] = await Promise.all([
    import('../engine/delivery/forget.ts'),
    import('../host/index.ts'),
    import('../app/lock.ts'),
    import('../telemetry/log.ts'),
    import('../telemetry/metrics.ts'),
  ])
  const host = realHost()
  await refuseRoot(data)
  const lock = await takeLock(host, data)
  try {
    const log = new ProgramLog({
      clock: host.clock,
      timers: host.timers,
      write: lineWriter((line) => self.stderr(line)),
      level: 'error',
    })
    const rows = await forgetSink({ host, data, id: name, log, metrics: new MetricStore() })
    log.flush()
    return rows
  } catch (error) {
    throw error instanceof WeirError ? new CommandError(`${error.message}.`, [error.advice]) : error
  } finally {
    lock.release()
  }
}
