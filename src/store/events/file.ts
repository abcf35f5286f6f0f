import { isUtf8 } from 'node:buffer'
import { dataEncodings, eventCodes, type EventBatch, type FlowBatch } from '../../model/batches.ts'
import { absentChunk, originChunk, timeChunk } from '../flows/numbers.ts'
import { textChunk } from '../flows/texts.ts'
import { plain, type Chunk } from '../../codecs/parquet/column.ts'
import { Bytes } from '../../codecs/parquet/bits.ts'
import { parquetFile, type RowGroup } from '../../codecs/parquet/file.ts'
import { Presence } from '../../codecs/parquet/levels.ts'
import type { ColumnType } from '../../codecs/parquet/schema.ts'
import type { EventRows, FlowRows } from '../table-writer.ts'
import { bodyColumns, columnRows, type BodyColumns } from './columns.ts'
import { isJson } from './json-text.ts'

/** Event rows can be large. */
const groupRows = 16_384
const groupBytes = 2 << 20

const [json, text] = [dataEncodings.indexOf('json'), dataEncodings.indexOf('text')]

const commonColumns: readonly Readonly<{ name: string; type: ColumnType }>[] = [
  { name: 'id', type: 'text' },
  { name: 'source', type: 'text' },
  { name: 'type', type: 'text' },
  { name: 'subject', type: 'text' },
  { name: 'time', type: 'us' },
  { name: 'datacontenttype', type: 'text' },
  { name: 'dataschema', type: 'text' },
  { name: 'extensions', type: 'json' },
  { name: 'data', type: 'json' },
  { name: 'data_base64', type: 'text' },
  { name: 'family', type: 'text' },
  { name: 'key', type: 'text' },
  { name: 'ref', type: 'text' },
  { name: 'time_received', type: 'us' },
  { name: '_source', type: 'u16' },
  { name: '_epoch', type: 'u32' },
  { name: '_sequence', type: 'u64' },
  { name: '_row', type: 'u32' },
]

type Columns = typeof commonColumns

export function eventFile(
  pieces: readonly EventRows[],
  metadata: Readonly<Record<string, string>>,
): Readonly<{ pieces: readonly Uint8Array[]; rows: number; columns: readonly string[] }> {
  const groups: RowGroup[] = []
  const bodies = bodyColumns
    .map((of): Extracted => ({ of, rows: pieces.map((piece) => columnRows(of, piece)) }))
    .filter(({ rows }) => rows.some((row) => row !== undefined))
  const columns: Columns = [
    ...commonColumns,
    ...bodies.flatMap(({ of }) => of.names.map((name) => ({ name, type: 'text' }) as const)),
  ]
  for (let from = 0; from < pieces.length;) {
    let [rows, bytes, to] = [0, 0, from]
    for (; to < pieces.length; to++) {
      const { count, data } = pieces[to]!.batch
      if (to > from && (rows + count > groupRows || bytes + data.bytes.length > groupBytes)) break
      rows += count
      bytes += data.bytes.length
    }
    const bodiesOfPart = bodies.map(({ of, rows: all }): Extracted => ({ of, rows: all.slice(from, to) }))
    groups.push({ rows, chunks: chunksOf(columns, pieces.slice(from, to), bodiesOfPart, rows) })
    from = to
  }
  return {
    pieces: parquetFile(columns, groups, metadata),
    rows: groups.reduce((sum, { rows }) => sum + rows, 0),
    columns: columns.map(({ name }) => name),
  }
}

type Extracted = Readonly<{
  of: BodyColumns
  rows: readonly (FlowRows | undefined)[]
}>

