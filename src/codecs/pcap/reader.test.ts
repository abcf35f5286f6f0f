import { describe, expect, test } from 'vitest'
import { frameOf, pcapFile } from '../../../test/kit/pcap-file.ts'
import { SeededRandom } from '../../../test/kit/random.ts'
import { PcapError, type CapturedPacket } from './packet.ts'
import { CaptureReader } from './reader.ts'
import { findDatagram } from './udp.ts'

const export9 = Buffer.from('000900020009', 'hex')
const datagram = {
  srcAddr: '192.0.2.1',
  dstAddr: '192.0.2.9',
  proto: 17,
  srcPort: 50_000,
  dstPort: 2055,
  payload: export9,
}
const six = { ...datagram, srcAddr: '2001:db8::1', dstAddr: '2001:db8::9' }
const at = 1_700_000_000_250_000

function readAll(file: Uint8Array, piece = file.length): CapturedPacket[] {
  const reader = new CaptureReader()
  const found: CapturedPacket[] = []
  for (let from = 0; from < file.length; from += piece) {
    reader.push(file.subarray(from, from + piece))
    for (let packet = reader.next(); packet !== undefined; packet = reader.next())
      found.push({ ...packet, bytes: Buffer.from(packet.bytes) })
  }
  expect(reader.end()).toBe(0)
  return found
}

/** One pcapng block of either byte order. */
function block(type: number, body: Buffer, little: boolean): Buffer {
  const padded = Buffer.concat([body, Buffer.alloc((4 - (body.length % 4)) % 4)])
  const bytes = Buffer.alloc(12 + padded.length)
  for (const [value, place] of [
    [type, 0],
    [bytes.length, 4],
    [bytes.length, bytes.length - 4],
  ] as const) {
    if (little) bytes.writeUInt32LE(value, place)
    else bytes.writeUInt32BE(value, place)
  }
  bytes.set(padded, 8)
  return bytes
}

function words(little: boolean, ...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, index) =>
    little ? bytes.writeUInt32LE(value >>> 0, 4 * index) : bytes.writeUInt32BE(value >>> 0, 4 * index),
  )
  return bytes
}

/** Section, interface with a resolution, an unknown block, an enhanced packet and a simple one. */
function pcapng(little: boolean, resolution: number, units: bigint, frame: Uint8Array): Buffer {
  const half = (value: number): Buffer =>
    little ? Buffer.of(value & 255, value >> 8) : Buffer.of(value >> 8, value & 255)
  const option = Buffer.concat([half(9), half(1), Buffer.of(resolution, 0, 0, 0), half(0), half(0)])
  return Buffer.concat([
    block(0x0a0d0d0a, words(little, 0x1a2b3c4d, little ? 1 : 0x10000, 0xffffffff, 0xffffffff), little),
    block(1, Buffer.concat([half(1), half(0), words(little, 0), option]), little),
    block(0x0bad, Buffer.from('anything'), little),
    block(
      6,
      Buffer.concat([
        words(little, 0, Number(units >> 32n), Number(units & 0xffffffffn), frame.length, frame.length),
        frame,
      ]),
      little,
    ),
    block(3, Buffer.concat([words(little, frame.length), frame]), little),
  ])
}

