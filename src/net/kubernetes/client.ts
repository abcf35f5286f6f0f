import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https'
import { releaseBuffer } from '../../model/release-buffer.ts'
import type { Answer, Ask, Write } from './types.ts'

const keepAliveMs = 30_000

export type ClientOptions = Readonly<{
  url: string
  tls?: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>
  identity?: () => Promise<Identity>
  /** The server responded 401: the cached identity is stale. */
  refused?: () => void
  proxy?: string
}>

export type Identity = Readonly<{
  headers: Readonly<Record<string, string | string[]>>
  /** PEM, from an exec plugin. */
  cert?: string
  key?: string
}>

export type Client = Readonly<{
  ask: Ask
  write: Write
  close(): void
}>

type Sent = Readonly<{
  method: string
  path: string
  query?: Readonly<Record<string, string>>
  headers: Readonly<Record<string, string>>
  body?: string
}>

export function openClient({ url, tls = {}, identity, refused, proxy }: ClientOptions): Client {
  const base = new URL(url)
  const plain = base.protocol === 'http:'
  const options = {
    keepAlive: true,
    keepAliveMsecs: keepAliveMs,
    ...(proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } }),
  }
  const agent = plain ? new HttpAgent(options) : new HttpsAgent({ ...options, ...tls })
  const request = plain ? httpRequest : httpsRequest
  const send = async ({ method, path, query = {}, headers, body }: Sent, signal: AbortSignal): Promise<Answer> => {
    const { headers: who, ...certificate } = (await identity?.()) ?? { headers: {} }
    const target = new URL(base)
    target.pathname = base.pathname.replace(/\/$/, '') + path
    target.search = new URLSearchParams(query).toString()
    return new Promise((resolve, reject) => {
      // Without it, Node sends the body of DELETE as a request of its own.
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
      const sent = request(
        target,
        { method, agent, signal, headers: { ...headers, ...length, ...who }, ...certificate },
        (answer) => {
          if (answer.statusCode === 401) refused?.()
          const named = Object.fromEntries(
            Object.entries(answer.headers).map(([name, value]) => [
              name,
              Array.isArray(value) ? value.join(', ') : value,
            ]),
          )
          const { socket } = answer
          resolve({
            status: answer.statusCode ?? 0,
            headers: named,
            body: readOnce(answer),
            hold: (on) => void (on ? socket.pause() : socket.resume()),
            close: () => answer.destroy(),
          })
        },
      )
      sent
        .on('socket', (socket) => socket.setKeepAlive(true, keepAliveMs))
        .on('error', reject)
        .end(body)
    })
  }
  return {
    ask: (path, query, signal, accept = 'application/json') =>
      send({ method: 'GET', path, query, headers: { accept } }, signal),
    write: (method, path, body, signal) =>
      send(
        {
          method,
          path,
          headers: {
            accept: 'application/json',
            'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
          },
          body: JSON.stringify(body),
        },
        signal,
      ),
    close: () => agent.destroy(),
  }
}

/** Each chunk is valid until the next one: a large list would leave a gigabyte to the garbage collector. */
async function* readOnce(answer: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const piece of answer) {
    // Not a Buffer: its `slice` does not copy.
    yield new Uint8Array(piece.buffer, piece.byteOffset, piece.length)
    releaseBuffer(piece)
  }
}
