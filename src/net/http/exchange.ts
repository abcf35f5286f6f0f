import type { Dispatcher } from 'undici'
import { tooLarge } from './content-encoding.ts'
import { networkError, type HttpError } from './errors.ts'

/** Names in lower case. Values of a repeated header are joined by commas. */
export type HttpHeaders = Readonly<Record<string, string | undefined>>

export type RawResponse = Readonly<{
  status: number
  headers: HttpHeaders
  body: Uint8Array
}>

/** A longer remainder is not read to keep the connection. */
const longRemainder = 1024 * 1024

export class Exchange implements Dispatcher.DispatchHandler {
  readonly response: Promise<RawResponse>
  readonly #limit: number
  readonly #truncate: boolean
  readonly #chunks: Uint8Array[] = []
  readonly #resolve: (response: RawResponse) => void
  readonly #reject: (error: HttpError) => void
  #received = 0
  #status = 0
  #headers: HttpHeaders = {}
  #controller: Dispatcher.DispatchController | undefined
  #stopped: HttpError | undefined

  /** `limit`: bytes of the encoded body; beyond it the exchange fails, or with `truncate` drops the remainder. */
  constructor({ limit, truncate }: Readonly<{ limit: number; truncate: boolean }>) {
    this.#limit = limit
    this.#truncate = truncate
    const { promise, resolve, reject } = Promise.withResolvers<RawResponse>()
    this.response = promise
    promise.catch(() => undefined)
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Rejects at once, also while the request waits for a connection. */
  stop(error: HttpError): void {
    this.#stopped = error
    this.#reject(error)
    this.#controller?.abort(error)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#stopped !== undefined) controller.abort(this.#stopped)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: object): void {
    if (status < 200) return
    this.#status = status
    this.#headers = Object.fromEntries(
      Object.entries(headers as Record<string, string | readonly string[] | undefined>).map(([name, value]) => [
        name,
        typeof value === 'object' ? value.join(', ') : value,
      ]),
    )
    if (!this.#truncate && Number(this.#headers['content-length']) > this.#limit) this.stop(tooLarge(this.#limit))
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    const room = this.#limit - this.#received
    this.#received += chunk.length
    if (room > 0) this.#chunks.push(chunk.subarray(0, room))
    if (room >= chunk.length) return
    if (!this.#truncate) return this.stop(tooLarge(this.#limit))
    if (this.#received > this.#limit + longRemainder) {
      this.onResponseEnd()
      controller.abort(new Error('the remainder is not read'))
    }
  }

  onResponseEnd(): void {
    this.#resolve({ status: this.#status, headers: this.#headers, body: Buffer.concat(this.#chunks) })
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#reject(networkError(error))
  }
}
