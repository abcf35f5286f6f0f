import { crc32 } from 'node:zlib'
import type { Disk, DiskFile } from '../../host/index.ts'
import { indexOf } from '../names.ts'
import {
  decodeFoot,
  footLength,
  magic,
  tailBytes,
  timesOfBlock,
  VarintReader,
  type Block,
  type Foot,
} from './format.ts'

/** Receive times (Unix µs) of all rows with an id, or `common` if they are not listed. */
export type RowsOfId = readonly number[] | 'common'

const maxFeet = 1024

/** Reads indexes. A missing or damaged one, or that of another file, gives no answer. */
export class EndpointIndexReader {
  readonly #disk: Disk
  readonly #directory: string
  /** In order of use. */
  readonly #feet = new Map<string, Foot>()

  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#directory = directory
  }

  /** Ids in ascending order; those without rows in the file are absent in the result. */
  async find(name: string, ids: readonly number[]): Promise<ReadonlyMap<number, RowsOfId> | undefined> {
    return this.#read(name, async (file) => {
      const foot = this.#feet.get(name) ?? (await footOf(file, name))
      const spans = foot === undefined ? undefined : await find(file, foot, ids)
      if (foot === undefined || spans === undefined) this.#feet.delete(name)
      else this.#keep(name, foot)
      return spans
    })
  }

  /** Reads all blocks. */
  async isIntact(name: string): Promise<boolean> {
    const result = await this.#read(name, async (file) => {
      const foot = await footOf(file, name)
      const start = await bytesOf(file, 0, magic.length)
      if (foot === undefined || start?.every((byte, at) => byte === magic[at]) !== true) return undefined
      for (const block of [...foot.ids, ...foot.times]) if ((await blockOf(file, block)) === undefined) return undefined
      return true
    })
    return result === true
  }

  async #read<Value>(name: string, read: (file: DiskFile) => Promise<Value>): Promise<Value | undefined> {
    try {
      const file = await this.#disk.open(`${this.#directory}/${indexOf(name)}`, 'read')
      try {
        return await read(file)
      } finally {
        await file.close()
      }
    } catch {
      return undefined
    }
  }

  #keep(name: string, foot: Foot) {
    this.#feet.delete(name)
    this.#feet.set(name, foot)
    const [oldest] = this.#feet.keys()
    if (this.#feet.size > maxFeet && oldest !== undefined) this.#feet.delete(oldest)
  }
}

async function bytesOf(file: DiskFile, at: number, bytes: number): Promise<Uint8Array | undefined> {
  const into = new Uint8Array(bytes)
  return (await file.read(into, at)) === bytes ? into : undefined
}

async function footOf(file: DiskFile, name: string): Promise<Foot | undefined> {
  const size = await file.size()
  if (size < tailBytes) return undefined
  const tail = await bytesOf(file, size - tailBytes, tailBytes)
  const length = tail === undefined ? undefined : footLength(tail)
  if (tail === undefined || length === undefined || length > size - tailBytes) return undefined
  const text = await bytesOf(file, size - tailBytes - length, length)
  const foot = text === undefined ? undefined : decodeFoot(text, tail)
  return foot?.file === name ? foot : undefined
}

async function blockOf(file: DiskFile, [, offset, length, crc]: Block): Promise<Uint8Array | undefined> {
  const bytes = await bytesOf(file, offset, length)
  return bytes !== undefined && crc32(bytes) === crc ? bytes : undefined
}

async function find(
  file: DiskFile,
  foot: Foot,
  ids: readonly number[],
): Promise<ReadonlyMap<number, RowsOfId> | undefined> {
  const results = new Map<number, readonly number[] | 'common'>()
  for (const [block, idsOfBlock] of Map.groupBy(ids, (id) => foot.ids.findLast(([first]) => first <= id))) {
    if (block === undefined) continue
    const bytes = await blockOf(file, block)
    if (bytes === undefined) return undefined
    for (const [id, rows] of entriesOf(bytes, block[0], new Set(idsOfBlock))) results.set(id, rows)
  }
  const numbers = new Set([...results.values()].flatMap((rows) => (rows === 'common' ? [] : rows)))
  const times = await timesOf(file, foot, numbers)
  if (times === undefined) return undefined
  return new Map(
    [...results].map(([id, rows]) => [id, rows === 'common' ? rows : rows.map((number) => times.get(number)!)]),
  )
}

/** Numbers of times by id. */
function* entriesOf(bytes: Uint8Array, first: number, ids: ReadonlySet<number>): Generator<[number, RowsOfId]> {
  const read = new VarintReader(bytes)
  for (let id = first; !read.done;) {
    const entry = read.next()
    id += Math.floor(entry / 2)
    const count = entry % 2 === 1 ? read.next() : 0
    if (!ids.has(id)) read.skip(count)
    else if (entry % 2 === 0) yield [id, 'common']
    else {
      let number = 0
      yield [id, Array.from({ length: count }, () => (number += read.next()))]
    }
  }
}

async function timesOf(
  file: DiskFile,
  { times }: Foot,
  numbers: ReadonlySet<number>,
): Promise<ReadonlyMap<number, number> | undefined> {
  const results = new Map<number, number>()
  for (const [at, numbersOfBlock] of Map.groupBy(numbers, (number) => Math.floor(number / timesOfBlock))) {
    const block = times[at]
    const bytes = block === undefined ? undefined : await blockOf(file, block)
    if (block === undefined || bytes === undefined) return undefined
    const read = new VarintReader(bytes)
    const last = Math.max(...numbersOfBlock)
    let [time] = block
    for (let number = at * timesOfBlock; number <= last; number++) {
      time += read.next()
      if (numbers.has(number)) results.set(number, time)
    }
  }
  return results
}
