/** Writes what transforms make of a partition: each is a source of the partition (`masked@partition-3`), and whoever delivers it is its only writer. */
import { Fenced, type Unit } from '../../journal/index.ts'
import type { DerivedJournal } from '../sources/derive.ts'
import { partitionInstance } from './names.ts'
import { SharedWriter, type SharedWriterOptions } from './writer.ts'

export interface DerivedOptions extends Omit<SharedWriterOptions, 'instance' | 'queueBytes' | 'onUnit'> {
  readonly partition: number
  /** Rejects with `Fenced` when somebody else delivers the partition: then their name is not taken from them. */
  readonly confirm: () => Promise<unknown>
}

/** A transform waits for what it has given; several of them may. */
const queueBytes = 64 * 1024 * 1024

export class Derived implements DerivedJournal {
  readonly #options: DerivedOptions
  #writer: SharedWriter | undefined
  #opening: Promise<SharedWriter> | undefined
  #refused = false

  constructor(options: DerivedOptions) {
    this.#options = options
  }

  /** Somebody else derives from the partition now. */
  get lost(): boolean {
    return this.#refused || this.#writer?.fenced === true
  }

  /** From here on whoever delivered the partition before writes nothing more: this is how far it came. */
  async cursor(id: string): Promise<Uint8Array | undefined> {
    return (await this.#open()).begin(id)
  }

  async append(unit: Unit): Promise<unknown> {
    return (await this.#open()).append(unit)
  }

  async save(): Promise<void> {
    await this.#writer?.save()
  }

  async close(): Promise<void> {
    await this.#opening?.catch(() => undefined)
    await this.#writer?.close()
  }

  /** With the first transform that has something to write: who has none claims no name. */
  #open(): Promise<SharedWriter> {
    this.#opening ??= this.#begin().catch((error: unknown) => {
      if (error instanceof Fenced) this.#refused = true
      else this.#opening = undefined
      throw error
    })
    return this.#opening
  }

  async #begin(): Promise<SharedWriter> {
    const { partition, confirm, ...options } = this.#options
    await confirm()
    return (this.#writer = await SharedWriter.open({ ...options, instance: partitionInstance(partition), queueBytes }))
  }
}
