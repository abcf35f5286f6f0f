/** Output of a partition's transforms, as sources such as `masked@partition-3`. Only its deliverer writes it. */
import { Fenced, type Unit } from '../../journal/index.ts'
import type { DerivedJournal } from '../sources/derive.ts'
import { partitionInstance } from './names.ts'
import { SharedWriter, type SharedWriterOptions } from './writer.ts'

interface DerivedOptions extends Omit<SharedWriterOptions, 'instance' | 'queueBytes' | 'onUnit'> {
  readonly partition: number
  /** Rejects with `Fenced` when another instance delivers the partition. */
  readonly confirm: () => Promise<unknown>
}

const queueBytes = 64 * 1024 * 1024

export class Derived implements DerivedJournal {
  readonly #options: DerivedOptions
  #writer: SharedWriter | undefined
  #opening: Promise<SharedWriter> | undefined
  #refused = false

  constructor(options: DerivedOptions) {
    this.#options = options
  }

  get lost(): boolean {
    return this.#refused || this.#writer?.fenced === true
  }

  /** Fences the previous deliverer first. */
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
