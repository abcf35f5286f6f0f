import type { Source, SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { appendEvents } from '../../engine/sources/append-events.ts'
import { messageOf } from '../../model/errors.ts'
import { chunks, isTooLarge } from '../../polling/chunks.ts'
import { filesBelow, type FoundFile } from './client.ts'
import type { SbomConfig, sbomSchema } from './config.ts'
import { isDocument, readDocument, rejected, sha256Of, type ReadDocument } from './map.ts'
import { FolderState } from './source-state.ts'

export const source = defineSource<typeof sbomSchema>('sbom', {
  build: openSbom,
  async verify({ path }, { host }) {
    const found = await host.disk.stat(path)
    if (found?.directory !== true) throw new Error(`${path} is no folder.`)
  },
})

export type SbomStatus = Readonly<{
  documents: number
  rejected: number
  problem?: string
}>

export interface SbomSource extends Source {
  status(): SbomStatus
}

export async function openSbom(config: SbomConfig, context: SourceContext): Promise<SbomSource> {
  return new FolderSource(config, context, await FolderState.open(context))
}

class FolderSource implements SbomSource {
  readonly addresses: readonly string[] = []
  readonly #config: SbomConfig
  readonly #context: SourceContext
  readonly #state: FolderState
  #documents = 0
  #problem: string | undefined

  constructor(config: SbomConfig, context: SourceContext, state: FolderState) {
    this.#config = config
    this.#context = context
    this.#state = state
  }

  status(): SbomStatus {
    return {
      documents: this.#documents,
      rejected: this.#state.rejected,
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    }
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
    const { host, metrics, id, storeRetentionMs = Infinity } = this.#context
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
    await this.#state.forget(new Set(files.map(({ path: known }) => known)))
    metrics.set('weir_sbom_rejected_documents', this.#state.rejected, { source: id })
  }

  async #take(file: FoundFile, signal: AbortSignal) {
    const { host, log, metrics, id, storeRetentionMs = Infinity } = this.#context
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
      : await readDocument({ path: relative, bytes, modified: file.modified, now }, maxBytes)
    metrics.count('weir_sbom_documents_total', 1, { source: id, outcome: read.outcome })
    if (read.outcome !== 'accepted') {
      this.#context.shed(read.outcome, 1)
      log.warn('A document about an image is rejected.', {
        source: id,
        path: file.path,
        reason: read.outcome,
        error: read.message ?? '',
      })
    }
    // The last event completes the report: it stays invisible if an append fails.
    const events = read.events.filter((event) => !isTooLarge(event))
    for (const [some] of chunks(events)) await appendEvents(this.#context, some, { signal })
    for (const { family = 'event' } of events) metrics.count('weir_sbom_rows_total', 1, { source: id, family })
    await this.#state.record(file, { sha256, emitted: now, ...(read.outcome === 'accepted' ? {} : { rejected: true }) })
  }
}
