/** Tables and views in ClickHouse with the rows of a batch, as the sink `clickhouse` stores them. */
import {
  BlockTexts,
  bytesOf,
  encodeBlock,
  eventColumns,
  eventColumnTypes,
  flowColumns,
  flowColumnType,
  readRows,
  type NativeColumn,
} from '../../codecs/clickhouse-native/index.ts'
import type { Batch } from '../../model/batches.ts'
import { flowFields, type Field } from '../../model/fields.ts'
import { serviceSql } from '../../model/service-port.ts'
import { clickhouseSettings } from '../dialect.ts'
import type { NameTable } from '../names.ts'
import { header } from './agreement.ts'

export class ClickhouseTables {
  readonly #url: string

  /** Of the HTTP interface. */
  constructor(url: string) {
    this.#url = url
  }

  /** Replaces the table; `n` is the row's number. `sequence`: in the position of the rows. */
  async fill(names: NameTable, batch: Batch, sequence = header.sourceSequence): Promise<void> {
    const rows = Uint32Array.from({ length: batch.count }, (_, row) => row)
    const texts = new BlockTexts()
    const number: NativeColumn = { name: 'n', type: 'UInt32', data: [bytesOf(rows)] }
    const columns =
      batch.kind === 'flows'
        ? flowColumns([{ batch, rows }], batch.count, flowFields, texts)
        : eventColumns([{ batch, rows }], batch.count, texts)
    const types =
      batch.kind === 'flows'
        ? (flowFields as readonly Field[]).map((field) => `"${field.name}" ${flowColumnType(field)}`)
        : Object.entries({
            ...eventColumnTypes,
            ...Object.fromEntries(columns.map(({ name, type }) => [name, type])),
          }).map(([name, type]) => `"${name}" ${type}`)
    await this.#post(`DROP TABLE IF EXISTS made_${names.view}`)
    await this.#post(`CREATE TABLE made_${names.view} (n UInt32, ${types.join(', ')}) ENGINE = MergeTree ORDER BY n`)
    await this.#post(
      `CREATE OR REPLACE VIEW ${names.view} AS SELECT n, ${viewed(names, sequence).join(', ')} FROM made_${names.view}`,
    )
    const all = [number, ...columns]
    await this.#post(
      `INSERT INTO made_${names.view} (${all.map(({ name }) => `"${name}"`).join(', ')}) FORMAT Native`,
      encodeBlock(all, batch.count),
    )
  }

  async rows<Row>(sql: string): Promise<Row[]> {
    return readRows<Row>(await this.#post('', Buffer.from(`${sql} FORMAT Native`)))
  }

  async #post(query: string, body: Uint8Array = new Uint8Array()): Promise<Uint8Array> {
    const settings = /^$/.test(query) ? clickhouseSettings : {}
    const parameters = new URLSearchParams({ ...(query === '' ? {} : { query }), ...settings })
    const response = await fetch(`${this.#url}/?${parameters.toString()}`, { method: 'POST', body })
    const answer = new Uint8Array(await response.arrayBuffer())
    if (!response.ok) throw new Error(Buffer.from(answer).toString())
    return answer
  }
}

const service = serviceSql('clickhouse')

function viewed(names: NameTable, sequence: number): readonly string[] {
  const position = `concat('${header.source}:${header.epoch}:${sequence}:', toString(n)) AS _pos`
  if (names.view === 'flows')
    return [
      ...flowFields.map(({ name }) =>
        name === 'time_skewed' ? "CAST(time_skewed, 'Nullable(Bool)') AS time_skewed" : `"${name}"`,
      ),
      ...['bytes', 'packets'].map((name) => `toUInt128(${name}) * coalesce(sampling, 1) AS ${name}_est`),
      `${service.port} AS service_port`,
      `${service.initiator} AS initiator`,
      position,
    ]
  return [
    ...Object.keys(eventColumnTypes)
      .filter((name) => name !== 'data')
      .map((name) => `"${name}"`),
    "if(encoding IN ('none', 'binary'), NULL, data) AS data",
    "if(encoding = 'binary', base64Encode(data), NULL) AS data_base64",
    `fromUnixTimestamp64Micro(${header.received}000, 'UTC') AS time_received`,
    position,
  ]
}
