import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createServer as plainServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as tlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { selfSigned } from '../../../test/kit/certificate.ts'
import { openClient } from './client.ts'

const piece = 'x'.repeat(1000)
const pieces = 30

test.each(['http', 'https'])('a connection over %s that is held takes nothing in but what came last; then comes all of it', async (scheme) => {
  const { cert, key } = selfSigned()
  let answering: ServerResponse | undefined
  const answer = (_request: IncomingMessage, response: ServerResponse): void => {
    answering = response
    response.write(piece)
  }
  const server = scheme === 'http' ? plainServer(answer) : tlsServer({ cert, key }, answer)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  // The socket that the answer comes on, whoever asked for it.
  let socket: Socket | undefined
  const found = (message: unknown): void => void (socket = (message as { readonly response: IncomingMessage }).response.socket)
  subscribe('http.client.response.finish', found)
  const client = openClient({ url: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`, ...(scheme === 'http' ? {} : { tls: { ca: cert } }) })
  try {
    const { body, hold } = await client.ask('/', {}, new AbortController().signal)
    let got = 0
    const read = body[Symbol.asyncIterator]()
    while (got < piece.length) got += ((await read.next()).value as Uint8Array).length
    const before = socket?.bytesRead ?? 0
    hold?.(true)
    for (let sent = 0; sent < pieces; sent++) {
      await new Promise((resolve) => answering?.write(piece, resolve))
      await sleep(2)
    }
    expect((socket?.bytesRead ?? Infinity) - before).toBeLessThan(3 * piece.length)
    hold?.(false)
    while (got < (1 + pieces) * piece.length) got += ((await read.next()).value as Uint8Array).length
    expect(got).toBe((1 + pieces) * piece.length)
  } finally {
    unsubscribe('http.client.response.finish', found)
    client.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})
