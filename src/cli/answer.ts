import { Option } from 'commander'
import type { Command } from 'commander'
import { oneLine, textTable } from './text-table.ts'
import { csvText } from '../model/csv-text.ts'

export const answerForms = ['table', 'json', 'ndjson', 'csv', 'yaml'] as const
export type AnswerForm = (typeof answerForms)[number]

export interface AnswerFlags {
  readonly output: AnswerForm
}

export type Row = Readonly<Record<string, unknown>>

export function withAnswerForm(command: Command): Command {
  return command.addOption(new Option('-o, --output <FORM>', 'output format').choices(answerForms).default('table'))
}

/** `whole` is printed by `json` and `yaml`. `rows` are printed by the other forms, under these columns. */
export async function answerText(
  form: AnswerForm,
  {
    whole,
    rows,
    columns,
  }: { readonly whole: unknown; readonly rows: readonly Row[]; readonly columns: readonly string[] },
): Promise<string> {
  switch (form) {
    case 'json':
      return `${JSON.stringify(whole)}\n`
    case 'yaml':
      return (await import('yaml')).stringify(whole, { lineWidth: 0 })
    case 'ndjson':
      return rows.map((row) => `${JSON.stringify(row)}\n`).join('')
    case 'csv':
      return [columns, ...rows.map((row) => columns.map((column) => row[column]))]
        .map((line) => `${line.map(csvCell).join(',')}\r\n`)
        .join('')
    case 'table':
      return textTable(
        columns.map((column) => column.replaceAll('_', ' ')),
        rows.map((row) => columns.map((column) => tableCell(row[column]))),
      )
  }
}

function csvCell(value: unknown): string {
  const text = plain(value)
  return text === '' ? '' : csvText(text)
}

function tableCell(value: unknown): string | number {
  return typeof value === 'number' ? value : oneLine(plain(value))
}

function plain(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
