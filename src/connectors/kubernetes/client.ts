/** Questions to an API server over HTTP/1.1: each watch has a connection of its own, which is found out when it is dead. */
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest, type RequestOptions } from 'node:https'
import type { Ask } from './client-types.ts'

const keepAliveMs = 30_000

export interface ClientOptions {
  /** Of the API server, `https://…`. */
  readonly url: string
  /** Certificates, and who we are as far as TLS shows it. */
  readonly tls?: Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>
  /** Headers that say who we are, asked for at each question: tokens are renewed. */
  readonly headers?: () => Promise<Readonly<Record<string, string>>>
}

export interface Client {
  readonly ask: Ask
  close(): void
}

/** Connections are kept for the next question. */
export function openClient({ url, tls = {}, headers }: ClientOptions): Client {
  const base = new URL(url)
  const plain = base.protocol === 'http:'
  const options = { keepAlive: true, keepAliveMsecs: keepAliveMs }
  const agent = plain ? new HttpAgent(options) : new HttpsAgent({ ...options, ...tls })
  const send = plain ? httpRequest : httpsRequest
  const ask: Ask = async (path, query, signal, accept = 'application/json') => {
    const who = (await headers?.()) ?? {}
    const target = new URL(base)
    target.pathname = base.pathname.replace(/\/$/, '') + path
    target.search = new URLSearchParams(query).toString()
    return new Promise((resolve, reject) => {
      const request = send(target, { agent, signal, headers: { accept, ...who } }, (answer) => {
        const named = Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]))
        resolve({ status: answer.statusCode ?? 0, headers: named, body: answer, close: () => answer.destroy() })
      })
      request.on('socket', (socket) => socket.setKeepAlive(true, keepAliveMs)).on('error', reject).end()
    })
  }
  return { ask, close: () => agent.destroy() }
}
