import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { paceReads, stopAfterRead } from './paced-reads.ts'

const large = 1 << 20

test('pauses after a small read, and then reads all at once', async () => {
  const { socket, peer } = await pair()
  const pauses = new Pauses(socket)
  peer.write('a')
  await pauses.begun(1)
  expect(pauses.read).toEqual(['a'])

  await sent(peer, 'b')
  await sent(peer, 'c')
  await turns()
  expect(pauses.read).toEqual(['a'])
  pauses.end()
  await pauses.begun(2)
  expect(pauses.read.join('')).toBe('abc')
})

test('reads on at once after a large read, or without a pause', async () => {
  const { socket, peer } = await pair()
  const pauses = new Pauses(socket)
  pauses.ms = 0
  for (const text of ['a', 'b']) {
    peer.write(text)
    await once(socket, 'readable')
  }
  pauses.ms = 10
  const text = 'x'.repeat(large)
  peer.end(text)
  while (!socket.readableEnded) {
    await Promise.race([once(socket, 'end'), pauses.begun(1)])
    pauses.end()
  }
  expect(pauses.read.join('')).toBe(`ab${text}`)
  expect(pauses.count).toBeLessThan(pauses.read.length)
})

test('a closed connection is not read again', async () => {
  const { socket, peer } = await pair()
  const pauses = new Pauses(socket)
  peer.write('a')
  await pauses.begun(1)
  socket.destroy()
  await once(socket, 'close')
  expect(pauses.pending).toBe(undefined)
})

/** Reads as amqplib does. */
class Pauses {
  readonly read: string[] = []
  ms = 10
  count = 0
  pending: (() => void) | undefined
  #wake: () => void = () => undefined

  constructor(socket: Socket) {
    const after = (_: number, act: () => void) => {
      this.count++
      this.pending = act
      this.#wake()
      return { cancel: () => (this.pending = undefined) }
    }
    paceReads(socket, { after }, () => this.ms)
    socket.on('readable', () => {
      for (let chunk: unknown; (chunk = socket.read()) !== null;) this.read.push(String(chunk))
    })
  }

  async begun(count: number): Promise<void> {
    while (this.count < count || this.pending === undefined)
      await new Promise<void>((resolve) => (this.#wake = resolve))
  }

  end(): void {
    const act = this.pending
    this.pending = undefined
    act?.()
  }
}

async function sent(peer: Socket, text: string): Promise<void> {
  await new Promise((resolve) => peer.write(text, resolve))
}

/** Time for the socket to read, if it did. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
}

async function pair(): Promise<{ socket: Socket; peer: Socket }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const accepted = once(server, 'connection')
  const socket = connect({ port, host: '127.0.0.1', ...stopAfterRead })
  const [peer] = (await accepted) as [Socket]
  if (socket.connecting) await once(socket, 'connect')
  onTestFinished(() => {
    socket.destroy()
    peer.destroy()
    server.close()
  })
  return { socket, peer }
}
