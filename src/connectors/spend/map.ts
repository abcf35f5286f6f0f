import {
  CostLines,
  CostRowError,
  mappingFor,
  repeatedKey,
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
  readonly #lines: CostLines
  /** Rows by key, if several have the same. */
  readonly #repeated = new Map<string, number>()

  constructor(header: readonly string[], mapping: ColumnMapping, origin: CostOrigin, before: FileRows) {
    const names = header.map((name) => name.replace(/^\uFEFF/, '').trim())
    this.#columns = new Map(names.map((name, index) => [name, index]))
    this.#mapping = mappingFor(names, mapping)
    this.#lines = new CostLines(names, this.#mapping, origin)
    this.#origin = origin
    this.#before = before
  }

  get unreadableTags(): number {
    return this.#lines.unreadableTags
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
      const row = this.#lines.read(values)
      const key = this.#keyOf(row.key)
      const hash = this.#lines.hash(row, key)
      const entry = `${hash} ${row.time}`
      this.rows.set(key, entry)
      if (this.#before.get(key) === entry) return undefined
      this.changed++
      return this.#lines.event(row, key, hash)
    } catch (error) {
      if (!(error instanceof CostRowError)) throw error
      this.rejectedRows++
      if (this.rejected.length < 10) this.rejected.push({ line, reason: error.message })
      return undefined
    }
  }

  #keyOf(key: string): string {
    if (!this.rows.has(key)) return key
    const occurrence = (this.#repeated.get(key) ?? 0) + 1
    this.#repeated.set(key, occurrence)
    return repeatedKey(key, occurrence)
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
