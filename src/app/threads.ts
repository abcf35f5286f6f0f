import { Worker } from 'node:worker_threads'
import { lastMessage } from '../engine/rpc.ts'
import type { MemoryBudget } from '../host/index.ts'
import { self } from '../host/process.ts'
import { messageOf, WeirError } from '../model/errors.ts'
import { telemetryFor } from '../telemetry/worker.ts'

type ThreadName = 'ingest' | 'store' | 'watch'

type ThreadsOptions = Parameters<typeof telemetryFor>[1] &
  Readonly<{ memory: MemoryBudget; onFailed: (error: Error) => void }>

export class Threads {
  readonly #options: ThreadsOptions
  readonly #workers = new Map<Worker, Promise<void>>()
  #isEnding = false

  constructor(options: ThreadsOptions) {
    this.#options = options
  }

  spawn(name: ThreadName): Worker {
    if (name === 'watch') self.prepareForObjects()
    const { memory, onFailed, ...options } = this.#options
    const { data, transfer } = telemetryFor(name, options)
    const worker = new Worker(new URL(`./workers/${name}.ts`, import.meta.url), {
      name,
      workerData: { telemetry: data, memory: memory.shared },
      transferList: [...transfer],
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    const failed = (why: string) => {
      if (!this.#isEnding) onFailed(new WeirError('WEIR_PART_ENDED', `The ${name} thread ended: ${why}`))
    }
    worker.on('message', (message: { readonly failed?: string }) => {
      if (message.failed !== undefined) failed(message.failed)
    })
    worker.on('error', (error) => failed(messageOf(error)))
    worker.on('exit', (code) => {
      resolve()
      failed(`exit code ${code}`)
    })
    this.#workers.set(worker, promise)
    return worker
  }

  /**
   * Each thread ends when its last call outside JavaScript has ended. To end it earlier aborts the process: a call of
   * DuckDB that then ends finds no thread for its result.
   */
  async end(): Promise<void> {
    this.#isEnding = true
    for (const worker of this.#workers.keys()) worker.postMessage(lastMessage)
    await Promise.all(this.#workers.values())
  }
}
