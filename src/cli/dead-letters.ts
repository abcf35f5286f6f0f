import type { Command } from 'commander'
import type { DeadLetter, DeadLetterReason, DroppedLetters, RetriedLetters } from '../topics/dead-letters/schema.ts'
import { self } from '../host/process.ts'
import { action, CommandError, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import { positive } from './option-values.ts'
import { printData, withOutput, type OutputFlags } from './output.ts'
import { editText, readText } from './edit-text.ts'
import { oneLine, textTable } from './text-table.ts'
import { examples } from './examples.ts'
import { messageOf } from '../model/errors.ts'
import { isRecord } from '../model/json.ts'

interface ListFlags extends ServerFlags, OutputFlags {
  readonly sink?: string
  readonly limit: number
  readonly all?: boolean
}

interface EditFlags extends ServerFlags {
  readonly file?: string
}

interface ReasonsFlags extends ServerFlags, OutputFlags {
  readonly sink?: string
  readonly limit: number
}

interface MoveFlags extends ServerFlags {
  readonly all?: boolean
  readonly reason?: string
}

export function register(program: Command): void {
  const letters = program.command('dead-letters').description('List, show, edit, redrive or drop dead letters.')
  registerReading(letters)
  registerEdit(letters)
  registerMoves(letters)
}

function registerReading(letters: Command): void {
  withServerFlags(
    withOutput(
      letters
        .command('list')
        .description('List dead letters, newest first.')
        .option('--sink <ID>', 'only this sink')
        .option('--limit <COUNT>', 'maximum number', positive, 100)
        .option('--all', 'all dead letters, regardless of --limit'),
    ),
  )
    .addHelpText(
      ...examples(
        ['weir dead-letters list --sink bus --limit 20', 'weir dead-letters list --all -o json > letters.json'],
        { 1: 'server unreachable' },
      ),
    )
    .action(action(list))

  withServerFlags(
    withOutput(
      letters
        .command('reasons')
        .description('Count dead letters by sink and reason, most frequent first.')
        .option('--sink <ID>', 'only this sink')
        .option('--limit <COUNT>', 'maximum number of reasons', positive, 100),
    ),
  )
    .addHelpText(...examples(['weir dead-letters reasons --sink bus'], { 1: 'server unreachable' }))
    .action(action(reasons))

  withServerFlags(
    withOutput(
      letters
        .command('show')
        .description('Print one dead letter with its body.')
        .argument('<id>', 'stable id from the list'),
      'json',
    ),
  )
    .addHelpText(...examples(['weir dead-letters show http:3:812:0'], { 1: 'server unreachable or id unknown' }))
    .action(action(show))
}

function registerEdit(letters: Command): void {
  withServerFlags(
    letters
      .command('edit')
      .description(
        'Open the event of a dead letter in $EDITOR and deliver the saved text instead, with the same id and source.',
      )
      .argument('<sink>', 'id of the sink')
      .argument('<id>', 'stable id')
      .option('--file <FILE>', 'read the event from a file instead; - is standard input'),
  )
    .addHelpText(
      ...examples(
        [
          'weir dead-letters edit bus http:3:812:0',
          "weir dead-letters show http:3:812:0 | jq '.body | .data.total = 7' > event.json",
          'weir dead-letters edit bus http:3:812:0 --file event.json',
        ],
        { 1: 'server unreachable, id unknown or edit rejected' },
      ),
    )
    .action(action(edit))
}

function registerMoves(letters: Command): void {
  withServerFlags(
    letters
      .command('retry')
      .description('Redrive dead letters: move them back to pending. Without ids, all of the sink.')
      .argument('<sink>', 'id of the sink')
      .argument('[ids...]', 'stable ids')
      .option('--reason <TEXT>', 'only those with this reason')
      .option('--all', 'all dead letters of the sink (the default)'),
  )
    .addHelpText(
      ...examples(
        [
          'weir dead-letters retry bus http:3:812:0',
          "weir dead-letters retry bus --reason 'timed out'",
          'weir dead-letters retry bus --all',
        ],
        { 1: 'server unreachable or id unknown' },
      ),
    )
    .action(action((sink: string, ids: string[], flags: MoveFlags) => move('retry', sink, ids, flags)))

  withServerFlags(
    letters
      .command('drop')
      .description('Drop dead letters permanently; the ledger counts them as dropped.')
      .argument('<sink>', 'id of the sink')
      .argument('[ids...]', 'stable ids')
      .option('--reason <TEXT>', 'only those with this reason')
      .option('--all', 'all dead letters of the sink'),
  )
    .addHelpText(
      ...examples(['weir dead-letters drop bus http:3:812:0', 'weir dead-letters drop bus --all'], {
        1: 'server unreachable or id unknown',
      }),
    )
    .action(action((sink: string, ids: string[], flags: MoveFlags) => move('drop', sink, ids, flags)))
}

const pageSize = 1000
const columns = ['sink', 'id', 'time', 'attempts', 'state', 'reason']

async function list(flags: ListFlags) {
  const server = await requireServer(flags)
  const max = flags.all === true ? Number.POSITIVE_INFINITY : flags.limit
  const letters: DeadLetter[] = []
  for (;;) {
    const limit = Math.min(pageSize, max - letters.length)
    const last = letters.at(-1)
    const query = new URLSearchParams({
      limit: String(limit),
      ...(flags.sink === undefined ? {} : { sink: flags.sink }),
      ...(last === undefined ? {} : { after: `${last.time}/${last.sink}/${last.id}` }),
    })
    const page = await server.json<DeadLetter[]>('GET', `/api/v1/dead-letters?${query.toString()}`)
    letters.push(...page)
    if (page.length < limit || letters.length >= max) break
  }
  await printData(flags, {
    whole: letters,
    rows: letters.map((letter) => ({ ...letter })),
    columns,
    table: () => lettersText(letters),
  })
}

function lettersText(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'No dead letters.\n'
  return textTable(
    ['sink', 'id', 'time', 'tries', 'state', 'reason'],
    letters.map(({ sink, id, time, attempts, state, reason }) => [
      sink,
      id,
      new Date(time).toISOString(),
      attempts,
      state,
      oneLine(reason),
    ]),
  )
}

const reasonColumns = ['sink', 'open', 'retrying', 'oldest', 'newest', 'reason']

async function reasons({ sink, limit, ...flags }: ReasonsFlags) {
  const query = new URLSearchParams({ limit: String(limit), ...(sink === undefined ? {} : { sink }) })
  const groups = await (
    await requireServer(flags)
  ).json<DeadLetterReason[]>('GET', `/api/v1/dead-letters/reasons?${query.toString()}`)
  await printData(flags, {
    whole: groups,
    rows: groups.map((group) => ({ ...group })),
    columns: reasonColumns,
    table: () => reasonsText(groups),
  })
}

function reasonsText(groups: readonly DeadLetterReason[]): string {
  if (groups.length === 0) return 'No dead letters.\n'
  return textTable(
    reasonColumns,
    groups.map(({ sink, open, retrying, oldest, newest, reason }) => [
      sink,
      open,
      retrying,
      new Date(oldest).toISOString(),
      new Date(newest).toISOString(),
      oneLine(reason),
    ]),
  )
}

async function show(id: string, flags: ServerFlags & OutputFlags) {
  const letter = await (
    await requireServer(flags)
  ).json<DeadLetter>('GET', `/api/v1/dead-letters/${encodeURIComponent(id)}`)
  await printData(flags, { whole: letter, rows: [{ ...letter }], columns: [...columns, 'kind', 'body'] })
}

async function edit(sink: string, id: string, flags: EditFlags) {
  const server = await requireServer(flags)
  const send = async (text: string) => {
    await server.json('POST', `/api/v1/dead-letters/${encodeURIComponent(sink)}/edit`, { id, body: readBody(text) })
    self.stdout('moved back to pending with the new body\n')
  }
  if (flags.file !== undefined) return send(await readText(flags.file))
  const letter = await server.json<DeadLetter>(
    'GET',
    `/api/v1/dead-letters/${encodeURIComponent(id)}?sink=${encodeURIComponent(sink)}`,
  )
  if (letter.kind === 'flows')
    throw new CommandError('This dead letter is a flow: a measurement of an exporter, which cannot be edited.', [
      `weir dead-letters retry ${sink} ${id} redrives it unchanged.`,
    ])
  if (letter.state !== 'open') throw new CommandError(`This dead letter is no longer open: it is ${letter.state}.`)
  const before = `${JSON.stringify(letter.body, null, 2)}\n`
  const edited = await editText(before, 'letter.json')
  if (edited.text === before) {
    await edited.done()
    return self.stdout('Nothing was changed; the dead letter stays open.\n')
  }
  try {
    await send(edited.text)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    throw new CommandError(
      error.message,
      [
        ...error.hints,
        `The edited text is in ${edited.path}; correct it there, then: weir dead-letters edit ${sink} ${id} ` +
          `--file ${edited.path}`,
      ],
      error.exit,
    )
  }
  await edited.done()
}

function readBody(text: string): object {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    throw new CommandError(`The edited text is not JSON: ${messageOf(error)}.`, [], 2)
  }
  if (!isRecord(body))
    throw new CommandError(
      'The body of an event is a JSON object: { … }.',
      ['Start from the part "body" of `weir dead-letters show`.'],
      2,
    )
  return body
}

async function move(verb: 'retry' | 'drop', sink: string, ids: readonly string[], flags: MoveFlags) {
  if ((ids.length > 0 || flags.reason !== undefined) && flags.all === true)
    throw new CommandError('Use either ids, --reason, or --all.', [], 2)
  if (verb === 'drop' && ids.length === 0 && flags.reason === undefined && flags.all !== true) {
    throw new CommandError(
      'No dead letters selected. Dropped dead letters cannot be restored.',
      [`List their ids, or use --all: weir dead-letters drop ${sink} --all`],
      2,
    )
  }
  const server = await requireServer(flags)
  const answer = await server.json<RetriedLetters | DroppedLetters>(
    'POST',
    `/api/v1/dead-letters/${encodeURIComponent(sink)}/${verb}`,
    { ...(ids.length === 0 ? {} : { ids }), ...(flags.reason === undefined ? {} : { reason: flags.reason }) },
  )
  self.stdout('retried' in answer ? `${answer.retried} moved back to pending\n` : `${answer.dropped} dropped\n`)
}
