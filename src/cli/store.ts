import type { Command } from 'commander'
import type { StoreCheck } from '../store/check.ts'
import { action, CommandError } from './client.ts'
import { dataOption, discoverFolder } from './discover.ts'
import { sizeText } from '../model/size-text.ts'
import { self } from '../host/process.ts'
import { printData, withOutput, type OutputFlags } from './output.ts'
import { textTable } from './text-table.ts'
import { examples } from './examples.ts'

interface CheckFlags extends OutputFlags {
  readonly data?: string
}

export function register(program: Command): void {
  const store = program
    .command('store')
    .description('Inspect the store of a data folder. Nothing is changed, and a server may be running on it.')
    .addHelpText('after', '\nExample:\n  $ weir store check --data /var/lib/weir')

  withOutput(
    store
      .command('check')
      .description('Read every file of the store and verify its checksum.')
      .option(...dataOption),
  )
    .addHelpText(
      ...examples(
        ['weir store check --data /var/lib/weir', "weir store check -o json | jq '.damaged[].file'"],
        { 0: 'all files intact', 1: 'damaged file or no store' },
        `A running server excludes a damaged file before the next query, and restores the rows
that the journal still has.`,
      ),
    )
    .action(action(check))
}

async function check({ data: given, output }: CheckFlags) {
  const data = await discoverFolder(given, 'store')
  const [{ checkStore }, { realHost }] = await Promise.all([import('../store/check.ts'), import('../host/index.ts')])
  const { generation, check: report } = await checkStore({ host: realHost(), directory: `${data}/store` }).catch(
    (error: unknown) => {
      if (!(error instanceof Error && 'syscall' in error)) throw error
      throw new CommandError(`The store in ${data} cannot be read: ${error.message}.`, [
        'Run this command as the owner of the data folder; `weir doctor` shows details.',
      ])
    },
  )
  if (generation === 0) throw new CommandError(`There is no store in ${data}.`, ['Select the data folder with --data.'])
  await printData(
    { output },
    {
      whole: report,
      rows: report.damaged.map((file) => ({ ...file })),
      columns: ['file', 'reason', 'rows', 'from', 'to'],
      table: () => checkText(report),
    },
  )
  if (report.damaged.length > 0) self.leave(1)
}

function checkText({ files, rows, bytes, unverified, damaged, sums, lost }: StoreCheck): string {
  const count = (value: number, what: string) => `${value.toLocaleString('en-US')} ${what}${value === 1 ? '' : 's'}`
  const head = `${count(files, 'file')} with ${count(rows, 'row')}, ${sizeText(bytes)} read\n`
  const old =
    unverified === 0
      ? ''
      : `${count(unverified, 'file')} of an earlier version without a checksum: only the size was verified\n`
  const summed =
    sums.files === 0
      ? ''
      : `${count(sums.files, 'file')} of sums` +
        (sums.damaged.length === 0 ? '\n' : `; ${sums.damaged.length} damaged, which no result needs\n`)
  const gone = Object.entries(lost)
    .map(
      ([source, lostRows]) => `${source}: ${count(lostRows, 'row')} of files lost earlier, quarantined in the ledger\n`,
    )
    .join('')
  if (damaged.length === 0) return `${head}${old}${summed}${gone}every file is intact\n`
  const table = textTable(
    ['file', 'reason', 'rows', 'from', 'to'],
    damaged.map((file) => [file.file, file.reason, file.rows, file.from, file.to]),
  )
  return (
    `${head}${old}${summed}${gone}\n${table}\n${count(damaged.length, 'damaged file')}: Weir excludes it before the ` +
    'next query reads it and counts its rows as quarantined.\n'
  )
}
