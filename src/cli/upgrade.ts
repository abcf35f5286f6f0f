import type { Command } from 'commander'
import { version } from '../app/version.ts'
import { readHolder, holderText } from '../app/lock.ts'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { action, CommandError } from './client.ts'
import { findingsText, ok, warn, type Finding } from './doctor/finding.ts'
import { examples } from './examples.ts'
import { printData, withOutput, type OutputFlags } from './output.ts'

interface UpgradeFlags extends OutputFlags {
  readonly check: string
}

export function register(program: Command): void {
  withOutput(
    program
      .command('upgrade')
      .description(
        'Check whether this version can continue a data folder: the formats found, what a start would convert, and ' +
          'what prevents it. Nothing is changed, and a server may be running.',
      )
      .requiredOption('--check <DIR>', 'data folder to read'),
  )
    .addHelpText(
      ...examples(['weir upgrade --check /var/lib/weir', 'weir upgrade --check /backup/weir -o json'], {
        0: 'this version continues the folder',
        1: 'it does not; the failing lines state why',
      }),
    )
    .action(action(run))
}

async function run({ check: data, output }: UpgradeFlags) {
  const host = realHost()
  const there = await host.disk.stat(data)
  if (there?.directory !== true)
    throw new CommandError(`There is no data folder ${data}.`, ['Name the folder of `data` or --data.'])
  const { checkFormats } = await import('./upgrade/formats.ts')
  const findings = [holder(data), ...(await checkFormats(host, data))]
  const blocked = findings.some(({ status }) => status === 'fail')
  await printData(
    { output },
    {
      whole: { version, data, ok: !blocked, checks: findings },
      rows: findings.map((finding) => ({ ...finding })),
      columns: ['check', 'status', 'fact', 'advice'],
      table: () =>
        `${findingsText(findings)}\nWeir ${version} ${blocked ? 'cannot continue' : 'continues'} the folder ${data}.\n`,
    },
  )
  if (blocked) self.leave(1)
}

function holder(data: string): Finding {
  const held = readHolder(data)
  if (held === undefined) return ok('lock', 'no process uses the folder')
  return warn('lock', `in use by ${holderText(held)}`, 'Stop it before the new version starts.')
}
