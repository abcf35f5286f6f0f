// A relay to RabbitMQ that swallows its confirmations, turns them into refusals, or cuts the connection at one.
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export type Confirms = 'pass' | 'swallow' | 'nack' | 'cut'

export interface ConfirmRelay {
  readonly port: number
  confirms: Confirms
  /** Confirmations that did not pass. */
  readonly stopped: number
  close(): Promise<void>
}

/** Of a method frame: class 60 (basic), method 80 (ack); basic.nack has the same arguments. */
const [basic, ack, nack] = [60, 80, 120]
/** Type, channel, size; then the payload, and the end mark. */
const [head, end] = [7, 1]

export async function confirmRelay(targetPort: number): Promise<ConfirmRelay> {
  const sockets = new Set<Socket>()
  let stopped = 0
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1')
    const close = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('close', close).on('error', close)
    }
    client.pipe(upstream)
    let rest: Buffer = Buffer.alloc(0)
    upstream.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= head) {
        const size = head + rest.readUInt32BE(3) + end
        if (rest.length < size) return
        const frame = rest.subarray(0, size)
        rest = rest.subarray(size)
        const isConfirm = frame[0] === 1 && frame.readUInt16BE(head) === basic && frame.readUInt16BE(head + 2) === ack
        if (!isConfirm || relay.confirms === 'pass') client.write(frame)
        else {
          stopped++
          if (relay.confirms === 'cut') close()
          else if (relay.confirms === 'nack') {
            frame.writeUInt16BE(nack, head + 2)
            client.write(frame)
          }
        }
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const relay = {
    port: (server.address() as AddressInfo).port,
    confirms: 'pass' as Confirms,
    get stopped() {
      return stopped
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
  return relay
}
