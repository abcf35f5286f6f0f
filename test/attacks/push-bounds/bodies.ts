/** Bodies that expand: few bytes on the wire, many values once decoded. Seeded, and each valid in its syntax. */
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { ProtoWriter } from '../../../src/codecs/proto-writer/index.ts'
import { snappyCompress } from '../../../src/codecs/snappy/index.ts'
import type { SeededRandom } from '../../kit/random.ts'

export type Encoding = 'identity' | 'gzip' | 'zstd' | 'br' | 'deflate' | 'snappy'

/** Text before and after the expanding part, which is a value. */
export type Frame = readonly [before: string, after: string]

export type JsonShape = Readonly<{
  frames: readonly Frame[]
  /** Elements that the listener reads. */
  elements: readonly string[]
}>

export type ProtoShape = Readonly<{
  /** Chains of field numbers to a repeated message. */
  paths: readonly (readonly number[])[]
  /** Valid encoded messages of the first path. */
  elements: readonly Uint8Array[]
}>

export type Shape = Readonly<{ json: JsonShape } | { proto: ProtoShape }>

const mebibyte = 1 << 20

/** Decoded sizes up to `most`; a third is above half of it, so that a full run ends in minutes. */
function sizeIn(random: SeededRandom, most: number): number {
  return Math.floor(most * Math.max(0.02, random.next() ** 1.75))
}

function repeated(piece: string | Uint8Array, bytes: number): Buffer {
  const unit = Buffer.from(piece)
  return Buffer.alloc(Math.max(1, Math.floor(bytes / unit.length)) * unit.length, unit)
}

/** A list `[piece,piece,…]` of about this size. */
function list(piece: string, bytes: number): Buffer {
  const many = repeated(`${piece},`, bytes)
  return Buffer.concat([Buffer.from('['), many.subarray(0, many.length - 1), Buffer.from(']')])
}

/** Keys are counted in place: a text for each would take most of the time of a run. */
function manyKeys(random: SeededRandom, bytes: number): Buffer {
  const value = random.pick(['0', '""', '{}', '[]', 'null', '"a"'])
  const [zero, nine] = [0x30, 0x39]
  const key = Buffer.from(`"k00000000":${value},`)
  const count = Math.max(1, Math.floor(bytes / key.length))
  const all = Buffer.alloc(count * key.length + 1)
  all[0] = 0x7b
  for (let n = 0, at = 1; n < count; n++, at += key.length) {
    key.copy(all, at)
    let digit = 9
    while (key[digit] === nine) key[digit--] = zero
    key[digit] = (key[digit] ?? zero) + 1
  }
  all[all.length - 1] = 0x7d
  return all
}

/** Description and bytes of an expanding body. */
export function expandingBody(random: SeededRandom, most: number, shape: Shape): readonly [string, Buffer] {
  return 'json' in shape ? jsonBody(random, most, shape.json) : protoBody(random, most, shape.proto)
}

function jsonBody(random: SeededRandom, most: number, { frames, elements }: JsonShape): readonly [string, Buffer] {
  const bytes = sizeIn(random, most)
  const [before, after] = random.pick(frames)
  const within = (what: string, value: Buffer): readonly [string, Buffer] => [
    `${what}, ${Math.round(value.length / 1024)} KiB`,
    Buffer.concat([Buffer.from(before), value, Buffer.from(after)]),
  ]
  switch (random.integer(0, 6)) {
    case 0: {
      const tiny = random.pick(['0', '{}', '[]', '""', 'null', '["1","x"]', '[[]]', '{"a":0}'])
      return within(`tiny elements ${tiny}`, list(tiny, bytes))
    }
    case 1:
      return within('a map with many keys', manyKeys(random, bytes))
    case 2: {
      const [open, close] = random.pick([
        ['[', ']'],
        ['{"a":', '}'],
        ['[{"a":', '}]'],
      ] as const)
      const depth = random.integer(100, Math.floor(bytes / (open.length + close.length)))
      return within(
        `nesting of ${depth}`,
        Buffer.concat([repeated(open, depth * open.length), Buffer.from('0'), repeated(close, depth * close.length)]),
      )
    }
    case 3:
      return within('one long text', Buffer.concat([Buffer.from('"'), repeated('x', bytes), Buffer.from('"')]))
    case 4:
      return within('escapes', Buffer.concat([Buffer.from('"'), repeated('\\u0000', bytes), Buffer.from('"')]))
    default:
      return within('valid elements', list(random.pick(elements), bytes))
  }
}

function protoBody(random: SeededRandom, most: number, { paths, elements }: ProtoShape): readonly [string, Buffer] {
  const bytes = sizeIn(random, most)
  const path = random.pick(paths)
  const field = path[0] ?? 1
  switch (random.integer(0, 4)) {
    case 0:
      return [`empty messages, ${Math.round(bytes / 1024)} KiB`, repeated(message(field, new Uint8Array(0)), bytes)]
    case 1: {
      // Empty messages at the end of the chain, which has one message at each level above.
      const inner = repeated(message(path.at(-1) ?? 1, new Uint8Array(0)), bytes)
      return [`empty messages below ${path.join('.')}`, Buffer.from(chain(path.slice(0, -1), inner))]
    }
    case 2: {
      let deep: Uint8Array = new Uint8Array(0)
      const depth = random.integer(20, 20_000)
      for (let at = 0; at < depth && deep.length < 200_000; at++) deep = message(path[at % path.length] ?? 1, deep)
      return [`nesting of ${depth}`, repeated(deep, Math.min(bytes, 4 * mebibyte))]
    }
    case 3: {
      const long = message(path.at(-1) ?? 1, repeated('x', bytes))
      return ['one long field', Buffer.from(chain(path.slice(0, -1), long))]
    }
    default:
      return ['valid elements', repeated(random.pick(elements), bytes)]
  }
}

function chain(path: readonly number[], inner: Uint8Array): Uint8Array {
  return path.reduceRight<Uint8Array>((within, field) => message(field, within), inner)
}

export function message(field: number, content: Uint8Array): Uint8Array {
  const writer = new ProtoWriter()
  writer.bytes(field, content)
  return writer.finish()
}

export function compressed(encoding: Encoding, body: Uint8Array): Uint8Array {
  switch (encoding) {
    case 'gzip':
      return gzipSync(body, { level: 1 })
    case 'zstd':
      return zstdCompressSync(body)
    case 'br':
      return brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 2 } })
    case 'deflate':
      return deflateSync(body, { level: 1 })
    case 'snappy':
      return snappyCompress(body)
    default:
      return body
  }
}
