import type { Context, Preview, Probe, Sink, SinkBatch } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { messageOf } from '../../model/errors.ts'
import type { Failure } from '../../model/outcome.ts'
import { ClickHouseClient } from '../../net/clickhouse/client.ts'
import { describeFailure, isDenied, isRefused, isRowFault, isSchemaFault } from '../../net/clickhouse/errors.ts'
import { ClickHouseSchema, MissingTables, type ServerState } from './client-schema.ts'
import type { ClickHouseConfig, clickhouseSchema } from './config.ts'
import { insertBlock, previewRow, tokenOf, type Target } from './map.ts'
import { tooLarge } from './map-example.ts'
import { chunksOf, filterRows, keysOf, type ChosenRows } from './map-rows.ts'
import { storedOf, type Stored } from './sink-verify.ts'

export const sink = defineSink<typeof clickhouseSchema>('clickhouse', {
  accepts: ['events', 'flows'],
  idempotency: 'token',
  build: async (config, context) => new ClickHouseSink(config, context, await ClickHouseClient.open(config, context)),
})

/** Rounds of inserting missing rows; each but the first may repeat one that the server lost in a crash. */
const maxRounds = 2

class ClickHouseSink implements Sink {
  readonly #config: ClickHouseConfig
  readonly #context: Context
  readonly #client: ClickHouseClient
  readonly #schema: ClickHouseSchema
  readonly #writer: string
  /** The outcome of an earlier insert is unknown: of this process, or of the one before. */
  #isInDoubt = true

  constructor(config: ClickHouseConfig, context: Context, client: ClickHouseClient) {
    this.#config = config
    this.#context = context
    this.#client = client
    this.#schema = new ClickHouseSchema(client, config, context.log)
    this.#writer = config.writer ?? context.id
  }

