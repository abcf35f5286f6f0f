import { InvalidArgumentError, type Command } from 'commander'
import { Complaint, parseDuration } from '../schema/index.ts'
import { action } from './client.ts'
import { dataOption } from './discover.ts'
import { examples } from './examples.ts'
import { collect, positive } from './option-values.ts'
import { withOutput } from './output.ts'
import type { RehearseFlags } from './rehearse/command.ts'

export function register(program: Command): void {
  withOutput(
    program
      .command('rehearse')
      .description(
        'Run a changed configuration on the newest rows of the journal, and print the rows that sinks would receive ' +
          'otherwise. ' +
          'Nothing is sent or written, and a server may be running on the folder.',
      )
      .argument('<file...>', 'the changed configuration: files and folders; later files override earlier ones')
      .option(
        '--running <FILE>',
        'the configuration to compare with; may be repeated (default: that of the installation, such as /etc/weir)',
        collect,
        [],
      )
      .option(...dataOption)
      .option('--since <TIME>', 'time before the newest row, as 30m, 2h or 1d', durationOf, 3600_000)
      .option('--limit <ROWS>', 'maximum rows; the newest are taken', positive, 100_000)
      .option('--examples <COUNT>', 'rows to print for each difference of a sink', positive, 2)
      .option('--no-environment', 'variables need not exist; settings with a variable are unknown'),
  )
    .addHelpText(
      ...examples(
        [
          'weir rehearse new.yaml',
          'weir rehearse new.yaml --running weir.yaml --data /var/lib/weir --since 6h',
          "weir rehearse new.yaml -o json | jq '.sinks[].differences'",
        ],
        {
          0: 'no difference',
          1: 'differences, or changed settings that the journal cannot show',
          2: 'invalid configuration, no journal, or usage error',
        },
      ),
    )
    .action(
      action(async (files: readonly string[], flags: RehearseFlags) => {
        const { rehearseCommand } = await import('./rehearse/command.ts')
        await rehearseCommand(files, flags)
      }),
    )
}

function durationOf(text: string): number {
  const ms = parseDuration(text)
  if (ms instanceof Complaint || ms <= 0) throw new InvalidArgumentError('It must be a time such as 30m, 2h or 1d.')
  return ms
}
