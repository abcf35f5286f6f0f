import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { lookup } from 'node:dns/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { expect, test } from 'vitest'
import { banNetwork } from './no-network.ts'

test('connections, listeners, datagrams and lookups are refused until the ban is lifted', async () => {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ban = banNetwork()
  try {
    const [plain] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
    expect(plain.code).toBe('ENETUNREACH')
    const [tls] = (await once(connectTls(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
    expect(tls.code).toBe('ENETUNREACH')
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed')
    const [inUse] = (await once(createServer().listen(0), 'error')) as [NodeJS.ErrnoException]
    expect(inUse.code).toBe('EADDRINUSE')
    expect(() => createSocket('udp4').send('x', port)).toThrow('not used here')
    await expect(lookup('localhost')).rejects.toThrow('not used here')
    expect(ban.refused()).toBeGreaterThanOrEqual(6)
  } finally {
    ban.lift()
  }
  expect(connections).toBe(0)
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.destroy()
  server.close()
})
