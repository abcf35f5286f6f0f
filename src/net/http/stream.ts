/** On `ws`, because undici's websocket can neither pause its socket nor report pongs (ADR 0027). */
import type { Agent } from 'node:http'
import type { RawData, WebSocket } from 'ws'
import { backoffMs } from '../../host/backoff.ts'
import type { Host } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import type { TlsOptions } from '../tls.ts'
import { isLoopback } from './loopback.ts'
import { retryAfterMs } from './retry-after.ts'

export type StreamMessage = Readonly<{
  data: Uint8Array
  isText: boolean
}>

export type StreamTarget = Readonly<{
  url: string
  headers?: Readonly<Record<string, string>>
  protocols?: readonly string[]
  first?: readonly string[]
}>

export type StreamOptions = Readonly<{
  host: Pick<Host, 'clock' | 'timers' | 'random'>
  target(): StreamTarget | Promise<StreamTarget>
  /** Messages in order, one call at a time; durable when it resolves. A failure ends the loop. */
  take(messages: readonly StreamMessage[], signal: AbortSignal): Promise<void>
  changed?: (open: boolean, reason: string) => void
  /** The connection is open, and the first messages are sent. */
  opened?: (connection: StreamConnection) => void
  tls: TlsOptions | undefined
  proxyEnv?: Readonly<Record<string, string | undefined>>
  /** Limit of one message after decompression, in bytes; a larger one ends the connection. */
  messageBytes: number
  /** While more bytes wait or are taken, the socket is not read; one read may exceed the limit. */
  bufferBytes: number
  connectMs: number
  pingMs: number
  /** Counted and not timed: a busy process reads late. */
  missedPings: number
  /** The first and the longest delay between connections. A `Retry-After` may require more. */
  backoff: Readonly<{
    firstMs: number
    maxMs: number
    jitter?: number
    /** A connection of this length resets the delay. Unset: any message, or a connection of `maxMs`. */
    stableMs?: number
  }>
}>

export type StreamConnection = Readonly<{
  send(text: string): void
  /** Ends the connection; the next one follows after the delay. */
  end(reason: string): void
}>

const maxRetryAfterMs = 10 * 60_000

type End = Readonly<{
  reason: string
  afterMs: number
}>

/** Ends after a running `take` when the signal aborts; other messages are dropped. Rejects when `take` does. */
export async function runStream(options: StreamOptions, signal: AbortSignal): Promise<void> {
  const { host, backoff, changed } = options
  let failed = 0
  while (!signal.aborted) {
    const began = host.clock.monotonic()
    const connection = new Connection(options)
    const { reason, afterMs } = await connection.run(signal)
    if (signal.aborted) return
    changed?.(false, reason)
    const lasted = host.clock.monotonic() - began
    const isStable =
      backoff.stableMs === undefined ? connection.received || lasted > backoff.maxMs : lasted >= backoff.stableMs
    failed = isStable ? 1 : failed + 1
    await host.timers.sleep(Math.max(afterMs, backoffMs(backoff, failed - 1, host.random.next())), signal)
  }
}

class Connection {
  readonly #options: StreamOptions
  readonly #ended = Promise.withResolvers<End>()
  #socket: WebSocket | undefined
  #waiting: StreamMessage[] = []
  /** Bytes of messages that wait or are taken. */
  #heldBytes = 0
  #wake: () => void = () => undefined
  readonly #atEnd: (() => void)[] = []
  #end: End | undefined
  #missed = 0
  received = false

  constructor(options: StreamOptions) {
    this.#options = options
  }

