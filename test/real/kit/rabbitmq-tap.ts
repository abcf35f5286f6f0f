// A relay that counts acknowledged messages, which RabbitMQ reports late.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** A method frame of channel 1 with 13 bytes: basic.ack. */
const ack = Buffer.from('01000100' + '00000d' + '003c0050', 'hex')
/** With the delivery tag, and whether it stands for all up to there. */
const wholeAck = ack.length + 9

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
    /** Of this connection, every tag below and those beyond it. */
    let [below, beyond] = [0, new Set<number>()]
    const count = (tag: number, multiple: boolean): void => {
      const before = below + beyond.size
      if (multiple) {
        below = Math.max(below, tag)
        beyond = new Set([...beyond].filter((one) => one > below))
      } else if (tag > below) beyond.add(tag)
      while (beyond.delete(below + 1)) below++
      acks += below + beyond.size - before
    }
    client.on('data', (chunk) => {
      const seen = Buffer.concat([rest, chunk])
      let from = 0
      for (let at = seen.indexOf(ack); at >= 0 && at + wholeAck <= seen.length; at = seen.indexOf(ack, from)) {
        from = at + wholeAck
        count(Number(seen.readBigUInt64BE(at + ack.length)), seen[from - 1] === 1)
      }
      rest = seen.subarray(Math.max(from, seen.length - wholeAck + 1))
      upstream.write(chunk)
    })
    upstream.pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    get acks() {
      return acks
    },
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
