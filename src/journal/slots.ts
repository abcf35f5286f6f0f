/**
 * A small crash-safe record for frequent updates: two preallocated slots, written alternately, each with a version and
 * a checksum. The newest whole slot is current, so a torn write loses only itself, and a full disk does not prevent
 * updates.
 *
 * slot: u32 magic · u32 payload bytes · f64 version · u32 CRC-32 of version and payload · payload (JSON)
 */
import { crc32 } from 'node:zlib'
import type { Disk, DiskFile } from '../host/index.ts'
import { directoryOf } from './paths.ts'

const magic = 0x54534c57
const headBytes = 20
const smallestSlot = 4096

export class SlotRecord<T> {
  readonly #disk: Disk
  readonly #path: string
  #file: DiskFile | undefined
  #slotBytes = smallestSlot
  #version = 0
  #value: T | undefined
  /** Two slots, and no failed sync. */
  #inPlace = false

  private constructor(disk: Disk, path: string) {
    this.#disk = disk
    this.#path = path
  }

  static async open<T>(disk: Disk, path: string): Promise<SlotRecord<T>> {
    const record = new SlotRecord<T>(disk, path)
    if ((await disk.stat(path)) !== undefined) record.#load(await disk.readFile(path))
    return record
  }

  get value(): T | undefined {
    return this.#value
  }

  /** Durable when it resolves. Not concurrently. */
  async write(value: T): Promise<void> {
    const payload = new TextEncoder().encode(JSON.stringify(value))
    const version = this.#version + 1
    if (!this.#inPlace || payload.length + headBytes > this.#slotBytes) {
      await this.#rebuild(payload, version)
    } else {
      try {
        this.#file ??= await this.#disk.open(this.#path, 'write')
        await this.#file.write(encodeSlot(payload, version), (version % 2) * this.#slotBytes)
        await this.#file.sync()
      } catch (error) {
        // The content is unknown after a failed sync.
        this.#inPlace = false
        await this.close()
        throw error
      }
    }
    this.#version = version
    this.#value = value
  }

  async close(): Promise<void> {
    await this.#file?.close()
    this.#file = undefined
  }

  #load(bytes: Uint8Array) {
    this.#slotBytes = Math.max(smallestSlot, bytes.length / 2)
    for (const at of [0, this.#slotBytes]) {
      const slot = decodeSlot(bytes, at)
      if (slot !== undefined && slot.version > this.#version) {
        this.#version = slot.version
        this.#value = JSON.parse(slot.text) as T
        this.#inPlace = true
      }
    }
  }

  async #rebuild(payload: Uint8Array, version: number) {
    while (payload.length + headBytes > this.#slotBytes) this.#slotBytes *= 2
    const temporary = `${this.#path}.new`
    await this.#disk.remove(temporary)
    const file = await this.#disk.open(temporary, 'create')
    const bytes = new Uint8Array(this.#slotBytes * 2)
    bytes.set(encodeSlot(payload, version), (version % 2) * this.#slotBytes)
    await file.write(bytes, 0)
    await file.sync()
    await this.#disk.rename(temporary, this.#path)
    await this.#disk.syncDirectory(directoryOf(this.#path))
    await this.#file?.close()
    this.#file = file
    this.#inPlace = true
  }
}

function encodeSlot(payload: Uint8Array, version: number): Uint8Array {
  const bytes = new Uint8Array(headBytes + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, magic, true)
  view.setUint32(4, payload.length, true)
  view.setFloat64(8, version, true)
  bytes.set(payload, headBytes)
  view.setUint32(16, crc32(payload, crc32(bytes.subarray(0, 16))), true)
  return bytes
}

function decodeSlot(bytes: Uint8Array, at: number): { version: number; text: string } | undefined {
  if (bytes.length < at + headBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at)
  const length = view.getUint32(4, true)
  if (view.getUint32(0, true) !== magic || headBytes + length > view.byteLength) return undefined
  const payload = bytes.subarray(at + headBytes, at + headBytes + length)
  if (view.getUint32(16, true) !== crc32(payload, crc32(bytes.subarray(at, at + 16)))) return undefined
  return { version: view.getFloat64(8, true), text: new TextDecoder().decode(payload) }
}
