import type { Command } from 'commander'
import { action, CommandError } from './client.ts'
import { dataOption, discoverFolder } from './discover.ts'
import { positive } from './option-values.ts'
import { withOutput, type OutputFlags } from './output.ts'
import { examples } from './examples.ts'

export function register(program: Command): void {
  const journal = program
    .command('journal')
    .description('Inspect the journal of a data folder. Nothing is changed, and a server may be running on it.')
    .addHelpText('after', '\nExample:\n  $ weir journal check --data /var/lib/weir')

  withOutput(
    journal
      .command('check')
      .description('Read every frame and verify its checksums.')
      .option(...dataOption),
  )
    .addHelpText(
      ...examples(
        ['weir journal check --data /var/lib/weir', "weir journal check -o json | jq '.unreadable | length'"],
        { 0: 'all data readable', 1: 'unreadable data or no journal' },
        'The row count of an unreadable range is `null` (`?`) if no later frame contains it.',
      ),
    )
    .action(withReadErrors(async (flags: CheckFlags) => (await import('./journal-check.ts')).checkCommand(flags)))

  withOutput(
    journal
      .command('list')
      .description('List the segments with sequences, frames, rows, sizes, times and sources.')
      .option(...dataOption),
  )
    .addHelpText(...examples(['weir journal list --data /var/lib/weir'], { 1: 'no journal or unreadable' }))
    .action(withReadErrors(async (flags: CheckFlags) => (await import('./journal-list.ts')).listCommand(flags)))

  withOutput(
    journal
      .command('export')
      .description(
        'Print rows, by default as JSON, one per line: events as CloudEvents, flows as flat objects, each with ' +
          'its `_pos`.',
      )
      .option(...dataOption)
      .option('--from <SEQUENCE>', 'first frame (default: the oldest)', positive)
      .option('--to <SEQUENCE>', 'last frame (default: the newest)', positive)
      .option('--source <ID>', 'only rows of this source'),
    'ndjson',
  )
    .addHelpText(
      ...examples(
        [
          'weir journal export --source http > events.ndjson',
          'weir journal export --from 1200 --to 1300 | jq -r ._pos',
        ],
        { 1: 'unreadable data (reported on standard error) or no journal' },
        'Sequences are those of `weir journal list`.',
      ),
    )
    .action(withReadErrors(async (flags: ExportFlags) => (await import('./journal-export.ts')).exportCommand(flags)))
}

function withReadErrors<F extends CheckFlags>(
  act: (flags: F) => Promise<void>,
): (flags: Omit<F, 'data'> & { readonly data?: string }) => Promise<void> {
  return action(async (flags) => {
    const data = await discoverFolder(flags.data, 'journal')
    try {
      await act({ ...flags, data } as F)
    } catch (error) {
      if (!(error instanceof Error && 'syscall' in error)) throw error
      throw new CommandError(`The journal in ${data} cannot be read: ${error.message}.`, [
        'Run this command as the owner of the data folder; `weir doctor` shows details.',
      ])
    }
  })
}

export interface CheckFlags extends OutputFlags {
  readonly data: string
}

export interface ExportFlags extends OutputFlags {
  readonly data: string
  readonly from?: number
  readonly to?: number
  readonly source?: string
}
