import type { SourceContext } from '../../engine/contracts.ts'
import { fieldsOf, isRecord } from '../../model/json.ts'
import type { FoundFile } from './client.ts'
import { readState, writeState } from './source-file.ts'

const stateFile = 'documents.json'

type Known = Readonly<{
  sha256: string
  /** Unix ms. */
  emitted: number
  rejected?: true
  size: number
  changed: number
}>

/** Without the file documents are emitted again, as new reports with the same content. */
export class FolderState {
  readonly #context: SourceContext
  readonly #known: Map<string, Known>

  constructor(context: SourceContext, entries: Map<string, Known>) {
    this.#context = context
    this.#known = entries
  }

  static async open(context: SourceContext): Promise<FolderState> {
    const cache = new Map<string, Known>()
    for (const [file, entry] of Object.entries(fieldsOf((await readState(context, stateFile))['documents'])))
      if (isKnown(entry)) cache.set(file, entry)
    return new FolderState(context, cache)
  }

  get rejected(): number {
    return [...this.#known.values()].filter(({ rejected }) => rejected === true).length
  }

  emitted({ path }: FoundFile): number | undefined {
    return this.#known.get(path)?.emitted
  }

  isCurrent({ path, size, changed }: FoundFile, since: number): boolean {
    const existing = this.#known.get(path)
    return existing !== undefined && existing.size === size && existing.changed === changed && existing.emitted > since
  }

  hasContent({ path }: FoundFile, sha256: string, since: number): boolean {
    const existing = this.#known.get(path)
    return existing?.sha256 === sha256 && existing.emitted > since
  }

  async record(
    file: FoundFile,
    { sha256, emitted, rejected }: Pick<Known, 'sha256' | 'emitted' | 'rejected'>,
  ): Promise<void> {
    const before = this.#known.get(file.path)
    const isRejected = rejected === true || (before?.sha256 === sha256 && before.rejected === true)
    this.#known.set(file.path, {
      sha256,
      emitted,
      size: file.size,
      changed: file.changed,
      ...(isRejected ? { rejected: true } : {}),
    })
    await this.#write()
  }

  async forget(present: ReadonlySet<string>): Promise<void> {
    const gone = [...this.#known.keys()].filter((path) => !present.has(path))
    for (const path of gone) this.#known.delete(path)
    if (gone.length > 0) await this.#write()
  }

  #write(): Promise<void> {
    return writeState(this.#context, stateFile, { documents: Object.fromEntries(this.#known) })
  }
}

function isKnown(entry: unknown): entry is Known {
  return isRecord(entry) && typeof entry['sha256'] === 'string' && typeof entry['emitted'] === 'number'
}