describe('a capture', () => {
  test('of libpcap is read in any pieces, in both byte orders and both resolutions', () => {
    const file = Buffer.from(
      pcapFile([
        { at, ...frameOf(datagram) },
        { at: at + 1, ...frameOf(six) },
      ]),
    )
    const [first, second] = readAll(file)
    expect(first).toMatchObject({ time: 1_700_000_000_250, linkType: 1 })
    expect(second?.time).toBeCloseTo(1_700_000_000_250.001, 3)
    expect(readAll(file, 7)).toEqual(readAll(file))

    const swapped = Buffer.from(file)
    for (const place of [0, 16, 20, 24, 28, 32, 36]) swapped.subarray(place, place + 4).reverse()
    expect(readAll(swapped.subarray(0, 24 + 16 + (first?.bytes.length ?? 0)))).toEqual([first])

    const nanos = Buffer.from(file)
    nanos.writeUInt32LE(0xa1b23c4d, 0)
    expect(readAll(nanos)[0]?.time).toBeCloseTo(1_700_000_000_000.25, 3)
  })

  test('of pcapng is read in both byte orders, with its resolution, and unknown blocks are passed over', () => {
    const frame = frameOf(datagram).bytes
    for (const little of [true, false]) {
      for (const [resolution, units] of [
        [6, 1_700_000_000_250_000n],
        [9, 1_700_000_000_250_000_000n],
        [0x80 | 10, 1_700_000_000n * 1024n + 256n],
      ] as const) {
        const [enhanced, simple] = readAll(pcapng(little, resolution, units, frame), 11)
        expect(enhanced).toMatchObject({ time: 1_700_000_000_250, length: frame.length })
        expect(Buffer.from(enhanced?.bytes ?? [])).toEqual(Buffer.from(frame))
        expect(simple?.time).toBeNaN()
        expect(Buffer.from(simple?.bytes ?? [])).toEqual(Buffer.from(frame))
      }
    }
  })

  test('other files are refused, and a truncated one reports the remaining bytes', () => {
    for (const junk of ['GET / HTTP/1.1', '\0'.repeat(40)]) {
      const reader = new CaptureReader()
      reader.push(Buffer.from(junk))
      expect(() => reader.next()).toThrow(PcapError)
    }
    expect(() => new CaptureReader().end()).toThrow(PcapError)
    const reader = new CaptureReader()
    reader.push(Buffer.from(pcapFile([{ at, ...frameOf(datagram) }])).subarray(0, -3))
    expect(reader.next()).toBeUndefined()
    expect(reader.end()).toBe(16 + frameOf(datagram).length - 3)
  })

  test('with any of its bytes changed is read or refused, and nothing else happens', () => {
    const random = new SeededRandom(5)
    const whole = [
      Buffer.from(
        pcapFile([
          { at, ...frameOf(datagram) },
          { at, ...frameOf(six) },
        ]),
      ),
      pcapng(true, 6, 1n, frameOf(six).bytes),
      pcapng(false, 9, 1n, frameOf(six).bytes),
    ]
    let refused = 0
    for (let round = 0; round < 6000; round++) {
      const file = Buffer.from(random.pick(whole))
      for (let change = random.integer(1, 3); change > 0; change--)
        file[random.integer(0, file.length - 1)] = random.integer(0, 255)
      const reader = new CaptureReader()
      reader.push(file)
      try {
        for (let packet = reader.next(); packet !== undefined; packet = reader.next())
          expect(findDatagram(packet)).toBeDefined()
      } catch (error) {
        expect(error).toBeInstanceOf(PcapError)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(100)
  })
})

describe('a datagram', () => {
  const packet = (bytes: Uint8Array, linkType = 1, length = bytes.length): CapturedPacket => ({
    time: 0,
    bytes,
    length,
    linkType,
  })

  test('is found behind VLAN tags, in both families and on every link layer that exporters are captured on', () => {
    const found = { srcAddr: '192.0.2.1', dstAddr: '192.0.2.9', srcPort: 50_000, dstPort: 2055 }
    const frame = Buffer.from(frameOf(datagram).bytes)
    const ip = frame.subarray(14)
    expect(findDatagram(packet(frame))).toMatchObject(found)
    expect(findDatagram(packet(frameOf({ ...datagram, vlan: 9 }).bytes))).toMatchObject(found)
    expect(
      findDatagram(
        packet(Buffer.concat([frame.subarray(0, 12), Buffer.from('88a8000181000002', 'hex'), frame.subarray(12)])),
      ),
    ).toMatchObject(found)
    expect(findDatagram(packet(ip, 101))).toMatchObject(found)
    expect(findDatagram(packet(Buffer.concat([Buffer.of(2, 0, 0, 0), ip]), 0))).toMatchObject(found)
    expect(findDatagram(packet(Buffer.concat([Buffer.alloc(14), Buffer.of(8, 0), ip]), 113))).toMatchObject(found)
    expect(findDatagram(packet(Buffer.concat([Buffer.of(8, 0), Buffer.alloc(18), ip]), 276))).toMatchObject(found)
    const inSix = findDatagram(packet(frameOf(six).bytes))
    expect(inSix).toMatchObject({ srcAddr: '2001:db8::1', dstAddr: '2001:db8::9', dstPort: 2055 })
    expect(typeof inSix === 'string' ? undefined : Buffer.from(inSix.payload)).toEqual(export9)
  })

  test('that is not there has a reason', () => {
    const frame = Buffer.from(frameOf(datagram).bytes)
    expect(findDatagram(packet(frameOf({ ...datagram, proto: 6 }).bytes))).toBe('other')
    expect(findDatagram(packet(Buffer.from(frame).fill(0x06, 12, 14)))).toBe('other')
    expect(findDatagram(packet(frame, 147))).toBe('link')
    expect(findDatagram(packet(frame.subarray(0, -2), 1, frame.length))).toBe('cut')
    const fragment = Buffer.from(frame)
    fragment[20] = 0x20
    expect(findDatagram(packet(fragment))).toBe('fragment')
  })
})
