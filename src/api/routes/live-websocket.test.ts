import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { RunningApi } from '../index.ts'
import { start } from '../testing/kit.ts'
import { someFlows } from '../testing/recording-control.ts'

interface SocketMessage {
  readonly event: string
  readonly id?: string
  readonly data: Readonly<Record<string, unknown>>
}

class Client {
  readonly received: SocketMessage[] = []
  readonly socket: WebSocket
  readonly closed: Promise<number>
  #more: () => void = () => {}

  constructor(api: RunningApi, query = '', headers: Record<string, string> = {}) {
    this.socket = new WebSocket(`${api.url.replace('http', 'ws')}/api/v1/live${query}`, { headers })
    this.socket.on('message', (message: Buffer) => {
      this.received.push(JSON.parse(message.toString()) as SocketMessage)
      this.#more()
    })
    this.closed = new Promise((resolve) => this.socket.on('close', resolve))
    open.push(this)
  }

  async until(request: (message: SocketMessage) => boolean): Promise<SocketMessage> {
    for (;;) {
      const found = this.received.find(request)
      if (found !== undefined) return found
      await new Promise<void>((resolve) => (this.#more = resolve))
    }
  }
}

const open: Client[] = []
afterEach(() => open.splice(0).forEach(({ socket }) => socket.terminate()))

const quick = { tickMs: 20 }

test('a WebSocket carries the same events, and its messages set the views', async () => {
  const { api, control } = await start({ limits: quick })
  const client = new Client(api, '?sid=session-1')
  expect((await client.until(({ event }) => event === 'hello')).data).toMatchObject({
    protocol: 1,
    views: [
      { id: 'flows', kind: 'rows' },
      { id: 'events', kind: 'rows' },
    ],
  })
  client.socket.send(
    JSON.stringify({
      views: [{ id: 'f', kind: 'rows', q: { stream: 'flows', where: { dst_port: 53 } }, columns: ['src_port'] }],
    }),
  )
  await client.until(({ event, data }) => event === 'rows' && data['view'] === 'f')
  control.publish(someFlows(4))
  const rows = await client.until(({ data }) => data['view'] === 'f' && data['shown'] === 2)
  expect(rows).toMatchObject({
    id: expect.stringMatching(/^1@/) as string,
    data: { cols: ['src_port'], rows: [[1001], [1003]], matched: 2 },
  })
  expect((await client.until(({ event }) => event === 'stat')).data).toHaveProperty('ringFrom')
})

test('an invalid message is answered on the socket, which stays open', async () => {
  const { api } = await start({ limits: quick })
  const client = new Client(api, '?sid=session-1')
  await client.until(({ event }) => event === 'hello')
  client.socket.send('{"views": 1')
  client.socket.send('{"views": [{"id": "f"}]}')
  client.socket.send('{"views": [{"id": "f", "kind": "pie", "q": {"stream": "flows"}}]}')
  await client.until(() => client.received.filter(({ event }) => event === 'error').length === 3)
  const details = client.received.filter(({ event }) => event === 'error').map(({ data }) => String(data['detail']))
  expect(details[1]).toContain('"views[0].kind" is missing.')
  expect(details[2]).toContain('there is no kind "pie"')
  expect(client.socket.readyState).toBe(WebSocket.OPEN)
})

test('resumes with ?after=', async () => {
  const { api, control } = await start({ limits: quick })
  for (let n = 0; n < 3; n++) control.publish(someFlows(2, n * 10))
  const client = new Client(api, '?after=1')
  const rows = await client.until(({ event, data }) => event === 'rows' && data['view'] === 'flows')
  expect(rows.data).toMatchObject({ shown: 4 })
  expect(rows.id).toMatch(/^3@/)
})

test('the limits for hosts, origins and streams apply to WebSockets', async () => {
  const { api } = await start({ limits: { ...quick, streamsPerUser: 1 } })
  const status = async (client: Client): Promise<number> =>
    new Promise((resolve) => {
      client.socket
        .on('unexpected-response', (_request, answer) => {
          answer.resume().on('close', () => resolve(answer.statusCode ?? 0))
        })
        .on('open', () => resolve(101))
        .on('error', () => {})
    })
  expect(await status(new Client(api, '', { host: 'weir.example' }))).toBe(403)
  expect(await status(new Client(api, '', { origin: 'http://other.example' }))).toBe(403)
  expect(await status(new Client(api, '?after=x'))).toBe(400)
  expect(await status(new Client(api))).toBe(101)
  expect(await status(new Client(api))).toBe(429)
})

test('a slow client is conflated, and disconnected when it stays blocked', async () => {
  const { api, control } = await start({ limits: { ...quick, stuckMs: 300, streamsPerUser: 1 } })
  const client = new Client(api)
  await client.until(({ event }) => event === 'hello')
  client.socket.pause()
  const before = process.memoryUsage().external
  const feed = setInterval(() => control.publish(someFlows(500)), 5)
  try {
    // The place is free as soon as the stream is cut.
    await expect
      .poll(
        async () => {
          const line = new AbortController()
          const { status } = await fetch(`${api.url}/api/v1/live`, { signal: line.signal })
          line.abort()
          return status
        },
        { timeout: 50_000, interval: 200 },
      )
      .toBe(200)
    expect(process.memoryUsage().external - before).toBeLessThan(64 << 20)
    client.socket.resume()
    expect(await client.closed).toBe(1006)
  } finally {
    clearInterval(feed)
  }
})

test('closing the server sends a close code for reconnecting', async () => {
  const { api } = await start({ limits: quick })
  const client = new Client(api)
  await client.until(({ event }) => event === 'hello')
  await api.close()
  expect(await client.closed).toBe(1001)
})
