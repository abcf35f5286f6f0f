import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fakeHost, type FakeHost } from '../../test/kit/fake-host.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { decodeHeader, encodeHeader, fixedBytes, magic, type HeaderFields } from './frame.ts'
import { checkJournal, openJournal, segmentName, type Unit } from './index.ts'

const directory = '/journal'
const path = `${directory}/${segmentName(1)}`
const magicBytes = new Uint8Array(new Uint32Array([magic]).buffer)

async function folderWith(bytes: Uint8Array): Promise<FakeHost> {
  const host = fakeHost(1, { jitter: false })
  await host.disk.makeDirectory(directory)
  host.disk.put(path, bytes)
  return host
}

function unit(rows: number, bytes: number): Unit {
  return {
    source: 'http',
    stream: 'http',
    kind: 'events',
    count: rows,
    raw: new SeededRandom(bytes).bytes(bytes),
    received: 1,
    timeMin: Number.NaN,
    timeMax: Number.NaN,
    cursor: Uint8Array.of(1, 2, 3),
    shed: { full: 1 },
  }
}

async function segment(): Promise<Uint8Array> {
  const host = fakeHost(1, { jitter: false })
  const journal = await openJournal({ host, directory, epoch: 1 })
  for (let i = 0; i < 6; i++) await journal.append(unit(i, 60 * i))
  await journal.close()
  return host.disk.contents(path)
}

const fields: HeaderFields = {
  sequence: 7,
  firstRow: 100,
  kind: 'events',
  more: false,
  part: 0,
  afterLoss: true,
  zstd: false,
  source: 'http',
  stream: 'a/b',
  epoch: 4,
  sourceSequence: 6,
  sourceRows: 90,
  sourceDuplicates: 3,
  sourceShed: { full: 8 },
  count: 2,
  received: 5.5,
  timeMin: Number.NaN,
  timeMax: Number.POSITIVE_INFINITY,
  rawBytes: 9,
  cursor: Uint8Array.of(1),
}

describe('the decoder of frame headers', () => {
  it('decodes every encoded header, at any offset', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 })
    const count = fc.maxSafeNat()
    const headers: fc.Arbitrary<HeaderFields> = fc.record({
      sequence: count,
      firstRow: count,
      kind: fc.constantFrom('events', 'flows', 'empty'),
      more: fc.boolean(),
      part: fc.nat(),
      afterLoss: fc.boolean(),
      zstd: fc.boolean(),
      source: text,
      stream: text,
      epoch: fc.nat(),
      sourceSequence: count,
      sourceRows: count,
      sourceDuplicates: count,
      sourceShed: fc.dictionary(
        fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
        count,
        { noNullPrototype: true },
      ),
      count: fc.nat(),
      received: fc.double(),
      timeMin: fc.double(),
      timeMax: fc.double(),
      rawBytes: fc.nat(),
      cursor: fc.uint8Array({ maxLength: 500 }),
    })
    fc.assert(
      fc.property(headers, fc.boolean(), fc.nat({ max: 20 }), fc.uint8Array(), (header, withCursor, at, body) => {
        const { cursor, ...rest } = header
        const encoded = encodeHeader(withCursor && cursor !== undefined ? { ...rest, cursor } : rest, body)
        const result = decodeHeader(new Uint8Array(Buffer.concat([new Uint8Array(at), encoded, body])), at)
        const { zstd, ...expected } = rest
        expect(result).toEqual({
          is: 'header',
          decoded: {
            headerBytes: encoded.length,
            bodyChecksum: crc32(body),
            zstd,
            header: { ...expected, bodyBytes: body.length, ...(withCursor ? { cursor } : {}) },
          },
        })
      }),
    )
  })

  it('finds no frame in random bytes, with or without a valid start', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, begin) => {
        if (begin) bytes.set(magicBytes.subarray(0, bytes.length))
        expect(decodeHeader(bytes, 0).is).not.toBe('header')
      }),
      { numRuns: 2000 },
    )
  })

  it('finds no frame after a bit flip in a header', () => {
    const whole = encodeHeader(fields, new Uint8Array(0))
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = whole.slice()
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(decodeHeader(bytes, 0).is).not.toBe('header')
    }
  })

  it('requests more bytes, within the limit, for a truncated header', () => {
    const whole = encodeHeader(fields, new Uint8Array(0))
    for (let length = 0; length < whole.length; length++) {
      const result = decodeHeader(whole.subarray(0, length), 0)
      expect(result.is === 'short' && result.needed > length && result.needed <= 1024 * 1024).toBe(true)
    }
  })

  it('ignores a length beyond the header, even with a correct checksum', () => {
    const whole = encodeHeader(fields, new Uint8Array(0))
    const lengths = [8, 12, 100, 102, 104, 108]
    fc.assert(
      fc.property(fc.constantFrom(...lengths), fc.integer({ min: 0, max: 0xffffffff }), (at, value) => {
        const bytes = whole.slice()
        const view = new DataView(bytes.buffer)
        if (at === 100 || at === 102) view.setUint16(at, value & 0xffff, true)
        else view.setUint32(at, value, true)
        view.setUint32(bytes.length - 4, crc32(bytes.subarray(0, bytes.length - 4)), true)
        const result = decodeHeader(bytes, 0)
        if (result.is === 'header') expect(result.decoded.headerBytes).toBe(bytes.length)
        if (result.is === 'short') expect(result.needed).toBeLessThanOrEqual(1024 * 1024)
      }),
      { numRuns: 2000 },
    )
  })

  it('does not throw on content of a faulty writer: shed counts that are not JSON', () => {
    const bytes = encodeHeader(fields, new Uint8Array(0))
    bytes[fixedBytes + fields.source.length + fields.stream.length] = 0x58
    new DataView(bytes.buffer).setUint32(bytes.length - 4, crc32(bytes.subarray(0, bytes.length - 4)), true)
    expect(() => decodeHeader(bytes, 0)).not.toThrow()
  })
})

