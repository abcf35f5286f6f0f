import type { DuckDBAppender, DuckDBConnection } from '@duckdb/node-api'
import type { Holders } from '../../engine/contracts.ts'
import { endpointParts, type Endpoint, type EndpointPart } from '../../model/endpoint.ts'
import type { RowsReceived } from '../../model/rows-received.ts'
import { formatIp } from '../../model/ip.ts'
import { quoted } from '../duck.ts'
import { receiptOf, type Receipt } from '../extent.ts'
import type { EndpointRange } from '../flows/endpoint-names.ts'
import type { StoredFile } from '../record.ts'
import { revisionOf } from '../resolve-unknown.ts'
import { columnSet, schemaVersion, type FlowColumn } from '../schema.ts'
import type { FlowRows, UnknownEndpoint } from '../table-writer.ts'
import { FlowChunks, frameColumn, ownTypes } from './vectors.ts'

type Api = typeof import('@duckdb/node-api')

/** Rows of a vector of DuckDB. */
const vectorRows = 2048

const bytesOf: Readonly<Record<string, number>> = { UTINYINT: 1, USMALLINT: 2, UINTEGER: 4, INTEGER: 4 }
/** A text has its first bytes beside its length. */
const [wideBytes, textBytes] = [8, 16]

/** A table of flows and one of their endpoints; both are dropped at once. */
export class Segment {
  readonly columns: readonly FlowColumn[]
  rows = 0
  bytes = 0
  first = 0
  last = 0
  /** Unix ms of the newest frame. */
  received = 0
  #receipt: Receipt = { receivedMin: Infinity, receivedMax: -Infinity, endTimes: true }
  endpoints = 0
  #unknown: UnknownEndpoint[] = []
  readonly number: number
  readonly #connection: DuckDBConnection
  readonly #appender: DuckDBAppender
  #endpointAppender: DuckDBAppender
  readonly #parts: EndpointPart[] = []
  readonly #chunks: FlowChunks
  readonly #rowBytes: number

  private constructor(
    number: number,
    opened: Readonly<{
      api: Api
      connection: DuckDBConnection
      columns: readonly FlowColumn[]
      appenders: Readonly<{ flows: DuckDBAppender; endpoints: DuckDBAppender }>
    }>,
  ) {
    const { api, connection, columns, appenders } = opened
    this.number = number
    this.#connection = connection
    this.columns = columns
    this.#appender = appenders.flows
    this.#endpointAppender = appenders.endpoints
    this.#chunks = new FlowChunks(api, columns)
    const types = [...columns.map(({ type }) => type), ...Object.values(ownTypes)]
    this.#rowBytes = types.reduce((sum, type) => sum + (bytesOf[type] ?? (isNumber(type) ? wideBytes : textBytes)), 0)
  }

  static async create(
    number: number,
    { api, connection, columns }: Readonly<{ api: Api; connection: DuckDBConnection; columns: readonly FlowColumn[] }>,
  ): Promise<Segment> {
    const list = [
      ...columns.map(({ name, type }) => `"${name}" ${type}`),
      ...Object.entries(ownTypes).map(([name, type]) => `${name} ${type}`),
    ]
    const { flows, endpoints } = namesOf(number)
    await connection.run(
      `CREATE TABLE ${flows} (${list.join(', ')}); CREATE TABLE ${endpoints} (ep BIGINT, addr VARCHAR)`,
    )
    const appenders = {
      flows: await connection.createAppender(flows),
      endpoints: await connection.createAppender(endpoints),
    }
    return new Segment(number, { api, connection, columns, appenders })
  }

