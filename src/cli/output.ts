import { Option, type Command } from 'commander'
import { realHost } from '../host/index.ts'
import { self } from '../host/process.ts'
import { csvText } from '../model/csv-text.ts'
import { secondsOf } from './option-values.ts'
import { isVertical, oneLine, textTable, useTableStyle } from './text-table.ts'
import { VerticalBlocks } from './vertical.ts'

export const outputFormats = ['table', 'json', 'ndjson', 'csv', 'yaml'] as const
export type OutputFormat = (typeof outputFormats)[number]

export interface OutputFlags {
  readonly output: OutputFormat
}

export interface WatchFlags extends OutputFlags {
  readonly watch?: true | number
}

export type Row = Readonly<Record<string, unknown>>

/** Data to print. `json` and `yaml` print `whole`; `ndjson` and `csv` print `rows`. */
export type Data = Readonly<{
  whole: unknown
  rows: readonly Row[]
  columns: readonly string[]
  table?: () => string
}>

export function withOutput(command: Command, preset: OutputFormat = 'table', more: readonly string[] = []): Command {
  const hasTable = preset === 'table'
  command.addOption(
    new Option(
      '-o, --output <FORMAT>',
      hasTable ? 'output format; wide is a table that is not cut, vertical has a block for each row' : 'output format',
    )
      .choices([...outputFormats, ...(hasTable ? ['wide', 'vertical'] : []), ...more])
      .default(preset),
  )
  if (!hasTable) return command
  return command.option('--no-headers', 'tables without titles').hook('preAction', (_, called) => {
    const { output, headers } = called.opts<{ output: string; headers: boolean }>()
    const layout = output === 'wide' || output === 'vertical' ? output : 'fit'
    useTableStyle({ layout, headers })
    if (layout !== 'fit') called.setOptionValue('output', 'table')
  })
}

export function withWatch(command: Command): Command {
  return command.option('--watch [SECONDS]', 'print it repeatedly, every 2 seconds by default', secondsOf)
}

export async function outputText(
  format: OutputFormat,
  { whole, rows, columns, table }: Data,
  results: 'single' | 'repeated' = 'single',
): Promise<string> {
  switch (format) {
    case 'json':
      return `${JSON.stringify(whole)}\n`
    case 'yaml':
      return `${results === 'repeated' ? '---\n' : ''}${(await import('yaml')).stringify(whole, { lineWidth: 0 })}`
    case 'ndjson':
      return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
    case 'csv':
      return [columns, ...rows.map((row) => columns.map((column) => row[column]))].map(csvLine).join('')
    case 'table':
      if (isVertical() && rows.length > 0) return new VerticalBlocks().text(rows, columns)
      return (
        table?.() ??
        textTable(
          columns.map((column) => column.replaceAll('_', ' ')),
          rows.map((row) => columns.map((column) => tableCell(row[column]))),
        )
      )
  }
}

export async function printData({ output }: OutputFlags, data: Data): Promise<void> {
  await print(await outputText(output, data))
}

const overwrite = '\u001B[H\u001B[J'

/** Exit code 1 if `next()` is not `ok`. With `watch`, a table on a terminal overwrites the previous one. */
export async function printWatched(
  { output, watch }: WatchFlags,
  next: () => Promise<Readonly<{ data: Data; ok: boolean }>>,
): Promise<void> {
  for (;;) {
    const { data, ok } = await next()
    const text = await outputText(output, data, watch === undefined ? 'single' : 'repeated')
    if (watch === undefined || output !== 'table') await print(text)
    else await print(self.interactive ? overwrite + text : `${text}\n`)
    if (watch === undefined) return ok ? undefined : self.leave(1)
    await realHost().timers.sleep(1000 * (watch === true ? 2 : watch))
  }
}

export function csvLine(values: readonly unknown[]): string {
  return `${values
    .map((value) => plain(value))
    .map((text) => (text === '' ? '' : csvText(text)))
    .join(',')}\r\n`
}

function tableCell(value: unknown) {
  return typeof value === 'number' ? value : oneLine(plain(value))
}

function plain(value: unknown) {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Resolves when the reader can accept more. A closed pipe ends the process (host/process.ts). */
export async function print(bytes: Uint8Array | string): Promise<void> {
  if (!process.stdout.write(bytes)) await new Promise((resolve) => process.stdout.once('drain', resolve))
}
