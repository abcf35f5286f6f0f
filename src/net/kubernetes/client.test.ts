import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { openClient } from './client.ts'

test('a response is complete, and the memory of its large chunks is released with the next one', async () => {
  const sent = Buffer.alloc(4 << 20, 'weir ')
  const server = createServer((_request, response) => void response.end(sent))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const client = openClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  try {
    const { body, status } = await client.ask('/pods', {}, AbortSignal.timeout(20_000))
    const pieces: Uint8Array[] = []
    const came: Uint8Array[] = []
    for await (const piece of body) {
      came.push(new Uint8Array(piece))
      pieces.push(piece)
    }
    expect(status).toBe(200)
    expect(Buffer.concat(came).equals(sent)).toBe(true)
    const kept = pieces.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)
    expect(kept).toBeLessThan(sent.length / 2)
  } finally {
    client.close()
    await new Promise((resolve) => server.close(resolve))
  }
})

test('the body of a request of any method arrives with it', async () => {
  const came: string[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    request.on('end', () => {
      came.push(`${request.method} ${text}`)
      response.end('{}')
    })
  })
  let connections = 0
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const client = openClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  try {
    for (const method of ['DELETE', 'POST', 'DELETE', 'PATCH', 'PUT'] as const) {
      const answer = await client.write(method, '/x', { name: 'ä' }, AbortSignal.timeout(20_000))
      expect(answer.status).toBe(200)
      for await (const _ of answer.body);
    }
    expect(came).toEqual(['DELETE', 'POST', 'DELETE', 'PATCH', 'PUT'].map((method) => `${method} {"name":"ä"}`))
    expect(connections).toBe(1)
  } finally {
    client.close()
    await new Promise((resolve) => server.close(resolve))
  }
})