  /** Rejects for failures that concern no single row: all rows are then repeated with the same tokens. */
  async send(batch: SinkBatch, signal: AbortSignal): Promise<readonly Failure[]> {
    if (signal.aborted) throw new Error('not sent: the sink is stopping')
    const sending = new Sending(batch, this.#context.host.clock.monotonic() + 2 * this.#config.timeout)
    try {
      const server = await this.#schema.ready(signal)
      for (const chunk of chunksOf(batch)) await this.#deliver(sending, server, chunk, signal)
    } catch (error) {
      if (isSchemaFault(error)) this.#schema.forget()
      if (!isRefused(error) && !(error instanceof MissingTables)) this.#isInDoubt = true
      throw new Error(describeFailure(error, this.#client.place), { cause: error })
    }
    this.#isInDoubt = false
    return sending.failures.sort((a, b) => a.index - b.index)
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    const { place } = this.#client
    try {
      const { version, missing } = await this.#schema.inspect(signal)
      const found = `${place}: ClickHouse ${version}`
      if (missing.length === 0) return { is: 'ok', message: `${found}, all tables exist` }
      const list = missing.slice(0, 5).join(', ') + (missing.length > 5 ? ` and ${missing.length - 5} more` : '')
      return this.#config.create
        ? { is: 'ok', message: `${found}; Weir will create ${list}` }
        : { is: 'fail', message: `${found} lacks ${list}; create them, or enable \`create\`` }
    } catch (error) {
      return { is: 'fail', message: describeFailure(error, place) }
    }
  }

  *preview(batch: SinkBatch): Generator<Preview> {
    const target = this.#target(new Set())
    for (const piece of batch.pieces)
      for (const row of piece.rows) {
        try {
          if (this.#config.layout !== 'weir' && piece.batch.kind === 'events') throw new Error(noEvents)
          yield { to: this.#client.place, body: Buffer.from(previewRow(target, piece, row)) }
        } catch (error) {
          yield { problem: messageOf(error) }
        }
      }
  }

  close(): Promise<void> {
    this.#client.close()
    return Promise.resolve()
  }

  #target(narrow: ReadonlySet<string>): Target {
    return { ...this.#config, writer: this.#writer, narrow }
  }

  async #deliver(sending: Sending, server: ServerState, chunk: ChosenRows, signal: AbortSignal) {
    const target = this.#target(server.narrow)
    if (this.#config.layout === 'weir') return this.#insertOrSplit(sending, server, target, chunk, signal)
    if (chunk.kind === 'events') return sending.fail(chunk, { is: 'reject', reason: noEvents })
    const large = tooLarge(chunk, server.narrow)
    for (const [index, column] of large) sending.failures.push({ index, is: 'reject', reason: tooLargeFor(column) })
    const fitting = large.size === 0 ? chunk : filterRows(chunk, (at) => !large.has(chunk.indexes[at] ?? -1))
    if (fitting.count > 0) await this.#insertOrSplit(sending, server, target, fitting, signal)
  }

  /** Halves rejected rows until the faulty ones are found. */
  async #insertOrSplit(sending: Sending, server: ServerState, target: Target, chunk: ChosenRows, signal: AbortSignal) {
    const rows = sending.withoutBlocked(chunk)
    if (rows.count === 0) return
    if (sending.isSplit && this.#context.host.clock.monotonic() > sending.deadline)
      return sending.fail(rows, {
        is: 'retry',
        reason: 'not sent: the time limit is reached; the next batch continues',
      })
    try {
      await this.#insert(sending.batch, server, target, rows, signal)
    } catch (error) {
      if (!isRowFault(error)) throw error
      if (rows.count === 1)
        return sending.fail(rows, { is: 'reject', reason: `ClickHouse rejected the row: ${messageOf(error)}` })
      sending.isSplit = true
      const middle = rows.count >> 1
      await this.#insertOrSplit(
        sending,
        server,
        target,
        filterRows(rows, (at) => at < middle),
        signal,
      )
      await this.#insertOrSplit(
        sending,
        server,
        target,
        filterRows(rows, (at) => at >= middle),
        signal,
      )
    }
  }

  async #insert(batch: SinkBatch, server: ServerState, target: Target, chunk: ChosenRows, signal: AbortSignal) {
    let rows = chunk
    for (let round = 0; ; round++) {
      const { statement, body } = insertBlock(target, rows)
      const settings = server.settings(tokenOf(batch, this.#writer, rows, round), rows.count < this.#config.async_below)
      await this.#client.insert({ statement, settings, body }, signal)
      if (!this.#isInDoubt || !server.deduplicates || !this.#isVerifiable) return
      const { rows: stored, missing } = await this.#stored(target, chunk, signal)
      if (stored > chunk.count)
        this.#context.log.warn(`${stored - chunk.count} rows are in ClickHouse more than once`, { table: chunk.kind })
      if (missing.count === 0) return
      if (round === maxRounds)
        return this.#context.log.warn(
          'the table does not keep the inserted rows, because they are older than its TTL or another program removes ' +
            'them',
          { table: chunk.kind, rows: missing.count },
        )
      this.#context.log.warn('rows of a repeated insert were missing and are inserted again', { rows: missing.count })
      rows = missing
    }
  }

  async #stored(target: Target, chunk: ChosenRows, signal: AbortSignal): Promise<Stored> {
    try {
      return await storedOf(this.#client, target, chunk, signal)
    } catch (error) {
      if (!isDenied(error)) throw error
      this.#context.log.warn(
        'the user may not read the table, so rows of a repeated insert are not verified; grant SELECT',
      )
      return { rows: chunk.count, missing: filterRows(chunk, () => false) }
    }
  }

  /** With Keeper, a part and its token are committed together, and another replica may answer. */
  get #isVerifiable(): boolean {
    return this.#config.layout === 'weir' && this.#config.cluster === null
  }
}

const noEvents = "the table of NetObserv's example takes flows only; let the sink take `only: {family: [flow]}`"

function tooLargeFor(column: string) {
  return (
    `the value exceeds UInt32, the type of column ${column} of the existing table; run ALTER TABLE … MODIFY COLUMN ` +
    `${column} UInt64, then retry the dead letter`
  )
}

class Sending {
  readonly batch: SinkBatch
  readonly deadline: number
  readonly failures: Failure[] = []
  isSplit = false
  readonly #failedKeys = new Set<string>()

  constructor(batch: SinkBatch, deadline: number) {
    this.batch = batch
    this.deadline = deadline
  }

  fail(rows: ChosenRows, failure: Readonly<{ is: 'reject' | 'retry'; reason: string }>): void {
    for (const index of rows.indexes) this.failures.push({ index, ...failure })
    for (const key of keysOf(rows)) if (key !== undefined) this.#failedKeys.add(key)
  }

  withoutBlocked(rows: ChosenRows): ChosenRows {
    if (this.#failedKeys.size === 0) return rows
    const keys = keysOf(rows)
    const isBlocked = (at: number) => this.#failedKeys.has(keys[at] ?? '')
    const blocked = filterRows(rows, isBlocked)
    for (const index of blocked.indexes)
      this.failures.push({ index, is: 'retry', reason: 'an earlier row of the same key was not delivered' })
    return blocked.count === 0 ? rows : filterRows(rows, (at) => !isBlocked(at))
  }
}
