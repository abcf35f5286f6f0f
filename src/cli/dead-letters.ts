import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { DeadLetter } from '../engine/control.ts'
import { self } from '../host/process.ts'
import type { ServerFlags } from './client.ts'
import { action, CommandError, needServer, withServerFlags } from './client.ts'
import { oneLine, textTable } from './text-table.ts'

interface ListFlags extends ServerFlags {
  readonly sink?: string
  readonly limit: number
  readonly format?: 'json' | 'table'
}

interface MoveFlags extends ServerFlags {
  readonly all?: boolean
}

export function register(program: Command): void {
  const letters = program.command('dead-letters').description('What sinks could not take: look, try again, give up.')

  withServerFlags(letters.command('list')
    .description('Dead letters, newest first.')
    .option('--sink <ID>', 'of this sink only')
    .option('--limit <COUNT>', 'at most so many', positive, 100)
    .addOption(new Option('--format <FORMAT>', 'form of the answer (default: table on a terminal, else json)').choices(['json', 'table'])))
    .addHelpText('after', '\nExample:\n  $ weir dead-letters list --sink bus --limit 20')
    .action(action(list))

  withServerFlags(letters.command('show')
    .description('One dead letter with its body, as JSON.')
    .argument('<id>', 'stable id, as the list shows it'))
    .addHelpText('after', '\nExample:\n  $ weir dead-letters show http:3:812:0')
    .action(action(show))

  withServerFlags(letters.command('retry')
    .description('Moves letters back to pending, so that the sink is tried again; all of the sink when no id is given.')
    .argument('<sink>', 'id of the sink').argument('[ids...]', 'stable ids')
    .option('--all', 'all letters of the sink (the default)'))
    .addHelpText('after', '\nExamples:\n  $ weir dead-letters retry bus http:3:812:0\n  $ weir dead-letters retry bus --all')
    .action(action((sink: string, ids: string[], flags: MoveFlags) => move('retry', sink, ids, flags)))

  withServerFlags(letters.command('drop')
    .description('Gives letters up for good; they are counted as dropped.')
    .argument('<sink>', 'id of the sink').argument('[ids...]', 'stable ids')
    .option('--all', 'all letters of the sink'))
    .addHelpText('after', '\nExamples:\n  $ weir dead-letters drop bus http:3:812:0\n  $ weir dead-letters drop bus --all')
    .action(action((sink: string, ids: string[], flags: MoveFlags) => move('drop', sink, ids, flags)))
}

function positive(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number above 0.')
  return value
}

async function list(flags: ListFlags): Promise<void> {
  const query = new URLSearchParams({ limit: String(flags.limit), ...(flags.sink === undefined ? {} : { sink: flags.sink }) })
  const letters = await (await needServer(flags)).json<DeadLetter[]>('GET', `/api/v1/dead-letters?${query.toString()}`)
  if ((flags.format ?? (self.interactive ? 'table' : 'json')) === 'json') return self.stdout(`${JSON.stringify(letters)}\n`)
  if (letters.length === 0) return self.stdout('No dead letters.\n')
  self.stdout(textTable(['sink', 'id', 'time', 'tries', 'state', 'reason'], letters.map(({ sink, id, time, attempts, state, reason }) => [sink, id, new Date(time).toISOString(), attempts, state, oneLine(reason)])))
}

async function show(id: string, flags: ServerFlags): Promise<void> {
  const letter = await (await needServer(flags)).json<DeadLetter>('GET', `/api/v1/dead-letters/${encodeURIComponent(id)}`)
  self.stdout(`${JSON.stringify(letter, null, 2)}\n`)
}

async function move(verb: 'retry' | 'drop', sink: string, ids: readonly string[], flags: MoveFlags): Promise<void> {
  if (ids.length > 0 && flags.all === true) throw new CommandError('Give ids or --all, not both.', [], 2)
  if (verb === 'drop' && ids.length === 0 && flags.all !== true) {
    throw new CommandError('Which letters? Dropped letters are gone for good.', [`Name their ids, or say --all: weir dead-letters drop ${sink} --all`], 2)
  }
  const server = await needServer(flags)
  const answer = await server.json<{ retried?: number; dropped?: number }>('POST', `/api/v1/dead-letters/${encodeURIComponent(sink)}/${verb}`, ids.length === 0 ? {} : { ids })
  self.stdout(verb === 'retry' ? `${answer.retried ?? 0} moved back to pending\n` : `${answer.dropped ?? 0} dropped\n`)
}
