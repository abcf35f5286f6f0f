import { once } from 'node:events'
import { request } from 'node:https'
import { connect, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { selfSigned } from '../../../test/kit/certificate.ts'
import type { TlsOptions } from '../tls.ts'
import { openHttpListeners, type HttpListeners } from './listeners.ts'

async function open(tls?: TlsOptions): Promise<[HttpListeners, URL]> {
  const listeners = await openHttpListeners({
    places: [{ host: '127.0.0.1', port: 0 }],
    tls,
    listener: (_, response) => response.end('hello'),
  })
  onTestFinished(() => listeners.close())
  return [listeners, new URL(listeners.addresses[0] ?? '')]
}

test('longer headers than 16 KiB are refused', async () => {
  const [, url] = await open()
  const statusWith = async (length: number): Promise<number> =>
    (await fetch(url, { headers: { 'x-long': 'x'.repeat(length), connection: 'close' } })).status
  expect([await statusWith(10_000), await statusWith(20_000)]).toEqual([200, 431])
})

test('more than 256 connections are closed', async () => {
  const [, { port }] = await open()
  const sockets: Socket[] = []
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  for (let count = 0; count < 257; count++) {
    const socket = connect(Number(port), '127.0.0.1')
    sockets.push(socket)
    await once(socket, 'connect')
  }
  await once(sockets[256]!, 'close')
  expect(sockets.filter(({ destroyed }) => destroyed)).toHaveLength(1)
})

test('TLS has the renewed certificate in the next connection', async () => {
  const named = (name: string): TlsOptions => ({ ...selfSigned(name), rejectUnauthorized: false })
  const [listeners, url] = await open(named('first'))
  const nameOf = async (): Promise<unknown> => {
    const sent = request(url, { rejectUnauthorized: false, agent: false }).end()
    const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage]
    const name = (response.socket as TLSSocket).getPeerCertificate().subject.CN
    response.resume()
    await once(response, 'end')
    return name
  }
  expect(url.protocol).toBe('https:')
  expect(await nameOf()).toBe('first')
  listeners.renew(named('second'))
  expect(await nameOf()).toBe('second')
})
