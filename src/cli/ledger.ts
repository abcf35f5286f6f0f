import type { Command } from 'commander'
import type { Ledger } from '../engine/control.ts'
import { self } from '../host/process.ts'
import { action, CommandError, requireServer, withServerFlags, type ServerFlags } from './client.ts'
import { discoverFolder } from './discover.ts'
import { colour } from './colour.ts'
import { printWatched, withOutput, withWatch, type Data, type WatchFlags } from './output.ts'
import { textTable } from './text-table.ts'
import { examples } from './examples.ts'

interface LedgerFlags extends ServerFlags, WatchFlags {
  readonly verify?: boolean
}

export type Verified = Readonly<{
  ledger: Ledger
  damaged: readonly Readonly<{ file: string; reason: string; rows: number }>[]
}>

type Verify = (data: string) => Promise<Verified>

export function register(program: Command, verify?: Verify): void {
  withServerFlags(
    withWatch(
      withOutput(
        program
          .command('ledger')
          .description(
            'Show the outcome of all accepted rows for every sink: filtered, delivered, dead-lettered, dropped, ' +
              'quarantined or pending.',
          ),
      ),
    ).option('--verify', 'recompute it from the files of the data folder instead of querying the server'),
  )
    .addHelpText(
      ...examples(
        ['weir ledger', 'weir ledger -o json --data /var/lib/weir | jq .balanced', 'weir ledger --verify'],
        { 0: 'balanced', 1: 'not balanced, damaged file (--verify) or server unreachable' },
        `Balanced means, for every sink: accepted rows of its sources = filtered + routed,
and routed = delivered + dead_lettered + dropped + quarantined + pending.
\`--verify\` verifies the checksums of every frame of the journal and every file of the store.`,
      ),
    )
    .action(action((flags: LedgerFlags) => run(flags, verify)))
}

async function run(flags: LedgerFlags, verify: Verify | undefined) {
  await printWatched(flags, async () => {
    const { ledger, damaged } =
      flags.verify === true
        ? await verified(flags, verify)
        : { ledger: await (await requireServer(flags)).json<Ledger>('GET', '/api/v1/ledger'), damaged: [] }
    for (const { file, reason, rows } of damaged)
      self.stderr(`weir: store file ${file} is damaged (${reason}): ${rows} rows are counted as quarantined here\n`)
    return { data: ledgerData(ledger), ok: ledger.balanced && damaged.length === 0 }
  })
}

function ledgerData(ledger: Ledger): Data {
  return {
    whole: ledger,
    rows: [
      ...ledger.sources.map((source) => ({ kind: 'source', ...source, shed: total(source.shed) })),
      ...ledger.sinks.map((sink) => ({
        kind: 'sink',
        ...sink,
        filtered: total(sink.filtered),
        dropped: total(sink.dropped),
        expired: total(sink.expired ?? {}),
      })),
    ],
    columns: [
      'kind',
      'name',
      'accepted',
      'duplicates',
      'shed',
      'unreadable',
      'filtered',
      'routed',
      'delivered',
      'pending',
      'dead_lettered',
      'dropped',
      'quarantined',
    ],
    table: () => ledgerText(ledger),
  }
}

async function verified(flags: LedgerFlags, verify: Verify | undefined): Promise<Verified> {
  if (flags.url !== undefined)
    throw new CommandError(
      '--verify reads a data folder of this machine and cannot be combined with --url.',
      ['Run it on the machine of the folder: weir ledger --verify --data DIR.'],
      2,
    )
  if (verify === undefined) throw new CommandError('This build cannot verify a ledger from disk.')
  return verify(await discoverFolder(flags.data, 'journal'))
}

const total = (reasons: Readonly<Record<string, number>>) => Object.values(reasons).reduce((sum, rows) => sum + rows, 0)

function ledgerText({ balanced, sources, sinks }: Ledger): string {
  const reasons = [
    ...sources.map(({ name, shed }) => ({ what: `${name} shed`, of: shed })),
    ...sinks.flatMap(({ name, filtered, dropped, expired = {} }) => [
      { what: `${name} filtered`, of: filtered },
      { what: `${name} dropped`, of: dropped },
      { what: `${name} delivered, expired since`, of: expired },
    ]),
  ].flatMap(({ what, of }) =>
    Object.entries(of)
      .filter(([, rows]) => rows > 0)
      .map(([why, rows]) => [what, why, rows]),
  )
  return [
    textTable(
      ['source', 'accepted', 'duplicates', 'shed', 'unreadable'],
      sources.map((source) => [source.name, source.accepted, source.duplicates, total(source.shed), source.unreadable]),
    ),
    textTable(
      ['sink', 'from', 'filtered', 'routed', 'delivered', 'pending', 'dead letters', 'dropped', 'quarantined'],
      sinks.map((sink) => [
        sink.state === undefined ? sink.name : `${sink.name} (${sink.state})`,
        sink.from.join(' '),
        total(sink.filtered),
        sink.routed,
        sink.delivered,
        sink.pending,
        sink.dead_lettered,
        total(sink.dropped),
        sink.quarantined,
      ]),
    ),
    ...(reasons.length === 0 ? [] : [textTable(['count', 'reason', 'rows'], reasons as (string | number)[][])]),
    balanced
      ? `${colour('green', 'balanced')}\n`
      : `${colour('red', 'NOT BALANCED')}: some rows are not accounted for\n`,
  ].join('\n')
}
