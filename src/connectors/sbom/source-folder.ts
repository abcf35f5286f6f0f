import type { SourceContext } from '../../engine/contracts.ts'
import { messageOf } from '../../model/errors.ts'
import { filesBelow, type FoundFile } from './client.ts'
import type { SbomConfig } from './config.ts'
import { isDocument, readDocument, rejected, sha256Of, type ReadDocument } from './map.ts'
import { emitDocument, type DocumentReader } from './source-emit.ts'
import type { FolderState } from './source-state.ts'

type FolderConfig = Pick<SbomConfig, 'every' | 'max_size'> & Readonly<{ path: string }>

/** Emits each document of a folder once, and again after it changed. */
export class FolderReader implements DocumentReader {
  readonly #config: FolderConfig
  readonly #context: SourceContext
  readonly #state: FolderState
  #documents = 0
  #problem: string | undefined

  constructor(config: FolderConfig, context: SourceContext, state: FolderState) {
    this.#config = config
    this.#context = context
    this.#state = state
  }

  get documents(): number {
    return this.#documents
  }

  get rejected(): number {
    return this.#state.rejected
  }

  get problem(): string | undefined {
    return this.#problem
  }

  async run(signal: AbortSignal): Promise<void> {
    const { host, log, id } = this.#context
    while (!signal.aborted) {
      try {
        await this.#pass(signal)
        this.#problem = undefined
      } catch (error) {
        if (signal.aborted) return
        const problem = `${this.#config.path} cannot be read: ${messageOf(error)}`
        if (this.#problem !== problem)
          log.warn('The folder of documents cannot be read now; it is retried.', { source: id, error: problem })
        this.#problem = problem
      }
      await host.timers.sleep(this.#config.every, signal)
    }
  }

  async #pass(signal: AbortSignal) {
    const { host, storeRetentionMs = Infinity } = this.#context
    const { disk, clock } = host
    const { path } = this.#config
    if ((await disk.stat(path))?.directory !== true) throw new Error('there is no such folder')
    const files = (await filesBelow(disk, path)).filter(({ name }) => isDocument(name))
    this.#documents = files.length
    for (const file of files) {
      if (signal.aborted) return
      // The store forgets a report after its retention, also if the image still runs.
      if (this.#state.isCurrent(file, clock.now() - storeRetentionMs / 2)) continue
      await this.#take(file, signal)
    }
    await this.#state.forget(new Set(files.map(({ path }) => path)))
  }

  async #take(file: FoundFile, signal: AbortSignal) {
    const { host, metrics, id, storeRetentionMs = Infinity } = this.#context
    const { max_size: maxBytes } = this.#config
    const now = host.clock.now()
    const relative = file.path.slice(this.#config.path.length).replace(/^\/+/, '')
    const isHuge = file.size > maxBytes
    const bytes = isHuge ? new TextEncoder().encode(`${file.path} ${file.size}`) : await host.disk.readFile(file.path)
    const sha256 = sha256Of(bytes)
    if (this.#state.hasContent(file, sha256, now - storeRetentionMs / 2)) {
      metrics.count('weir_sbom_documents_total', 1, { source: id, outcome: 'unchanged' })
      return this.#state.record(file, { sha256, emitted: this.#state.emitted(file) ?? now })
    }
    const read: ReadDocument = isHuge
      ? rejected({ path: relative, bytes, now }, 'too_large', `The document has more than ${maxBytes} bytes.`)
      : await readDocument({ path: relative, bytes, modified: file.modified, now }, maxBytes, host.memory)
    await emitDocument(this.#context, read, file.path, signal)
    await this.#state.record(file, { sha256, emitted: now, ...(read.outcome === 'accepted' ? {} : { rejected: true }) })
  }
}