  /** `frame`: sequence in the journal. */
  append(rows: FlowRows, frame: number): void {
    const { batch, origin } = rows
    for (let from = 0; from < batch.count; from += vectorRows) {
      const count = Math.min(vectorRows, batch.count - from)
      this.#appender.appendDataChunk(this.#chunks.chunk({ rows, from, count, frame }))
    }
    const { receivedMin, receivedMax, endTimes } = receiptOf(batch, origin.received)
    this.#receipt = {
      receivedMin: Math.min(this.#receipt.receivedMin, receivedMin),
      receivedMax: Math.max(this.#receipt.receivedMax, receivedMax),
      endTimes: this.#receipt.endTimes && endTimes,
    }
    if (this.rows === 0) this.first = frame
    this.last = frame
    this.received = origin.received
    this.rows += batch.count
    this.bytes += batch.count * this.#rowBytes
  }

  get receivedRows(): RowsReceived {
    return { from: this.#receipt.receivedMin, to: this.#receipt.receivedMax, rows: this.rows }
  }

  get name(): string {
    return namesOf(this.number).flows
  }

  async takeEndpoints(ranges: readonly EndpointRange[]): Promise<void> {
    await this.#addParts(ranges)
    const appender = this.#endpointAppender
    for (const { names, from, to } of ranges)
      for (let index = from; index < to; index++) {
        const address = formatIp(names.addresses(index, index + 1), 0)
        const meaning: Endpoint = names.meaning(index) ?? {}
        const [id, unknownAt] = [names.base + index, names.unknownAt(index)]
        if (unknownAt !== undefined) this.#unknown.push({ id, address, unknownAt, cluster: meaning.cluster })
        appender.appendBigInt(BigInt(id))
        appender.appendVarchar(address)
        for (const part of this.#parts) {
          const text = meaning[part]
          if (text === undefined) appender.appendNull()
          else appender.appendVarchar(text)
        }
        appender.endRow()
        this.endpoints++
        this.bytes += (2 + this.#parts.length) * textBytes
      }
  }

  /** Columns that no endpoint needed before. */
  async #addParts(ranges: readonly EndpointRange[]) {
    const parts = partsIn(ranges).filter((part) => !this.#parts.includes(part))
    if (parts.length > 0) await this.#widen(parts)
  }

  async #widen(parts: readonly EndpointPart[]) {
    const { endpoints } = namesOf(this.number)
    this.#endpointAppender.closeSync()
    for (const part of parts) await this.#connection.run(`ALTER TABLE ${endpoints} ADD COLUMN ${part} VARCHAR`)
    this.#endpointAppender = await this.#connection.createAppender(endpoints)
    this.#parts.push(...parts)
  }

  /** Names of a watched cluster can arrive after the flows. */
  async nameUnknown(holders: Holders): Promise<void> {
    const revisions = this.#unknown.flatMap((endpoint) => revisionOf(endpoint, holders))
    if (revisions.length === 0) return
    const named = new Set(revisions.map(({ id }) => id))
    this.#unknown = this.#unknown.filter(({ id }) => !named.has(id))
    this.flush()
    const used = endpointParts.filter((part) => revisions.some(({ meaning }) => meaning[part] !== undefined))
    const missing = used.filter((part) => !this.#parts.includes(part))
    if (missing.length > 0) await this.#widen(missing)
    const text = (value: string | undefined) => (value === undefined ? 'NULL' : quoted(value))
    const values = revisions.map(
      ({ id, meaning }) => `(${[id, ...used.map((part) => text(meaning[part]))].join(', ')})`,
    )
    const set = used.map((part) => `${part} = coalesce(e.${part}, r.${part})`)
    await this.#connection.run(
      `UPDATE ${namesOf(this.number).endpoints} e SET ${set.join(', ')}
        FROM (VALUES ${values.join(', ')}) r(ep, ${used.join(', ')}) WHERE e.ep = r.ep`,
    )
  }

  /** Makes rows visible to queries. */
  flush(): void {
    this.#endpointAppender.flushSync()
    this.#appender.flushSync()
  }

  /** As files; frames up to `evicted` are not in it, and rows of later frames are not in this version. */
  files(evicted: number): readonly StoredFile[] {
    const { flows, endpoints } = namesOf(this.number)
    const { receivedMin, receivedMax, endTimes } = this.#receipt
    const about = {
      // Flows are joined with the endpoints of their day only.
      hour: 24 * this.number,
      firstSequence: this.first,
      lastSequence: this.last,
      schema: schemaVersion,
      bytes: this.bytes,
      timeMin: null,
      timeMax: null,
      receivedMin,
      receivedMax,
    }
    const set = (stream: 'flows' | 'endpoints', names: readonly string[]) => {
      const columns = columnSet(stream, names)
      return columns === undefined ? {} : { columns }
    }
    const lower = evicted < this.first ? '' : `${frameColumn} > ${evicted} AND `
    return [
      {
        ...about,
        ...set(
          'flows',
          this.columns.map(({ name }) => name),
        ),
        ...(endTimes ? { endTimes } : {}),
        name: flows,
        stream: 'flows',
        rows: this.rows,
        table: { name: flows, where: `${lower}${frameColumn} <= ${this.last}` },
      },
      {
        ...about,
        ...set('endpoints', ['ep', ...this.#parts]),
        name: endpoints,
        stream: 'endpoints',
        rows: this.endpoints,
        table: { name: endpoints, where: '' },
      },
    ]
  }

  async drop(): Promise<void> {
    for (const appender of [this.#appender, this.#endpointAppender]) {
      appender.clear()
      appender.closeSync()
    }
    const { flows, endpoints } = namesOf(this.number)
    await this.#connection.run(`DROP TABLE ${flows}; DROP TABLE ${endpoints}`)
  }
}

function namesOf(number: number) {
  return { flows: `newest_flows_${number}`, endpoints: `newest_endpoints_${number}` }
}

function partsIn(ranges: readonly EndpointRange[]): readonly EndpointPart[] {
  const parts = new Set<EndpointPart>()
  for (const { names, from, to } of ranges) {
    if (!names.hasMeanings) continue
    for (let index = from; index < to; index++)
      for (const part of Object.keys(names.meaning(index) ?? {}) as EndpointPart[]) parts.add(part)
  }
  return endpointParts.filter((part) => parts.has(part))
}

function isNumber(type: string) {
  return ['UBIGINT', 'BIGINT', 'DOUBLE', 'TIMESTAMPTZ'].includes(type)
}
