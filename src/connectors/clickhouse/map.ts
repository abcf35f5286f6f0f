import { createHash } from 'node:crypto'
import {
  BlockTexts,
  bytesOf,
  encodeBlock,
  eventColumns,
  flowColumns,
  lowCardinality,
  readRows,
  timeWords,
  type EventRows,
  type FlowRows,
  type NativeColumn,
} from '../../codecs/clickhouse-native/index.ts'
import type { FrameHeader, SinkBatch, SinkPiece } from '../../engine/contracts.ts'
import { flowFields } from '../../model/fields.ts'
import type { ClickHouseConfig } from './config.ts'
import { exampleBlock } from './map-example.ts'
import type { ChosenRows } from './map-rows.ts'
import { fullName, positionTypes, quotedName } from './map-schema.ts'

export interface Target extends Pick<ClickHouseConfig, 'database' | 'table_prefix' | 'layout'> {
  readonly writer: string
  readonly narrow: ReadonlySet<string>
}

type InsertBlock = Readonly<{
  statement: string
  body: Uint8Array
}>

export function insertBlock(target: Target, rows: ChosenRows): InsertBlock {
  const columns = blockColumns(target, rows)
  const names = columns.map(({ name }) => quotedName(name)).join(', ')
  return {
    statement: `INSERT INTO ${fullName(target, rows.kind)} (${names}) FORMAT Native`,
    body: encodeBlock(columns, rows.count),
  }
}

function blockColumns({ layout, narrow, writer }: Target, rows: ChosenRows): NativeColumn[] {
  if (layout === 'netobserv-example') return exampleBlock(rows, narrow)
  const texts = new BlockTexts()
  const pieces = rows.slices.map(({ piece, rows: chosen }) => ({ batch: piece.batch, rows: chosen }))
  const positions = positionColumns(rows, writer, texts)
  return [
    ...positions,
    ...(rows.kind === 'flows'
      ? flowColumns(pieces as readonly FlowRows[], rows.count, flowFields, texts)
      : eventColumns(pieces as readonly EventRows[], rows.count, texts)),
  ]
}

function positionColumns({ slices, count }: ChosenRows, writer: string, texts: BlockTexts): NativeColumn[] {
  const [writers, sources, rows] = [new Uint32Array(count), new Uint32Array(count), new Uint32Array(count)]
  const [epochs, sequences] = [new BigUint64Array(count), new BigUint64Array(count)]
  const received = new Float64Array(count)
  writers.fill(texts.number(writer))
  let at = 0
  for (const { piece, rows: chosen } of slices) {
    const { source, epoch, sourceSequence, received: time } = piece.header
    const end = at + chosen.length
    sources.fill(texts.number(source), at, end)
    epochs.fill(BigInt(epoch), at, end)
    sequences.fill(BigInt(sourceSequence), at, end)
    received.fill(time, at, end)
    for (let i = 0; i < chosen.length; i++) rows[at + i] = piece.firstRow + chosen[i]!
    at = end
  }
  const data: Readonly<Record<keyof typeof positionTypes, readonly Uint8Array[]>> = {
    _writer: lowCardinality(writers, texts, 'required'),
    _source: lowCardinality(sources, texts, 'required'),
    _epoch: [bytesOf(epochs)],
    _sequence: [bytesOf(sequences)],
    _row: [bytesOf(rows)],
    _received: [bytesOf(timeWords(received, new Uint8Array(count), 3))],
  }
  return (Object.keys(data) as (keyof typeof positionTypes)[]).map((name) => ({
    name,
    type: positionTypes[name],
    data: data[name],
  }))
}

export function previewRow(target: Target, piece: SinkPiece, row: number): string {
  const { kind } = piece.batch
  const one = { kind, slices: [{ piece, rows: Uint32Array.of(row) }], count: 1, indexes: Uint32Array.of(0) }
  const [read] = readRows(insertBlock(target, one).body)
  return JSON.stringify(read, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}

/** The same for each attempt. The headers distinguish instances with the same ids. */
export function tokenOf(batch: Pick<SinkBatch, 'token'>, writer: string, rows: ChosenRows, round = 0): string {
  const hash = createHash('sha256')
  hash.update(
    JSON.stringify([batch.token, writer, rows.kind, round, rows.slices.map(({ piece }) => traits(piece.header))]),
  )
  hash.update(bytesOf(rows.indexes))
  return `weir-${hash.digest('hex').slice(0, 40)}`
}

function traits({ received, timeMin, timeMax, rawBytes, count }: FrameHeader): readonly (number | null)[] {
  return [received, timeMin, timeMax, rawBytes, count]
}
