import type { SourceContext } from '../../engine/contracts.ts'
import { makeDurableDirectory, replaceFile } from '../../host/index.ts'
import { sealed, unsealed } from '../../host/sealed.ts'
import { messageOf } from '../../model/errors.ts'
import type { CollectorState, KnownResource } from './diff.ts'

type Stored = Readonly<{
  since: number
  read: number
  known: readonly (readonly [string, KnownResource])[]
  gone: readonly (readonly [string, number])[]
}>

/** One file for each collector, so that a change of one list does not write all. */
export class StateFiles {
  readonly #context: Pick<SourceContext, 'host' | 'log' | 'id' | 'state'>
  /** Collectors write at once: the folder is created once. */
  #folder: Promise<void> | undefined

  constructor(context: Pick<SourceContext, 'host' | 'log' | 'id' | 'state'>) {
    this.#context = context
  }

  async read(name: string): Promise<CollectorState | undefined> {
    const { host, state, log, id } = this.#context
    const path = `${state}/${fileOf(name)}`
    if (state === undefined || (await host.disk.stat(path)) === undefined) return undefined
    try {
      const content = unsealed(new TextDecoder().decode(await host.disk.readFile(path))) as unknown as Stored
      return { ...content, known: new Map(content.known), gone: new Map(content.gone) }
    } catch (error) {
      log.warn('A state file is unreadable; the next complete list of its collector is a new baseline.', {
        source: id,
        file: path,
        error: messageOf(error),
      })
      return undefined
    }
  }

  async write(name: string, { since, read, known, gone }: CollectorState): Promise<void> {
    const { host, state } = this.#context
    if (state === undefined) return
    this.#folder ??= makeDurableDirectory(host.disk, state).catch((error: unknown) => {
      this.#folder = undefined
      throw error
    })
    await this.#folder
    const content: Stored = { since, read, known: [...known], gone: [...gone] }
    await replaceFile(host.disk, state, fileOf(name), [new TextEncoder().encode(sealed(content))])
  }
}

function fileOf(name: string) {
  return `inventory-${name.replace(/[^A-Za-z0-9.-]+/g, '_')}.json`
}
