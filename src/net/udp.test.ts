import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { realHost } from '../host/index.ts'
import { portHolders } from '../host/ports.ts'
import { WeirError } from '../model/errors.ts'
import { explainListen } from '../host/listen.ts'
import { bufferShortage, listenUdp, type Datagrams, type UdpListener, type UdpOptions } from './udp.ts'

const environment = realHost()
// The kernel's socket tables exist on Linux only.
const elsewhere = process.platform !== 'linux'
const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

async function listen(more: Partial<UdpOptions> = {}): Promise<{ listener: UdpListener; seen: Datagrams[] }> {
  const seen: Datagrams[] = []
  const listener = await listenUdp({
    host: '127.0.0.1',
    port: 0,
    receiveBuffer: 1 << 18,
    environment,
    onDatagrams: (datagrams) => void seen.push(datagrams),
    onError: (error) => {
      throw error
    },
    ...more,
  })
  open.push(listener)
  return { listener, seen }
}

async function send(
  to: UdpListener,
  texts: readonly string[],
  type: 'udp4' | 'udp6' = 'udp4',
  host = to.host,
): Promise<void> {
  const socket = createSocket(type)
  for (const text of texts) {
    await new Promise<void>((resolve, reject) =>
      socket.send(text, to.port, host, (error) => (error ? reject(error) : resolve())),
    )
  }
  await new Promise<void>((resolve) => socket.close(() => resolve()))
}

async function until(true_: () => boolean): Promise<void> {
  while (!true_()) await environment.timers.sleep(2)
}

const texts = (seen: readonly Datagrams[]): string[] =>
  seen.flatMap(({ bytes }) => bytes.map((one) => Buffer.from(one).toString()))

describe('a UDP listener', () => {
  test('delivers every datagram in order with its sender and receive time', async () => {
    const { listener, seen } = await listen()
    const start = environment.clock.now()
    const sent = Array.from({ length: 300 }, (_, i) => `datagram ${i}`)
    await send(listener, sent)
    await until(() => texts(seen).length === sent.length)
    expect(texts(seen)).toEqual(sent)
    for (const { bytes, from, received } of seen) {
      expect(from).toHaveLength(bytes.length)
      expect(from[0]?.address).toBe('127.0.0.1')
      expect(received).toBeGreaterThanOrEqual(start)
    }
  })

  test('on :: receives both address families', async () => {
    const { listener, seen } = await listen({ host: '::' })
    await send(listener, ['six'], 'udp6', '::1')
    await send(listener, ['four'], 'udp4', '127.0.0.1')
    await until(() => texts(seen).length === 2)
    expect(texts(seen)).toEqual(['six', 'four'])
    expect(seen.flatMap(({ from }) => from.map((one) => one.address))).toEqual(['::1', '::ffff:127.0.0.1'])
  })

  test('delivers received datagrams before it closes', async () => {
    const never = { ...environment, timers: { ...environment.timers, yield: () => new Promise<void>(() => undefined) } }
    let arrived = 0
    const { listener, seen } = await listen({ environment: never })
    const peek = setInterval(() => arrived++, 1)
    await send(listener, ['last words'])
    await until(() => arrived > 20)
    clearInterval(peek)
    expect(seen).toEqual([])
    await listener.close()
    open.splice(0)
    expect(texts(seen)).toEqual(['last words'])
  })

  test.skipIf(elsewhere)('a port in use is an error with its holder', async () => {
    const { listener } = await listen()
    const error = await listen({ port: listener.port }).catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(WeirError)
    expect(error).toMatchObject({
      code: 'WEIR_LISTEN_IN_USE',
      message: expect.stringMatching(
        new RegExp(`^UDP 127\\.0\\.0\\.1:${listener.port} is in use, held by .+ \\(process ${process.pid}\\)\\.$`),
      ) as string,
    })
  })

  test('on an address of another machine the error has advice', async () => {
    const error = await listen({ host: '192.0.2.1' }).catch((caught: unknown) => caught)
    expect(error).toMatchObject({
      code: 'WEIR_LISTEN_FAILED',
      advice: expect.stringContaining('belongs to this machine') as string,
    })
    expect(String(error)).toContain('Cannot listen on UDP 192.0.2.1:0')
  })

  test('reports the sysctl to raise if the kernel grants a smaller buffer', async () => {
    const wanted = 2 ** 30
    const { listener } = await listen({ receiveBuffer: wanted })
    expect(listener.receiveBuffer).toBeLessThan(wanted)
    expect(bufferShortage(listener, wanted)).toContain(`sysctl -w net.core.rmem_max=${wanted}`)
    expect(bufferShortage(listener, listener.receiveBuffer)).toBeUndefined()
  })

  test.skipIf(elsewhere)('reports the datagrams that the kernel dropped at this socket only', async () => {
    // The first iteration blocks the event loop, so that the buffer overflows.
    const { listener, seen } = await listen({ receiveBuffer: 4096 })
    const other = await listen({ host: '127.0.0.2', port: listener.port })
    expect(await listener.drops()).toBe(0)
    const sender = createSocket('udp4')
    await new Promise<void>((resolve) => sender.connect(listener.port, '127.0.0.1', resolve))
    const rest = new Promise<number>((resolve) => {
      let left = 500
      const done = (): void => {
        if (--left === 0) resolve(0)
      }
      for (let i = 0; i < 500; i++) sender.send(Buffer.alloc(1000), done)
    })
    await rest
    sender.close()
    let last = -1
    while (texts(seen).length !== last) {
      last = texts(seen).length
      await environment.timers.sleep(50)
    }
    const drops = await listener.drops()
    expect(drops).toBe(500 - texts(seen).length)
    expect(drops).toBeGreaterThan(0)
    expect(await other.listener.drops()).toBe(0)
  })
})

test.skipIf(elsewhere)('the holder of a TCP port in use is found, too', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  open.push({ close: () => new Promise((resolve) => server.close(resolve)) })
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  expect(await portHolders('tcp', port)).toMatchObject([{ pid: process.pid }])
  const error = await explainListen(
    'tcp',
    { host: '::1', port },
    Object.assign(new Error('taken'), { code: 'EADDRINUSE' }),
  )
  expect(error.message).toContain(`TCP [::1]:${port} is in use, held by`)
})

test('a free port has no holder', async () => {
  expect(await portHolders('udp', 0)).toEqual([])
})
