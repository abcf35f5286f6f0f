/** How records of the journal become messages of JetStream. Pure. */
import type { BusRecord } from '../../journal/index.ts'

/** Places of the records of one message: the last one's is the message's own. */
export const room = 1024

/** A key is one token of a subject. */
export function tokenOf(key: string): string {
  return key.replaceAll(/[%.\s*>]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

export function keyOf(token: string): string {
  return token.replaceAll(/%([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

export function placeOf(sequence: number): number {
  return sequence * room
}

/** The first message that holds anything behind a place. */
export function sequenceAfter(place: number): number {
  return Math.floor(place / room) + 1
}

/** How many records from the front make one message of at most so many bytes; one at least. */
export function fitting(values: readonly Uint8Array[], mostBytes: number): number {
  let bytes = 0
  const end = values.findIndex((value, at) => {
    bytes += 4 + value.length
    return at > 0 && (bytes > mostBytes || at === room)
  })
  return end === -1 ? values.length : end
}

/** Each value behind its length. */
export function pack(values: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    values.flatMap((value) => {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(value.length)
      return [length, value]
    }),
  )
}

/** The records of a message; a message that holds nothing is a mark, with a place of its own. */
export function unpack(sequence: number, key: string, data: Uint8Array): BusRecord[] {
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  const values: Uint8Array[] = []
  for (let at = 0; at + 4 <= data.length;) {
    const length = view.getUint32(at, true)
    values.push(data.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  if (values.length === 0) values.push(data)
  return values.map((value, at) => ({ place: placeOf(sequence) - (values.length - 1 - at), key, value }))
}
