/** Over AMQP 0.9.1 the server does not store the progress in a stream. */
import { replaceFile, type Host } from '../../host/index.ts'
import { sealed, unsealed } from '../../host/sealed.ts'
import { messageOf } from '../../model/errors.ts'

const name = 'offset.json'
const saveEveryMs = 1000

export class StreamOffset {
  readonly #host: Host
  readonly #folder: string | undefined
  readonly #queue: string
  readonly #open = new Set<number>()
  #highest = -1
  #saved = -1
  #savedAt = Number.NEGATIVE_INFINITY
  #saving: Promise<void> = Promise.resolve()

  constructor(host: Host, folder: string | undefined, queue: string) {
    this.#host = host
    this.#folder = folder
    this.#queue = queue
  }

  async next(): Promise<number | undefined> {
    this.#open.clear()
    const path = `${this.#folder}/${name}`
    if (this.#saved < 0 && this.#folder !== undefined && (await this.#host.disk.stat(path)) !== undefined) {
      const stored = offsetIn(Buffer.from(await this.#host.disk.readFile(path)).toString(), path)
      if (stored.queue === this.#queue) this.#saved = stored.offset
    }
    this.#highest = this.#saved
    return this.#saved < 0 ? undefined : this.#saved + 1
  }

  received(offset: number): void {
    this.#open.add(offset)
    this.#highest = Math.max(this.#highest, offset)
  }

  async acknowledged(offsets: readonly number[]): Promise<void> {
    for (const offset of offsets) this.#open.delete(offset)
    if (this.#host.clock.monotonic() - this.#savedAt >= saveEveryMs) await this.save()
  }

  save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      const [lowest] = this.#open
      const offset = lowest === undefined ? this.#highest : lowest - 1
      if (offset <= this.#saved) return
      this.#savedAt = this.#host.clock.monotonic()
      if (this.#folder !== undefined) {
        await this.#host.disk.makeDirectory(this.#folder)
        await replaceFile(this.#host.disk, this.#folder, name, [Buffer.from(sealed({ queue: this.#queue, offset }))])
      }
      this.#saved = offset
    })
    return this.#saving
  }
}

function offsetIn(text: string, path: string): Readonly<{ queue: string; offset: number }> {
  try {
    return unsealed(text) as { queue: string; offset: number }
  } catch (error) {
    throw new Error(
      `The offset of the stream in ${path} is damaged (${messageOf(error)}). Remove the file to start where ` +
        'the configuration says.',
      { cause: error },
    )
  }
}
