import { createSocket, type Socket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { stampMessage, type IpfixMessage } from '../../codecs/ipfix-export/index.ts'
import type { Probe } from '../../engine/contracts.ts'
import { withTimeoutUntil } from '../../host/with-timeout.ts'
import { formatHostPort } from '../../schema/values.ts'
import { addRecords, explain, seconds, SendError, type Session, type SessionOptions } from './client.ts'

/** Datagrams sent at once: a small receive buffer (208 KiB, 2.3 KiB for each datagram) has room for twice as many. */
const burst = 32

const templateLeadMs = 50

export class UdpSession implements Session {
  readonly #options: SessionOptions
  readonly #place: string
  #socket: Socket | undefined
  #sequence = 0
  #templatesAt = Number.NEGATIVE_INFINITY
  /** Templates of flows that were sent. */
  #announced = 0
  #isSampled = false
  #refusal: Error | undefined
  #tokens = burst
  #tokensAt: number

  constructor(options: SessionOptions) {
    this.#options = options
    this.#place = `udp://${formatHostPort(options.config.target)}`
    this.#tokensAt = options.context.host.clock.monotonic()
  }

  async send(messages: readonly IpfixMessage[], signal: AbortSignal): Promise<void> {
    const { clock, timers } = this.#options.context.host
    const deadline = clock.monotonic() + this.#options.config.timeout
    let sent = 0
    try {
      const socket = await this.#open(signal)
      for (const { bytes, records, isSampled } of messages) {
        if (signal.aborted) throw new Error('the sink is stopping')
        if (clock.monotonic() > deadline) throw new Error('the time limit of this batch is reached')
        if (isSampled && !this.#isSampled) {
          this.#isSampled = true
          this.#templatesAt = Number.NEGATIVE_INFINITY
        }
        await this.#sendTemplates(socket, signal)
        await this.#pace(signal)
        stampMessage(bytes, seconds(clock.now()), this.#sequence)
        await this.#write(socket, bytes)
        this.#sequence = addRecords(this.#sequence, records)
        sent++
      }
      // A refusal from this machine has arrived by then. Datagrams before it may be lost.
      await timers.yield()
      await timers.yield()
      if (this.#refusal !== undefined) throw this.#refusal
    } catch (error) {
      const first = this.#refusal === undefined ? sent : 0
      this.#reset()
      throw new SendError(first, explain(this.#place, error), { cause: error })
    }
  }

  async probe(signal: AbortSignal): Promise<Probe> {
    const { timers } = this.#options.context.host
    const probing = new UdpSession(this.#options)
    try {
      const socket = await probing.#open(signal)
      await probing.#sendTemplates(socket, signal)
      await timers.yield()
      await timers.yield()
      if (probing.#refusal !== undefined) throw probing.#refusal
      return {
        is: 'warn',
        message: `${this.#place}: templates were sent; UDP has no response: check that flows arrive at the collector`,
      }
    } catch (error) {
      return { is: 'fail', message: explain(this.#place, error) }
    } finally {
      await probing.close()
    }
  }

  close(): Promise<void> {
    this.#reset()
    return Promise.resolve()
  }

  async #open(signal: AbortSignal): Promise<Socket> {
    if (this.#socket !== undefined) return this.#socket
    const { config, context } = this.#options
    const { host, port } = config.target
    const limit = { timers: context.host.timers, ms: config.timeout, late: 'the name did not resolve in time' }
    const { address, family } =
      isIP(host) === 0
        ? await withTimeoutUntil(lookup(host), limit, signal, 'the sink is stopping')
        : { address: host, family: isIP(host) }
    const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject)
        socket.connect(port, address, () => {
          socket.off('error', reject)
          resolve()
        })
      })
    } catch (error) {
      socket.close()
      throw error
    }
    this.#refusal = undefined
    socket.on('error', (error) => {
      this.#refusal = error
    })
    this.#socket = socket
    return socket
  }

  async #sendTemplates(socket: Socket, signal: AbortSignal) {
    const { config, context, templates } = this.#options
    const now = context.host.clock.monotonic()
    const isDue = now - this.#templatesAt >= config.template_interval || templates.flows.length < this.#announced
    const flows = isDue ? templates.flows : templates.flows.slice(this.#announced)
    if (!isDue && flows.length === 0) return
    for (const template of [...flows, ...(this.#isSampled ? [templates.sampling] : [])]) {
      await this.#pace(signal)
      stampMessage(template, seconds(context.host.clock.now()), this.#sequence)
      await this.#write(socket, template)
    }
    // Collectors with several workers drop data that overtakes the templates.
    if (this.#templatesAt === Number.NEGATIVE_INFINITY || templates.flows.length > this.#announced)
      await context.host.timers.sleep(templateLeadMs, signal)
    this.#announced = templates.flows.length
    if (isDue) this.#templatesAt = now
  }

  #write(socket: Socket, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      socket.send(bytes, (error) => {
        if (error === null) resolve()
        else reject(error)
      })
    })
  }

  async #pace(signal: AbortSignal) {
    const { clock, timers } = this.#options.context.host
    const rate = this.#options.config.datagram_rate / 1000
    const refill = () => {
      const now = clock.monotonic()
      this.#tokens = Math.min(burst, this.#tokens + (now - this.#tokensAt) * rate)
      this.#tokensAt = now
    }
    refill()
    if (this.#tokens < 1) {
      // Timers have milliseconds, so several at a time.
      await timers.sleep(Math.max(1, Math.min(burst / 2, 5 * rate + 1) / rate), signal)
      refill()
    }
    this.#tokens--
  }

  #reset() {
    this.#socket?.close()
    this.#socket = undefined
    this.#refusal = undefined
    // The collector may have restarted.
    this.#templatesAt = Number.NEGATIVE_INFINITY
  }
}
