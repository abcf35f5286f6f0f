import type { SourceContext } from '../../engine/contracts.ts'
import { fieldsOf, isRecord } from '../../model/json.ts'
import { readState, writeState } from './source-file.ts'

const stateFile = 'registry.json'

type Known = Readonly<{
  /** Unix ms. */
  emitted: number
  /** Documents in the manifest, and those of them that are rejected. */
  documents: number
  rejected: number
}>

type Listed = Readonly<{ etag: string; at: number }>

/** Manifests with emitted documents, and the tags of the lists that named them. Keys begin with the image. */
export class RegistryState {
  readonly #context: SourceContext
  readonly #manifests: Map<string, Known>
  readonly #lists: Map<string, Listed>
  #isChanged = false

  private constructor(context: SourceContext, manifests: Map<string, Known>, lists: Map<string, Listed>) {
    this.#context = context
    this.#manifests = manifests
    this.#lists = lists
  }

  static async open(context: SourceContext): Promise<RegistryState> {
    const { manifests, lists } = await readState(context, stateFile)
    const numbers = (value: unknown, ...names: readonly string[]): boolean =>
      isRecord(value) && names.every((name) => typeof value[name] === 'number')
    const entries = <T>(from: unknown, isValid: (value: unknown) => boolean): Map<string, T> =>
      new Map(Object.entries(fieldsOf(from)).filter(([, value]) => isValid(value)) as [string, T][])
    return new RegistryState(
      context,
      entries<Known>(manifests, (value) => numbers(value, 'emitted', 'documents', 'rejected')),
      entries<Listed>(lists, (value) => numbers(value, 'at') && typeof fieldsOf(value)['etag'] === 'string'),
    )
  }

  sum(of: 'documents' | 'rejected'): number {
    return [...this.#manifests.values()].reduce((all, manifest) => all + manifest[of], 0)
  }

  isEmitted(key: string, since: number): boolean {
    return (this.#manifests.get(key)?.emitted ?? -Infinity) > since
  }

  /** Empty: the list must be read. */
  etag(list: string, since: number): string {
    const existing = this.#lists.get(list)
    return existing !== undefined && existing.at > since ? existing.etag : ''
  }

  record(key: string, entry: Known): void {
    this.#manifests.set(key, entry)
    this.#isChanged = true
  }

  /** All manifests of the list were emitted. */
  recordList(list: string, etag: string | undefined, at: number): void {
    const before = this.#lists.get(list)
    if (before?.etag === etag && before !== undefined) return
    if (etag === undefined) this.#lists.delete(list)
    else this.#lists.set(list, { etag, at })
    this.#isChanged = true
  }

  /** Forgets images that are neither wanted nor emitted since. */
  forget(isWanted: (key: string) => boolean, since: number): void {
    for (const [key, { emitted }] of this.#manifests)
      if (emitted <= since && !isWanted(key) && this.#manifests.delete(key)) this.#isChanged = true
    for (const [key, { at }] of this.#lists)
      if (at <= since && !isWanted(key) && this.#lists.delete(key)) this.#isChanged = true
  }

  async save(): Promise<void> {
    if (!this.#isChanged) return
    this.#isChanged = false
    try {
      await writeState(this.#context, stateFile, {
        manifests: Object.fromEntries(this.#manifests),
        lists: Object.fromEntries(this.#lists),
      })
    } catch (error) {
      this.#isChanged = true
      throw error
    }
  }
}
