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
