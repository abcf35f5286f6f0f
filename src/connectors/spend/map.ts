import {
  costEvent,
  costHash,
  costRow,
  CostRowError,
  mappingFor,
  rowKey,
  textIn,
  type ColumnMapping,
  type CostOrigin,
} from '../../codecs/focus/index.ts'
import { cloudTypes } from '../../model/cloud.ts'
import type { WeirEvent } from '../../model/events.ts'

/** Rows of a file by key: the hash of the content, and the start of the charge in Unix ms. */
export type FileRows = Map<string, string>

export type Rejected = Readonly<{ line: number; reason: string }>

/** Compares the rows of one reading of a file with those of the reading before. */
export class FileReading {
  readonly rows: FileRows = new Map()
  readonly rejected: Rejected[] = []
  rejectedRows = 0
  changed = 0
  readonly #before: FileRows
  readonly #origin: CostOrigin
  readonly #columns: ReadonlyMap<string, number>
  readonly #mapping: ColumnMapping

  constructor(header: readonly string[], mapping: ColumnMapping, origin: CostOrigin, before: FileRows) {
    const names = header.map((name) => name.replace(/^\uFEFF/, '').trim())
    this.#columns = new Map(names.map((name, index) => [name, index]))
    this.#mapping = mappingFor(names, mapping)
    this.#origin = origin
    this.#before = before
  }

  /** Columns without which no row is usable. */
  get missing(): readonly string[] {
    const { columns, constants } = this.#mapping
    return ['BilledCost', 'BillingCurrency', 'BillingAccountId', 'ChargePeriodStart', 'ProviderName'].filter(
      (name) => !(columns[name] !== undefined && this.#columns.has(columns[name])) && constants[name] === undefined,
    )
  }

  /** The event of a new or changed row. */
  take(line: number, values: readonly (string | null)[]): WeirEvent | undefined {
    try {
      if (values.length !== this.#columns.size)
        throw new CostRowError(`It has ${values.length} values, and the header has ${this.#columns.size}.`)
      const row = costRow((name) => values[this.#columns.get(name) ?? -1], this.#mapping, this.#origin)
      let key = textIn(row, 'x_RowKey')
      for (let occurrence = 1; this.rows.has(key); occurrence++) key = rowKey(row, occurrence)
      const own = { ...row, x_RowKey: key }
      const entry = `${costHash(own)} ${Date.parse(textIn(own, 'ChargePeriodStart'))}`
      this.rows.set(key, entry)
      if (this.#before.get(key) === entry) return undefined
      this.changed++
      return costEvent(own)
    } catch (error) {
      if (!(error instanceof CostRowError)) throw error
      this.rejectedRows++
      if (this.rejected.length < 10) this.rejected.push({ line, reason: error.message })
      return undefined
    }
  }

  /** Events of the rows that the file no longer has. */
  *removed(collected: number): Generator<WeirEvent> {
    for (const [key, entry] of this.#before) if (!this.rows.has(key)) yield removal(key, entry, this.#origin, collected)
  }
}

const utf8 = new TextEncoder()

/** The event of a row that its source no longer has. */
export function removal(key: string, entry: string, { source, file }: CostOrigin, collected: number): WeirEvent {
  const time = Number(entry.split(' ')[1])
  const at = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
  const row = {
    x_RowKey: key,
    x_Source: source,
    x_File: file ?? null,
    x_Removed: 'true',
    x_CollectedAt: at(collected),
    ChargePeriodStart: at(time),
  }
  return {
    id: `${key}-removed-${collected.toString(36)}`,
    source: `/spend/${source}`,
    type: cloudTypes.cost,
    key,
    time,
    datacontenttype: 'application/json',
    family: 'cost',
    encoding: 'json',
    data: utf8.encode(JSON.stringify(row)),
  }
}
