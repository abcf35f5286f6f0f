// A relay that counts the messages which a reader has acknowledged: RabbitMQ tells nobody else at once.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A method frame of channel 1 with 13 bytes: basic.ack. */
const ack = Buffer.from('01000100' + '00000d' + '003c0050', 'hex')

export interface AckTap {
  readonly port: number
  readonly acks: number
  /** False: there were not so many within the time. */
  reached(acks: number, limitMs: number): Promise<boolean>
  close(): Promise<void>
}

export async function ackTap(targetPort: number): Promise<AckTap> {
  let acks = 0
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1')
    const end = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('close', end).on('error', end)
    }
    let rest: Buffer = Buffer.alloc(0)
    client.on('data', (chunk) => {
      const seen = Buffer.concat([rest, chunk])
      let from = 0
      for (let at = seen.indexOf(ack); at >= 0; at = seen.indexOf(ack, from)) {
        acks++
        from = at + ack.length
      }
      rest = seen.subarray(Math.max(from, seen.length - ack.length + 1))
      upstream.write(chunk)
    })
    upstream.pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get acks() { return acks },
    async reached(wanted, limitMs) {
      for (let waited = 0; acks < wanted && waited < limitMs; waited += 20) await sleep(20)
      return acks >= wanted
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
