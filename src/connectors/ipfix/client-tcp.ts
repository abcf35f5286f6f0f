import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { stampMessage, type IpfixMessage } from '../../codecs/ipfix-export/index.ts'
import type { Probe } from '../../engine/contracts.ts'
import { withTimeoutUntil } from '../../host/with-timeout.ts'
import { readTls, type TlsOptions } from '../../net/tls.ts'
import { formatHostPort } from '../../schema/values.ts'
import { addRecords, explain, seconds, SendError, type Session, type SessionOptions } from './client.ts'

/** Limit of messages that may be repeated. */
const maxRecentBytes = 8 * 1024 * 1024

type Recent = Readonly<{
  message: IpfixMessage
  at: number
}>

export class TcpSession implements Session {
  readonly #options: SessionOptions
  readonly #place: string
  #socket: Socket | undefined
  #sequence = 0
  #isSampled = false
  /** Templates of flows that this connection has. */
  #announced = 0
  #broken: Error | undefined
  #recent: Recent[] = []
  #recentBytes = 0

  constructor(options: SessionOptions) {
    this.#options = options
    this.#place = `${options.config.tls === null ? 'tcp' : 'tls'}://${formatHostPort(options.config.target)}`
  }

  async send(messages: readonly IpfixMessage[], signal: AbortSignal): Promise<void> {
    try {
      if (signal.aborted) throw new Error('the sink is stopping')
      const socket = this.#socket ?? (await this.#open(signal))
      await this.#write(socket, messages, signal)
      this.#remember(messages)
    } catch (error) {
      this.#drop()
      // Which bytes the collector read is unknown.
      throw new SendError(0, explain(this.#place, error), { cause: error })
    }
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    try {
      const socket = await this.#connect(signal)
      socket.destroy()
      return { is: 'ok', message: `${this.#place}: connected; IPFIX has no response to flows` }
    } catch (error) {
      return { is: 'fail', message: explain(this.#place, error) }
    }
  }

  async close(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return
    const { timers } = this.#options.context.host
    // The kernel delivers the written messages.
    const ended = new Promise<void>((resolve) => socket.end(resolve).once('error', () => resolve()))
    const timer = timers.after(this.#options.config.timeout, () => socket.destroy())
    await ended
    timer.cancel()
    socket.destroy()
  }

  async #open(signal: AbortSignal): Promise<Socket> {
    const socket = await this.#connect(signal)
    this.#broken = undefined
    this.#sequence = 0
    this.#isSampled = false
    this.#announced = 0
    socket.on('error', (error) => {
      if (this.#socket === socket) this.#broken = error
    })
    socket.once('close', () => {
      if (this.#socket !== socket) return
      this.#socket = undefined
      this.#broken ??= new Error('the collector closed the connection')
      this.#forget(this.#options.config.repeat)
    })
    this.#socket = socket
    const { context } = this.#options
    const repeated = this.#recent.map(({ message }) => message)
    await this.#write(socket, repeated, signal)
    if (repeated.length > 0)
      context.log.warn('The connection to the collector broke; its last messages were sent again.', {
        sink: context.id,
        messages: repeated.length,
      })
    this.#recent = []
    this.#recentBytes = 0
    this.#remember(repeated)
    return socket
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    const { config, context } = this.#options
    const tls = await readTls(config.tls, context.host.disk)
    const socket = this.#dial(tls)
    const limit = { timers: context.host.timers, ms: config.timeout, late: `no connection within ${config.timeout} ms` }
    try {
      await withTimeoutUntil(
        new Promise<void>((resolve, reject) => {
          socket.once(tls === undefined ? 'connect' : 'secureConnect', resolve)
          socket.once('error', reject)
          socket.once('close', () => reject(new Error('the collector closed the connection')))
        }),
        limit,
        signal,
        'the sink is stopping',
      )
    } catch (error) {
      socket.on('error', () => undefined).destroy()
      throw error
    }
    socket.setKeepAlive(true, 30_000)
    // Collectors send nothing; data from them is discarded.
    socket.resume()
    return socket
  }

  #dial(tls: TlsOptions | undefined): Socket {
    const { host, port } = this.#options.config.target
    if (tls === undefined) return connect({ host, port, noDelay: true })
    return connectTls({ host, port, ...tls })
  }

  async #write(socket: Socket, messages: readonly IpfixMessage[], signal: AbortSignal) {
    const { config, context } = this.#options
    const now = seconds(context.host.clock.now())
    const written = new Promise<void>((resolve, reject) => {
      const closed = () => reject(this.#broken ?? new Error('the collector closed the connection'))
      if (socket.destroyed) return closed()
      socket.once('close', closed)
      socket.cork()
      const send = ({ bytes, records }: IpfixMessage) => {
        stampMessage(bytes, now, this.#sequence)
        this.#sequence = addRecords(this.#sequence, records)
        socket.write(bytes)
      }
      const { flows, sampling } = this.#options.templates
      if (flows.length < this.#announced) this.#announced = 0
      for (const template of flows.slice(this.#announced)) send(templateMessage(template))
      this.#announced = flows.length
      for (const message of messages) {
        if (message.isSampled && !this.#isSampled) send(templateMessage(sampling))
        this.#isSampled ||= message.isSampled
        send(message)
      }
      socket.write(noBytes, (error) => {
        socket.off('close', closed)
        if (error === null || error === undefined) resolve()
        else reject(error)
      })
      socket.uncork()
    })
    const limit = {
      timers: context.host.timers,
      ms: config.timeout,
      late: `it did not read within ${config.timeout} ms`,
    }
    await withTimeoutUntil(written, limit, signal, 'the sink is stopping')
  }

  #remember(messages: readonly IpfixMessage[]) {
    if (this.#options.config.repeat === 0) return
    this.#forget(this.#options.config.repeat)
    const at = this.#options.context.host.clock.monotonic()
    for (const message of messages) {
      this.#recent.push({ message, at })
      this.#recentBytes += message.bytes.length
    }
    while (this.#recentBytes > maxRecentBytes) this.#recentBytes -= this.#recent.shift()?.message.bytes.length ?? 0
  }

  #forget(ageMs: number) {
    const after = this.#options.context.host.clock.monotonic() - ageMs
    while (this.#recent[0] !== undefined && this.#recent[0].at < after)
      this.#recentBytes -= this.#recent.shift()?.message.bytes.length ?? 0
  }

  #drop() {
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return
    this.#forget(this.#options.config.repeat)
    socket.on('error', () => undefined).destroy()
  }
}

function templateMessage(bytes: Uint8Array): IpfixMessage {
  return { bytes, records: 0, isSampled: false, rows: [] }
}

const noBytes = new Uint8Array(0)
