import type { MessagePort } from 'node:worker_threads'
import type {
  EdgeQuery,
  IsolatedResult,
  IsolatedQuery,
  OnProgress,
  QueryFormat,
  StatementProgress,
  StoredEdge,
  StoreReader,
} from '../engine/control.ts'
import { errorOf, faultOf, type Fault } from './fault.ts'
import type { StoreStatus } from './status.ts'

export interface RemoteStore extends StoreReader {
  status(): Promise<StoreStatus>
  close(): void
}

type Request =
  | Readonly<{ id: number; is: 'query'; sql: string; format: QueryFormat }>
  | Readonly<{ id: number; is: 'isolated'; query: IsolatedQuery }>
  | Readonly<{ id: number; is: 'edges'; query: EdgeQuery }>
  | Readonly<{ id: number; is: 'status' }>
  | Readonly<{ id: number; is: 'more' }>
  | Readonly<{ id: number; is: 'cancel' }>

type Reply =
  | Readonly<{ id: number; is: 'open' }>
  | Readonly<{ id: number; is: 'chunk'; bytes: Uint8Array }>
  | Readonly<{ id: number; is: 'end'; rows?: number | undefined }>
  | Readonly<{ id: number; is: 'failed'; fault: Fault }>
  | Readonly<{ id: number; is: 'status'; status: StoreStatus }>
  | Readonly<{ id: number; is: 'edges'; edges: readonly StoredEdge[] }>
  | Readonly<{ id: number; is: 'progress'; progress: StatementProgress }>

/** Chunks that are sent before the client requests more. */
const window = 2

export function serveStore(port: MessagePort, store: { readonly reader: StoreReader; status(): StoreStatus }): void {
  const runningStreams = new Map<number, Pick<ResultStream, 'more' | 'cancel'>>()
  const send = (reply: Reply, transfer: ArrayBuffer[] = []) => port.postMessage(reply, transfer)
  const progressOf = (id: number) => (progress: StatementProgress) => send({ id, is: 'progress', progress })
  const stream = (id: number, begin: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array, unknown>>) => {
    const answer = new ResultStream(id, send)
    runningStreams.set(id, answer)
    const removeStream = (): void => void runningStreams.delete(id)
    answer.run(begin).then(removeStream, removeStream)
  }
  port.on('message', (request: Request) => {
    switch (request.is) {
      case 'query':
        stream(request.id, (signal) => store.reader.query(request.sql, request.format, signal, progressOf(request.id)))
        break
      case 'isolated':
        stream(request.id, (signal) => {
          if (store.reader.isolated === undefined) throw new Error('The store starts no query processes.')
          return store.reader.isolated(request.query, signal, progressOf(request.id))
        })
        break
      case 'edges': {
        const abort = new AbortController()
        runningStreams.set(request.id, { more: () => undefined, cancel: () => abort.abort(new Error('cancelled')) })
        const finish = (reply: Reply) => {
          runningStreams.delete(request.id)
          send(reply)
        }
        store.reader.edges(request.query, abort.signal, progressOf(request.id)).then(
          (edges) => finish({ id: request.id, is: 'edges', edges }),
          (error: unknown) => finish({ id: request.id, is: 'failed', fault: faultOf(error) }),
        )
        break
      }
      case 'more':
        runningStreams.get(request.id)?.more()
        break
      case 'cancel':
        runningStreams.get(request.id)?.cancel()
        break
      case 'status':
        try {
          send({ id: request.id, is: 'status', status: store.status() })
        } catch (error) {
          send({ id: request.id, is: 'failed', fault: faultOf(error) })
        }
        break
    }
  })
  port.on('close', () => {
    for (const answer of runningStreams.values()) answer.cancel()
  })
}

class ResultStream {
  readonly #id: number
  readonly #send: (reply: Reply, transfer?: ArrayBuffer[]) => void
  readonly #abort = new AbortController()
  #room = window
  #waiting: (() => void) | undefined

  constructor(id: number, send: (reply: Reply, transfer?: ArrayBuffer[]) => void) {
    this.#id = id
    this.#send = send
  }

  more(): void {
    this.#room++
    this.#waiting?.()
  }

  cancel(): void {
    this.#abort.abort(new Error('cancelled'))
    this.#waiting?.()
  }

