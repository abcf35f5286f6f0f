/** Over a message port; errors keep their code. */
import type { MessagePort, Transferable, Worker } from 'node:worker_threads'
import { isErrorCode, WeirError } from '../model/errors.ts'

type Port = Pick<MessagePort | Worker, 'postMessage' | 'on'>

export type Methods = Readonly<Record<string, (argument: never) => unknown>>

type Request = Readonly<{
  call: number
  method: string
  argument: unknown
}>
type Response = Readonly<{
  answer: number
  value?: unknown
  error?: SerializedError
}>
type SerializedError = Readonly<{
  message: string
  code?: string
  stack?: string | undefined
}>

/** Closes the port of {@link serve} in the other thread, which ends when its last work has ended. */
export const lastMessage = { last: true } as const

export interface Remote<M extends Methods> {
  call<K extends keyof M & string>(
    method: K,
    argument: Parameters<M[K]>[0],
    transfer?: readonly Transferable[],
  ): Promise<Awaited<ReturnType<M[K]>>>
  fail(reason: Error): void
}

export function serve(port: Port & Partial<Pick<MessagePort, 'close'>>, methods: Methods): void {
  port.on('message', (message: Partial<Request & typeof lastMessage>) => {
    if (message.last === true) return port.close?.()
    const { call, method, argument } = message
    if (call === undefined || method === undefined) return
    answer(port, methods, { call, method, argument }).catch(() => {})
  })
}

async function answer(port: Port, methods: Methods, { call, method, argument }: Request) {
  try {
    const value = await methods[method]?.(argument as never)
    port.postMessage({ answer: call, value } satisfies Response)
  } catch (error) {
    port.postMessage({ answer: call, error: serializeError(error) } satisfies Response)
  }
}

export function connect<M extends Methods>(port: Port): Remote<M> {
  const open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  let last = 0
  let gone: Error | undefined
  port.on('message', (message: Partial<Response>) => {
    const waiting = message.answer === undefined ? undefined : open.get(message.answer)
    if (waiting === undefined || message.answer === undefined) return
    open.delete(message.answer)
    if (message.error === undefined) waiting.resolve(message.value as never)
    else waiting.reject(deserializeError(message.error))
  })
  return {
    call: (method, argument, transfer) =>
      new Promise((resolve, reject) => {
        if (gone !== undefined) return reject(gone)
        const call = ++last
        open.set(call, { resolve, reject })
        port.postMessage({ call, method, argument } satisfies Request, transfer === undefined ? [] : [...transfer])
      }),
    fail(reason) {
      gone = reason
      for (const waiting of open.values()) waiting.reject(reason)
      open.clear()
    },
  }
}

function serializeError(error: unknown): SerializedError {
  if (!(error instanceof Error)) return { message: String(error) }
  return { message: error.message, stack: error.stack, ...(error instanceof WeirError ? { code: error.code } : {}) }
}

function deserializeError(carried: SerializedError): Error {
  if (isErrorCode(carried.code)) return new WeirError(carried.code, carried.message)
  const error = new Error(carried.message)
  if (carried.stack !== undefined) error.stack = carried.stack
  return error
}
