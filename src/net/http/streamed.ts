import type { Dispatcher } from 'undici'
import { networkError, type HttpError } from './errors.ts'
import type { HttpHeaders } from './exchange.ts'

export type HttpStream = Readonly<{
  status: number
  headers: HttpHeaders
  body: AsyncIterable<Uint8Array>
}>

/** Beyond it the socket is not read. */
const bufferBytes = 1024 * 1024

export class StreamedExchange implements Dispatcher.DispatchHandler {
  readonly response: Promise<HttpStream>
  ended: () => void = () => undefined
  readonly #resolve: (response: HttpStream) => void
  readonly #reject: (error: HttpError) => void
  readonly #chunks: Uint8Array[] = []
  #bytes = 0
  #isDone = false
  #failure: HttpError | undefined
  #controller: Dispatcher.DispatchController | undefined
  #wake: () => void = () => undefined

  constructor() {
    const { promise, resolve, reject } = Promise.withResolvers<HttpStream>()
    this.response = promise
    promise.catch(() => undefined)
    this.#resolve = resolve
    this.#reject = reject
  }

  stop(error: HttpError): void {
    if (this.#isDone) return
    this.#fail(error)
    this.#controller?.abort(error)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#failure !== undefined) controller.abort(this.#failure)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: object): void {
    if (status < 200) return
    const single = Object.entries(headers as Record<string, string | readonly string[] | undefined>).map(
      ([name, value]) => [name, typeof value === 'object' ? value.join(', ') : value],
    )
    this.#resolve({ status, headers: Object.fromEntries(single) as HttpHeaders, body: this.#read() })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    if (this.#bytes > bufferBytes) controller.pause()
    this.#wake()
  }

  onResponseEnd(): void {
    this.#isDone = true
    this.ended()
    this.#wake()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#fail(networkError(error))
  }

  #fail(error: HttpError) {
    if (this.#isDone || this.#failure !== undefined) return
    this.#failure = error
    this.#reject(error)
    this.ended()
    this.#wake()
  }

  async *#read(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        // A broken response is no shorter response.
        if (this.#failure !== undefined) throw this.#failure
        const chunk = this.#chunks.shift()
        if (chunk !== undefined) {
          this.#bytes -= chunk.length
          if (this.#bytes <= bufferBytes) this.#controller?.resume()
          yield chunk
        } else if (this.#isDone) return
        else await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    } finally {
      this.stop(networkError(new Error('the rest of the response is not read')))
    }
  }
}
