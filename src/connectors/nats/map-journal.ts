import type { BusRecord } from '../../journal/index.ts'

/** Positions per message; the last record has the message's position. */
export const positionsPerMessage = 1024

export function tokenOf(key: string): string {
  return key.replaceAll(/[%.\s*>]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

export function keyOf(token: string): string {
  return token.replaceAll(/%([0-9a-f]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
}

export function positionOf(sequence: number): number {
  return sequence * positionsPerMessage
}

export function sequenceAfter(position: number): number {
  return Math.floor(position / positionsPerMessage) + 1
}

export function fittingCount(values: readonly Uint8Array[], maxBytes: number): number {
  let bytes = 0
  const end = values.findIndex((value, at) => {
    bytes += 4 + value.length
    return at > 0 && (bytes > maxBytes || at === positionsPerMessage)
  })
  return end === -1 ? values.length : end
}

export function pack(values: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    values.flatMap((value) => {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(value.length)
      return [length, value]
    }),
  )
}

export function unpack(sequence: number, key: string, data: Uint8Array): BusRecord[] {
  const view = new DataView(data.buffer, data.byteOffset, data.length)
  const values: Uint8Array[] = []
  for (let at = 0; at + 4 <= data.length;) {
    const length = view.getUint32(at, true)
    values.push(data.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  if (values.length === 0) values.push(data)
  return values.map((value, at) => ({ position: positionOf(sequence) - (values.length - 1 - at), key, value }))
}
