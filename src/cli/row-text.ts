import { flowFields } from '../model/fields.ts'
import { changedFields } from './changed-fields.ts'
import { csvLine, type OutputFormat } from './output.ts'
import { cutText, isVertical, oneLine, showsHeaders, tableWidth } from './text-table.ts'
import { VerticalBlocks } from './vertical.ts'

type TapLine = Readonly<Record<string, unknown>>

type Shape = Readonly<{
  columns: readonly string[]
  titles: readonly (readonly [title: string, width: number])[]
  cells: (line: TapLine) => readonly string[]
}>

const text = (value: unknown) =>
  value === undefined || value === null
    ? ''
    : oneLine(typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean))
const time = (value: unknown) => (typeof value === 'string' ? value.slice(11, 23) : '')

function end(line: TapLine, side: 'src' | 'dst'): string {
  const address = text(line[`${side}_addr`])
  const port = line[`${side}_port`]
  const name = text(line[`${side}_name`])
  const host = address.includes(':') && port !== undefined ? `[${address}]` : address
  return `${host}${port === undefined ? '' : `:${text(port)}`}${name === '' ? '' : ` ${name}`}`
}

const protocols: Readonly<Record<string, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmp6', 132: 'sctp' }

const flow: Shape = {
  columns: ['_pos', ...flowFields.map(({ name }) => name)],
  titles: [
    ['received', 12],
    ['exporter', 15],
    ['source', 24],
    ['destination', 24],
    ['proto', 5],
    ['packets', 8],
    ['bytes', 10],
  ],
  cells: (line) => [
    time(line['time_received']),
    text(line['exporter_addr']),
    end(line, 'src'),
    end(line, 'dst'),
    protocols[text(line['proto'])] ?? text(line['proto']),
    text(line['packets']),
    text(line['bytes']),
  ],
}
const event: Shape = {
  columns: ['_pos', 'specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'data', 'data_base64'],
  titles: [
    ['time', 12],
    ['type', 32],
    ['source', 24],
    ['subject', 24],
    ['id', 16],
  ],
  cells: (line) =>
    ['time', 'type', 'source', 'subject', 'id'].map((key) => (key === 'time' ? time(line[key]) : text(line[key]))),
}
const message: Shape = {
  columns: ['_pos', 'to', 'body', 'body_base64', 'problem'],
  titles: [
    ['row', 20],
    ['to', 32],
    ['body', 20],
  ],
  cells: (line) => [
    text(line['_pos']),
    'problem' in line ? `not written: ${text(line['problem'])}` : text(line['to']),
    text(line['body'] ?? line['body_base64']),
  ],
}

const changed: Shape = {
  columns: ['row', 'outcome', 'field', 'before', 'after'],
  titles: [
    ['row', 24],
    ['outcome', 10],
    ['field', 20],
    ['before', 24],
    ['after', 24],
  ],
  cells: (line) => changed.columns.map((column) => text(line[column])),
}

function shapeOf(line: TapLine): Shape {
  if ('outcome' in line && 'field' in line) return changed
  if ('body' in line || 'body_base64' in line || 'problem' in line) return message
  return 'specversion' in line ? event : flow
}

export class TapTable {
  readonly #width: number
  #shape: Shape | undefined

  constructor(width: number) {
    this.#width = width
  }

  row(line: TapLine): string {
    const shape = shapeOf(line)
    const laid = (cells: readonly string[]) =>
      cutText(
        cells
          .map((cell, at) => cell.padEnd(shape.titles[at]?.[1] ?? 0))
          .join('  ')
          .trimEnd(),
        this.#width,
      )
    const titles = shape === this.#shape || !showsHeaders() ? '' : `${laid(shape.titles.map(([title]) => title))}\n`
    this.#shape = shape
    return `${titles}${laid(shape.cells(line))}\n`
  }
}

function linesOf(line: string): readonly TapLine[] {
  const parsed = JSON.parse(line) as TapLine
  return changedFields(parsed)?.map((field) => ({ ...field })) ?? [parsed]
}

export class RowText {
  readonly #format: OutputFormat
  readonly #table = new TapTable(tableWidth() ?? Infinity)
  readonly #blocks = new VerticalBlocks()
  #shape: Shape | undefined
  #rows = 0

  constructor(format: OutputFormat) {
    this.#format = format
  }

  async row(line: string): Promise<string> {
    this.#rows++
    switch (this.#format) {
      case 'ndjson':
        return `${line}\n`
      case 'json':
        return `${this.#rows === 1 ? '[' : ',\n'}${line}`
      case 'yaml':
        return (await import('yaml')).stringify([JSON.parse(line)], { lineWidth: 0 })
      case 'csv':
        return linesOf(line)
          .map((record) => this.#csv(record))
          .join('')
      case 'table':
        return linesOf(line)
          .map((record) => (isVertical() ? this.#blocks.text([record], Object.keys(record)) : this.#table.row(record)))
          .join('')
    }
  }

  end(): string {
    if (this.#format === 'json') return this.#rows === 0 ? '[]\n' : ']\n'
    return this.#format === 'yaml' && this.#rows === 0 ? '[]\n' : ''
  }

  #csv(row: TapLine) {
    const shape = shapeOf(row)
    const header = shape === this.#shape ? '' : csvLine(shape.columns)
    this.#shape = shape
    return header + csvLine(shape.columns.map((column) => row[column]))
  }
}
