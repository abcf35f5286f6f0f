import type { EndpointUse } from '../table-writer.ts'
import { crc32 } from 'node:zlib'
import { encodeFoot, idsOfBlock, magic, timesOfBlock, Varints, type Block } from './format.ts'

/** Ids of more rows are common: their times are not listed. */
const maxRows = 32
/** Listed rows per row of the file, so that an index has at most a tenth of the bytes of its file. */
const listedShare = 0.5
const alwaysListed = 4096
/** Endpoint ids between the first and the last one. Above, there is no index. */
const maxRange = 1 << 24
/** Distinct times per row. Above, no times are listed. */
const timesShare = 0.25

/** The bytes of the index in pieces. Undefined if the ids are too far apart. */
export async function* indexPieces(name: string, use: EndpointUse): AsyncGenerator<Uint8Array, void> {
  const range = use.last - use.first + 1
  if (range > maxRange) return
  const { counts, times } = await countRows(use, range)
  const isListed = times.length <= Math.max(alwaysListed, use.rows * timesShare)
  const most = isListed ? mostRows(counts, Math.max(alwaysListed, use.rows * listedShare)) : 0
  const rows = await listRows(use, counts, times, most)
  let at = magic.length
  yield magic
  const blocks: Record<'ids' | 'times', Block[]> = { ids: [], times: [] }
  for (const [kind, pieces] of [
    ['ids', idBlocks(use.first, counts, rows, most)],
    ['times', most > 0 ? timeBlocks(times) : []],
  ] as const)
    for (const { first, bytes } of pieces) {
      blocks[kind].push([first, at, bytes.length, crc32(bytes)])
      at += bytes.length
      yield bytes
    }
  yield encodeFoot({ file: name, ...blocks })
}

type Counts = Readonly<{ counts: Uint8Array; times: Float64Array }>

/** Rows per relative id, 255 for more; and all times in order. */
async function countRows(use: EndpointUse, range: number): Promise<Counts> {
  const counts = new Uint8Array(range + 1)
  const changes: number[] = []
  await use.each((columns, times) => {
    for (const ids of columns) for (const id of ids) if (counts[id]! < 255) counts[id]!++
    for (const time of times) if (time !== changes.at(-1)) changes.push(time)
  })
  counts[0] = 0
  const sorted = Float64Array.from(changes).sort()
  return { counts, times: sorted.filter((time, at) => at === 0 || time !== sorted[at - 1]) }
}

/** The largest number of rows of an id, up to which all ids together have at most `room` rows. */
function mostRows(counts: Uint8Array, room: number): number {
  const ids = new Uint32Array(maxRows + 1)
  for (const count of counts) if (count > 0 && count <= maxRows) ids[count]!++
  let sum = 0
  for (let count = 1; count <= maxRows; count++) {
    sum += count * ids[count]!
    if (sum > room) return count - 1
  }
  return maxRows
}

type ListedRows = Readonly<{ starts: Uint32Array; numbers: Uint32Array }>

/** Numbers of the times of each id with at most `most` rows. */
async function listRows(use: EndpointUse, counts: Uint8Array, times: Float64Array, most: number): Promise<ListedRows> {
  const starts = new Uint32Array(counts.length + 1)
  for (let id = 0; id < counts.length; id++) starts[id + 1] = starts[id]! + (counts[id]! <= most ? counts[id]! : 0)
  const numbers = new Uint32Array(starts.at(-1)!)
  const next = starts.slice()
  if (most > 0)
    await use.each((columns, received) => {
      let [time, number] = [Number.NaN, 0]
      for (let row = 0; row < received.length; row++) {
        if (received[row] !== time) number = numberOf(times, (time = received[row]!))
        for (const ids of columns) {
          const id = ids[row]!
          if (id > 0 && counts[id]! <= most) numbers[next[id]!++] = number
        }
      }
    })
  return { starts, numbers }
}

function numberOf(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    if (times[middle]! < time) low = middle + 1
    else high = middle
  }
  return low
}

type Piece = Readonly<{ first: number; bytes: Uint8Array }>

function* idBlocks(first: number, counts: Uint8Array, rows: ListedRows, most: number): Generator<Piece> {
  const out = new Varints()
  let [entries, start, last] = [0, 0, 0]
  for (let id = 1; id < counts.length; id++) {
    const count = counts[id]!
    if (count === 0) continue
    if (entries === 0) start = last = id
    out.add(2 * (id - last) + (count <= most ? 1 : 0))
    last = id
    if (count <= most) addTimes(out, rows.numbers.subarray(rows.starts[id], rows.starts[id + 1]))
    if (++entries < idsOfBlock) continue
    yield { first: first + start - 1, bytes: out.take() }
    entries = 0
  }
  if (entries > 0) yield { first: first + start - 1, bytes: out.take() }
}

function addTimes(out: Varints, numbers: Uint32Array) {
  const distinct = numbers.sort().filter((number, at) => at === 0 || number !== numbers[at - 1])
  out.add(distinct.length)
  let last = 0
  for (const number of distinct) {
    out.add(number - last)
    last = number
  }
}

function* timeBlocks(times: Float64Array): Generator<Piece> {
  const out = new Varints()
  for (let from = 0; from < times.length; from += timesOfBlock) {
    let last = times[from]!
    for (const time of times.subarray(from, from + timesOfBlock)) {
      out.add(time - last)
      last = time
    }
    yield { first: times[from]!, bytes: out.take() }
  }
}