  async run(begin: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array, unknown>>): Promise<void> {
    const { signal } = this.#abort
    let chunks: AsyncIterator<Uint8Array, unknown> | undefined
    try {
      chunks = (await begin(signal))[Symbol.asyncIterator]()
      this.#send({ id: this.#id, is: 'open' })
      for (;;) {
        const step = await chunks.next()
        if (step.done === true)
          return this.#send({ id: this.#id, is: 'end', rows: typeof step.value === 'number' ? step.value : undefined })
        const { value: bytes } = step
        while (this.#room === 0 && !signal.aborted) await new Promise<void>((resolve) => (this.#waiting = resolve))
        signal.throwIfAborted()
        this.#room--
        // The bytes are transferred without a copy.
        this.#send({ id: this.#id, is: 'chunk', bytes }, [bytes.buffer as ArrayBuffer])
      }
    } catch (error) {
      await chunks?.return?.().catch(() => undefined)
      this.#send({ id: this.#id, is: 'failed', fault: faultOf(error) })
    }
  }
}

export function connectStore(port: MessagePort): RemoteStore {
  const openRequests = new Map<number, (reply: Reply) => void>()
  let ids = 0
  let isClosed = false
  const send = (request: Request) => port.postMessage(request)
  port.on('message', (reply: Reply) => openRequests.get(reply.id)?.(reply))
  port.on('close', () => {
    isClosed = true
    for (const [id, onReply] of openRequests)
      onReply({ id, is: 'failed', fault: { code: undefined, message: 'The store has ended.' } })
  })
  const begin = (onReply: (reply: Reply) => void) => {
    if (isClosed) throw new Error('The store has ended.')
    const id = ++ids
    openRequests.set(id, onReply)
    return id
  }

  const cancellable = (
    signal: AbortSignal,
    onProgress: OnProgress | undefined,
  ): Readonly<{ inbox: Inbox; id: number; done: () => void }> => {
    signal.throwIfAborted()
    const inbox = new Inbox()
    const id = begin((reply) => {
      if (reply.is === 'progress') onProgress?.(reply.progress)
      else inbox.put(reply)
    })
    const cancel = () => {
      inbox.fail(signal.reason as Error)
      send({ id, is: 'cancel' })
    }
    signal.addEventListener('abort', cancel, { once: true })
    const release = () => {
      signal.removeEventListener('abort', cancel)
      openRequests.delete(id)
    }
    return { inbox, id, done: release }
  }

  const stream = async (
    request: (id: number) => Request,
    signal: AbortSignal,
    onProgress: OnProgress | undefined,
  ): Promise<IsolatedResult> => {
    const { inbox, id, done } = cancellable(signal, onProgress)
    send(request(id))
    try {
      await inbox.next()
    } catch (error) {
      done()
      throw error
    }
    return received(
      inbox,
      () => send({ id, is: 'more' }),
      (ended) => {
        if (!ended && !signal.aborted) send({ id, is: 'cancel' })
        done()
      },
    )
  }

  return {
    async edges(query, signal, onProgress) {
      const { inbox, id, done } = cancellable(signal, onProgress)
      send({ id, is: 'edges', query })
      try {
        const reply = await inbox.next()
        if (reply.is !== 'edges') throw new Error('Unexpected reply from the store process.')
        return reply.edges
      } finally {
        done()
      }
    },
    query: (sql, format, signal, onProgress) => stream((id) => ({ id, is: 'query', sql, format }), signal, onProgress),
    isolated: (query, signal, onProgress) => stream((id) => ({ id, is: 'isolated', query }), signal, onProgress),
    async status() {
      const inbox = new Inbox()
      const id = begin((reply) => inbox.put(reply))
      send({ id, is: 'status' })
      try {
        const reply = await inbox.next()
        if (reply.is !== 'status') throw new Error('Unexpected reply from the store process.')
        return reply.status
      } finally {
        openRequests.delete(id)
      }
    },
    close: () => port.close(),
  }
}

async function* received(
  inbox: Inbox,
  more: () => void,
  done: (ended: boolean) => void,
): AsyncGenerator<Uint8Array, number | undefined, undefined> {
  let hasEnded = false
  try {
    for (;;) {
      const reply = await inbox.next()
      if (reply.is !== 'chunk') {
        hasEnded = true
        return reply.is === 'end' ? reply.rows : undefined
      }
      more()
      yield reply.bytes
    }
  } finally {
    done(hasEnded || inbox.failed)
  }
}

class Inbox {
  readonly #replies: Reply[] = []
  #error: Error | undefined
  #waiting: PromiseWithResolvers<Reply> | undefined

  get failed(): boolean {
    return this.#error !== undefined
  }

  put(reply: Reply): void {
    if (reply.is === 'failed') this.#failAfterReplies(errorOf(reply.fault))
    else if (this.#waiting !== undefined) this.#take().resolve(reply)
    else this.#replies.push(reply)
  }

  /** Ends the inbox with an error, without the replies that are not taken. */
  fail(error: Error): void {
    this.#replies.length = 0
    this.#failAfterReplies(error)
  }

  #failAfterReplies(error: Error): void {
    this.#error ??= error
    if (this.#waiting !== undefined) this.#take().reject(this.#error)
  }

  #take(): PromiseWithResolvers<Reply> {
    const waiter = this.#waiting!
    this.#waiting = undefined
    return waiter
  }

  next(): Promise<Reply> {
    const reply = this.#replies.shift()
    if (reply !== undefined) return Promise.resolve(reply)
    if (this.#error !== undefined) return Promise.reject(this.#error)
    this.#waiting = Promise.withResolvers<Reply>()
    return this.#waiting.promise
  }
}