function chunksOf(
  columns: Columns,
  pieces: readonly EventRows[],
  extracted: readonly Extracted[],
  rows: number,
): Chunk[] {
  const asFlows = pieces.map(asColumns)
  const chunks = new Map<string, Chunk | undefined>([['id', idChunk(pieces)], ...bodyChunks(pieces)])
  for (const name of eventCodes) chunks.set(name, textChunk(name, name === 'extensions' ? 'json' : 'text', asFlows))
  for (const { of, rows: bodyRows } of extracted) {
    if (bodyRows.every((candidate) => candidate === undefined)) continue
    const bodiesOrFlows = bodyRows.map(
      (body, index) => body ?? { ...asFlows[index]!, batch: { ...asFlows[index]!.batch, columns: {} } },
    )
    for (const name of of.names) chunks.set(name, textChunk(name, 'text', bodiesOrFlows))
  }
  chunks.set('time', timeChunk('time', 'us', asFlows))
  chunks.set(
    'time_received',
    timeChunk('time_received', 'us', asFlows, ({ origin }) => Math.round(origin.received)),
  )
  for (const name of ['_source', '_epoch', '_sequence', '_row'] as const) chunks.set(name, originChunk(name, asFlows))
  return columns.map(({ name, type }) => chunks.get(name) ?? absentChunk(name, type, rows))
}

function asColumns({ batch, origin }: EventRows): FlowRows {
  const columns: Record<string, FlowBatch['columns'][string]> = { time: { kind: 'time', values: batch.time } }
  for (const name of eventCodes)
    columns[name] = { kind: 'dict', codes: name === 'extensions' ? readable(batch) : batch[name] }
  return {
    stream: 'flows',
    batch: { kind: 'flows', count: batch.count, dictionary: batch.dictionary, columns },
    origin,
    endpoints: {},
    words: new Uint32Array(0),
  }
}

function readable({ extensions, dictionary }: EventBatch): Uint32Array {
  const broken = new Set(
    [...new Set(extensions)].filter((code) => code !== 0 && !isJson(Buffer.from(dictionary[code] ?? ''))),
  )
  return broken.size === 0 ? extensions : extensions.map((code) => (broken.has(code) ? 0 : code))
}

const out = new Bytes()
const presence = new Presence()

function begin() {
  out.clear()
  presence.reset()
}

function written(name: string, type: ColumnType): Chunk {
  const chunk = plain({ name, type }, out.taken(), presence)
  out.clear()
  return chunk
}

function put(bytes: Uint8Array) {
  out.u32(bytes.length)
  out.put(bytes)
}

function idChunk(pieces: readonly EventRows[]): Chunk {
  begin()
  for (const {
    batch: { count, id },
  } of pieces) {
    const whole = isUtf8(id.bytes)
    presence.addPresent(count)
    for (let row = 0; row < count; row++) {
      const bytes = id.bytes.subarray(id.offsets[row], id.offsets[row + 1])
      put(whole ? bytes : Buffer.from(new TextDecoder().decode(bytes)))
    }
  }
  return written('id', 'text')
}

/** Plain text and invalid JSON become JSON strings. Invalid UTF-8 stays binary. */
function bodyChunks(pieces: readonly EventRows[]): [string, Chunk | undefined][] {
  begin()
  const binary: (Uint8Array | undefined)[] = []
  for (const {
    batch: { count, encoding, data },
  } of pieces) {
    for (let row = 0; row < count; row++) {
      const is = encoding[row]!
      const bytes = data.bytes.subarray(data.offsets[row], data.offsets[row + 1])
      const readable = (is === json || is === text) && isUtf8(bytes)
      presence.add(readable ? 1 : 0)
      binary.push(is === 0 || readable ? undefined : bytes)
      if (readable)
        put(
          is === json && isJson(bytes)
            ? bytes
            : Buffer.from(JSON.stringify(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes))),
        )
    }
  }
  const bodies = written('data', 'json')
  if (binary.every((bytes) => bytes === undefined)) return [['data', bodies]]
  begin()
  for (const bytes of binary) {
    presence.add(bytes === undefined ? 0 : 1)
    if (bytes !== undefined)
      put(Buffer.from(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')))
  }
  return [
    ['data', bodies],
    ['data_base64', written('data_base64', 'text')],
  ]
}
