import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { realHost } from '../../host/index.ts'
import { openReceiver } from './receiver.ts'

/** A client that sends its whole body before it reads, and ends the connection. */
async function answerTo(port: number, path: string, bytes: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const answer = new Promise<string>((resolve, reject) => {
    let text = ''
    socket
      .setEncoding('latin1')
      .on('data', (piece: string) => (text += piece))
      .on('end', () => resolve(text))
      .on('error', reject)
  })
  const head = `POST ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${bytes}\r\n\r\n`
  socket.write(head)
  for (let left = bytes; left > 0; left -= 65_536) {
    if (!socket.write(Buffer.alloc(Math.min(left, 65_536)))) await once(socket, 'drain')
  }
  return answer
}

test('a client that sends a refused body to its end receives the response', async () => {
  const host = realHost()
  const refused: string[] = []
  const receiver = await openReceiver({
    places: [{ host: '127.0.0.1', port: 0 }],
    tls: undefined,
    token: 'secret',
    maxBytes: 4 << 20,
    memory: host.memory,
    timers: host.timers,
    routes: {},
    refused: (reason) => refused.push(reason),
  })
  onTestFinished(() => receiver.close())
  const port = Number(new URL(receiver.addresses[0] ?? '').port)
  for (let time = 0; time < 5; time++) expect(await answerTo(port, '/x', 8 << 20)).toMatch(/^HTTP\/1\.1 401 /)
  expect(refused).toEqual(Array.from({ length: 5 }, () => 'unauthorized'))
})