describe('a check of a segment', () => {
  it('of random bytes finds no frame and terminates', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), async (bytes) => {
        const check = await checkJournal({ host: await folderWith(bytes), directory })
        expect(check.frames).toBe(0)
        expect(check.unreadable.reduce((sum, range) => sum + range.bytes, 0)).toBe(
          bytes.some((byte) => byte !== 0) ? bytes.length : 0,
        )
      }),
    )
  })

  it('finds every unchanged frame after any change, cut, insertion or duplication', async () => {
    const whole = await segment()
    const before = await checkJournal({ host: await folderWith(whole), directory })
    const place = fc.nat({ max: whole.length })
    const change = fc.oneof(
      fc.record({
        do: fc.constant('change' as const),
        at: place,
        bytes: fc.uint8Array({ minLength: 1, maxLength: 30 }),
      }),
      fc.record({
        do: fc.constant('insert' as const),
        at: place,
        bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }),
      }),
      fc.record({ do: fc.constant('cut' as const), at: place, length: fc.integer({ min: 1, max: 300 }) }),
      fc.record({ do: fc.constant('double' as const), at: place, length: fc.integer({ min: 1, max: 300 }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        let bytes: Uint8Array = whole
        for (const one of changes) {
          const head = bytes.subarray(0, one.at)
          const rest = bytes.subarray(one.at)
          if (one.do === 'change')
            bytes = Buffer.concat([head, one.bytes.subarray(0, rest.length), rest.subarray(one.bytes.length)])
          if (one.do === 'insert') bytes = Buffer.concat([head, one.bytes, rest])
          if (one.do === 'cut') bytes = Buffer.concat([head, rest.subarray(one.length)])
          if (one.do === 'double') bytes = Buffer.concat([head, rest.subarray(0, one.length), rest])
        }
        const check = await checkJournal({ host: await folderWith(bytes), directory })
        const touched = changes.reduce((sum, one) => sum + (one.do === 'change' || one.do === 'insert' ? 2 : 5), 0)
        expect(check.frames).toBeGreaterThanOrEqual(before.frames - touched)
        expect(check.frames).toBeLessThanOrEqual(before.frames)
        const known = check.unreadable.reduce((sum, range) => sum + (range.events ?? 0), 0)
        expect(check.events + known).toBeLessThanOrEqual(before.events)
      }),
      { numRuns: 500 },
    )
  })

  it('counts every row as readable or unreadable if the first and the last frame are whole', async () => {
    const whole = await segment()
    const before = await checkJournal({ host: await folderWith(whole), directory })
    const last = 60 * 5 + 250
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 200, max: whole.length - last }),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        async (at, bytes) => {
          const changed = whole.slice()
          changed.set(bytes.subarray(0, whole.length - last - at + 1), at)
          const check = await checkJournal({ host: await folderWith(changed), directory })
          const reported = check.unreadable.map((range) => range.events)
          expect(reported).not.toContain(null)
          expect(check.events + reported.reduce<number>((sum, events) => sum + (events ?? 0), 0)).toBe(before.events)
        },
      ),
    )
  })

  it('reads each part of a damaged file only a few times, even if every word resembles a frame', async () => {
    const bytes = new Uint8Array(1_500_000)
    for (let at = 0; at < bytes.length; at += magicBytes.length) bytes.set(magicBytes, at)
    const host = await folderWith(bytes)
    host.disk.powerOffAfter(100)
    await expect(checkJournal({ host, directory })).resolves.toMatchObject({ frames: 0 })
  })
})
