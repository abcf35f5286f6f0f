import { cloudTypes } from '../../model/cloud.ts'
import type { WeirEvent } from '../../model/events.ts'
import { areUnreadable, cellOf, complete, valueOf, type Cells } from './cells.ts'
import { focusColumns, type FocusColumn } from './columns.ts'
import { contentHash, keyCells, keyHash } from './keys.ts'
import type { ColumnMapping, CostOrigin } from './row.ts'
import { millisOf, secondsText } from './values.ts'

/** A row of a file: its JSON without the key and the time of collection. */
export type CostLine = Readonly<{
  /** Key of the first row with the columns that identify a charge. */
  key: string
  /** Start of the charge, Unix ms. */
  time: number
  head: string
  tail: string
}>

/** `at`: place of the column among the columns of FOCUS. */
type Input = Readonly<{ at: number; column: FocusColumn; from: number; constant: string | null }>

/** A column of the file, or a constant. */
type Own = Readonly<{ from: number; constant: string | undefined }>

const [start, tags] = [cellOf('ChargePeriodStart'), cellOf('Tags')]
/** The first column is mandatory. */
const names = focusColumns.map(({ name }, at) => `${at === 0 ? '{' : ','}"${name}":`)

/** Maps rows of a file to events. Values become JSON at once: objects of 40 columns took three times as long. */
export class CostLines {
  /** Number of rows without the tags of the file, because these cannot be read. */
  unreadableTags = 0
  readonly #inputs: readonly Input[]
  readonly #tags: Input | undefined
  readonly #estimated: Own
  readonly #version: Own
  readonly #origin: CostOrigin
  readonly #file: Readonly<{ key: string; columns: string; collected: string }>
  readonly #cells: Cells = focusColumns.map(() => undefined)
  /** Cells of the row before: most columns repeat. */
  readonly #last: Cells = focusColumns.map(() => undefined)
  readonly #json = focusColumns.map(() => 'null')
  readonly #members = focusColumns.map(() => '')

  constructor(header: readonly string[], { columns, constants }: ColumnMapping, origin: CostOrigin) {
    const indexes = new Map(header.map((name, index) => [name, index]))
    const ownColumn = (name: string): Own => {
      const column = columns[name]
      return column === undefined
        ? { from: -1, constant: constants[name] }
        : { from: indexes.get(column) ?? -1, constant: undefined }
    }
    this.#inputs = focusColumns
      .map((column, at) => ({
        at,
        column,
        from: ownColumn(column.name).from,
        constant: constants[column.name] ?? null,
      }))
      .filter(({ from, constant }) => from >= 0 || constant !== null)
    this.#tags = this.#inputs.find(({ at }) => at === tags)
    this.#estimated = ownColumn('x_Estimated')
    this.#version = ownColumn('x_FocusVersion')
    this.#origin = origin
    const { source, file, collected } = origin
    this.#file = {
      key: `${jsonText(source)},${file === undefined ? 'null' : jsonText(file)}`,
      columns: `,"x_Source":${jsonText(source)}${file === undefined ? '' : `,"x_File":${jsonText(file)}`}`,
      collected: `,"x_CollectedAt":"${secondsText(new Date(collected))}"`,
    }
  }

  /** Throws a CostRowError. */
  read(values: readonly (string | null)[]): CostLine {
    const cells = this.#cells
    cells.fill(undefined)
    for (const { at, column, from, constant } of this.#inputs)
      cells[at] = valueOf(column, values[from]) ?? constant ?? undefined
    complete(cells)
    if (
      cells[tags] === undefined &&
      this.#tags !== undefined &&
      areUnreadable(this.#tags.column, values[this.#tags.from])
    )
      this.unreadableTags++
    const [json, last] = [this.#json, this.#last]
    let head = ''
    for (let at = 0; at < cells.length; at++) {
      const value = cells[at]
      if (value !== last[at]) {
        last[at] = value
        json[at] = typeof value === 'string' ? jsonText(value) : 'null'
        this.#members[at] = value === undefined ? '' : names[at]! + json[at]!
      }
      head += this.#members[at]!
    }
    const [version, estimated] = [textOf(this.#version, values), textOf(this.#estimated, values)]
    if (version !== undefined) head += `,"x_FocusVersion":${jsonText(version)}`
    let key = '['
    for (const at of keyCells) key += `${json[at]!},`
    const isEstimated = estimated === undefined ? this.#origin.estimated : /^(true|1|yes)$/i.test(estimated)
    return {
      key: keyHash(`${key}${this.#file.key}]`),
      time: millisOf(cells[start] ?? ''),
      head: `${head},"x_Estimated":"${isEstimated}"${this.#file.columns}`,
      tail: version === undefined ? ',"x_FocusVersion":"1.2"' : '',
    }
  }

  /** The same hash as `costHash` of the row. */
  hash({ head, tail }: CostLine, key: string): string {
    return contentHash(`${head}${tail},"x_RowKey":"${key}"}`)
  }

  /** The same event as `costEvent` of the row. */
  event({ head, tail, time }: CostLine, key: string, hash: string): WeirEvent {
    return {
      id: `${key}-${hash}`,
      source: `/spend/${this.#origin.source}`,
      type: cloudTypes.cost,
      key,
      time,
      datacontenttype: 'application/json',
      family: 'cost',
      encoding: 'json',
      data: Buffer.from(`${head}${this.#file.collected}${tail},"x_RowKey":"${key}"}`),
    }
  }
}

function textOf({ from, constant }: Own, values: readonly (string | null)[]): string | undefined {
  return (from < 0 ? constant : values[from]) ?? undefined
}

const escapedCharacters = /["\\\p{Cc}\p{Cs}]/u

/** As JSON.stringify, which costs more for a short text. */
function jsonText(text: string): string {
  return escapedCharacters.test(text) ? JSON.stringify(text) : `"${text}"`
}
