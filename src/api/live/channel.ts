import type { ServerResponse } from 'node:http'
import type { WebSocket } from 'ws'

export interface Channel {
  /** False when the buffer is full: send nothing until `onDrain`. */
  send(event: string, json: string, id: string | undefined): boolean
  keepAlive(): void
  onDrain(drained: () => void): void
  onClose(closed: () => void): void
  end(): void
  destroy(): void
}

export class EventStreamChannel implements Channel {
  readonly #answer: ServerResponse

  constructor(answer: ServerResponse) {
    this.#answer = answer
  }

  send(event: string, json: string, id: string | undefined): boolean {
    return this.#write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${json}\n\n`)
  }

  keepAlive(): void {
    this.#write(': still here\n\n')
  }

  #write(text: string) {
    return this.#answer.destroyed || this.#answer.writableEnded || this.#answer.write(text)
  }

  onDrain(drained: () => void): void {
    this.#answer.on('drain', drained)
  }

  onClose(closed: () => void): void {
    this.#answer.on('close', closed)
  }

  end(): void {
    this.#answer.end()
  }

  destroy(): void {
    this.#answer.destroy()
  }
}

/** Bytes per WebSocket client. */
const highWater = 64 * 1024

export class WebSocketChannel implements Channel {
  readonly #socket: WebSocket
  #drained: () => void = () => {}

  constructor(socket: WebSocket) {
    this.#socket = socket
  }

  send(event: string, json: string, id: string | undefined): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return true
    this.#socket.send(`{"event":"${event}",${id === undefined ? '' : `"id":"${id}",`}"data":${json}}`, () => {
      if (this.#socket.bufferedAmount === 0) this.#drained()
    })
    return this.#socket.bufferedAmount < highWater
  }

  keepAlive(): void {
    this.#socket.ping()
  }

  onDrain(drained: () => void): void {
    this.#drained = drained
  }

  onClose(closed: () => void): void {
    this.#socket.on('close', closed)
  }

  end(): void {
    // 1001 (going away): the client may reconnect.
    this.#socket.close(1001)
  }

  destroy(): void {
    this.#socket.terminate()
  }
}
