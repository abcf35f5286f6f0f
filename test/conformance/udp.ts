import { createSocket } from 'node:dgram'
import type { Source } from '../../src/engine/contracts.ts'
import type { Answer, SourceSide } from './source.ts'

export function udpSide(
  source: Source,
  datagramOf: (numbers: readonly number[]) => Uint8Array,
  malformed: string,
): SourceSide {
  const client = createSocket('udp4')
  const port = Number(source.addresses[0]?.split(':').at(-1))
  const send = (bytes: Uint8Array): Promise<Answer> =>
    new Promise((resolve, reject) => {
      client.send(bytes, port, '127.0.0.1', (error) => {
        if (error) reject(error)
        else resolve('silent')
      })
    })
  return {
    source,
    send: (numbers) => send(datagramOf(numbers)),
    sendMalformed: () => send(Buffer.from(malformed)),
    close: () =>
      new Promise((resolve) => {
        client.close(resolve)
      }),
  }
}