  async run(signal: AbortSignal): Promise<End> {
    const abort = () => {
      this.#finish('stopped')
    }
    signal.addEventListener('abort', abort, { once: true })
    try {
      const target = await this.#options.target()
      if (!signal.aborted && this.#end === undefined) await this.#open(target)
      await this.#consume(signal)
    } catch (error) {
      if (error instanceof TakeFailed) throw error.cause
      this.#finish(messageOf(error))
    } finally {
      signal.removeEventListener('abort', abort)
      this.#socket?.terminate()
    }
    return this.#ended.promise
  }

  async #open({ url, headers = {}, protocols = [], first = [] }: StreamTarget) {
    const { tls, messageBytes, connectMs, host, changed } = this.#options
    const { WebSocket: Socket } = await import('ws')
    const agent = await this.#agent(url)
    const socket = new Socket(url, [...protocols], {
      headers,
      maxPayload: messageBytes,
      ...(url.startsWith('wss:') ? tls : {}),
      ...(agent === undefined ? {} : { agent }),
    })
    this.#socket = socket
    const handshake = host.timers.after(connectMs, () => {
      this.#finish(`no connection within ${connectMs} ms`)
    })
    socket.on('unexpected-response', (_, { statusCode = 0, headers: { 'retry-after': after } }) => {
      this.#finish(`HTTP ${statusCode}`, retryAfterMs(after, host.clock.now(), maxRetryAfterMs))
    })
    socket.on('error', (error) => {
      this.#finish(error.message === '' ? error.name : error.message)
    })
    socket.on('close', (code, reason) => {
      this.#finish(`the connection was closed (${[code, reason.toString()].filter((part) => part !== '').join(', ')})`)
    })
    socket.on('message', (data, isBinary) => {
      this.#received({ data: bytesOf(data), isText: !isBinary })
    })
    for (const sign of ['ping', 'pong'] as const)
      socket.on(sign, () => {
        this.#missed = 0
      })
    socket.on('open', () => {
      handshake.cancel()
      if (this.#end !== undefined) return
      for (const message of first) socket.send(message)
      changed?.(true, '')
      this.#options.opened?.({
        send: (text) => {
          socket.send(text)
        },
        end: (reason) => {
          this.#finish(reason)
        },
      })
      this.#watch(socket).catch((error: unknown) => {
        this.#finish(messageOf(error))
      })
    })
    this.#atEnd.push(() => {
      handshake.cancel()
    })
  }

  async #agent(url: string): Promise<Agent | undefined> {
    const { proxyEnv, tls } = this.#options
    if (proxyEnv === undefined || isLoopback(url)) return undefined
    if (!url.startsWith('wss:')) return new (await import('node:http')).Agent({ proxyEnv })
    return new (await import('node:https')).Agent({ ...tls, proxyEnv })
  }

  #received({ data, isText }: Readonly<{ data: Uint8Array; isText: boolean }>) {
    this.#missed = 0
    this.received = true
    this.#waiting.push({ data, isText })
    this.#heldBytes += data.length
    if (this.#heldBytes > this.#options.bufferBytes) this.#socket?.pause()
    this.#wake()
  }

  async #consume(signal: AbortSignal) {
    while (!signal.aborted) {
      const messages = this.#waiting
      if (messages.length === 0) {
        if (this.#end !== undefined) return
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
        continue
      }
      this.#waiting = []
      await this.#options.take(messages, signal).catch((cause: unknown) => {
        throw new TakeFailed(cause)
      })
      for (const { data } of messages) this.#heldBytes -= data.length
      if (this.#socket?.isPaused === true && this.#heldBytes <= this.#options.bufferBytes) this.#socket.resume()
    }
  }

  /** A socket that is not read is not silent. */
  async #watch(socket: WebSocket) {
    const { host, pingMs, missedPings } = this.#options
    const ended = new AbortController()
    this.#atEnd.push(() => {
      ended.abort()
    })
    while (this.#end === undefined) {
      await host.timers.sleep(pingMs, ended.signal)
      if (this.#end !== undefined) return
      if (socket.isPaused) this.#missed = 0
      else if (this.#missed >= missedPings) this.#finish(`nothing was received after ${missedPings} pings`)
      else if (socket.readyState === socket.OPEN) {
        this.#missed++
        socket.ping()
      }
    }
  }

  #finish(reason: string, afterMs = 0) {
    if (this.#end !== undefined) return
    this.#end = { reason: withoutUrlSecrets(reason), afterMs }
    this.#ended.resolve(this.#end)
    for (const act of this.#atEnd) act()
    this.#socket?.terminate()
    this.#wake()
  }
}

class TakeFailed extends Error {
  constructor(cause: unknown) {
    super('the messages were not taken', { cause })
  }
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data)
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data
}
