import type { Host } from '../../host/index.ts'
import { Fenced, type BusRecord, type BusWriter, type Channel } from '../../journal/index.ts'
import type { Log } from '../contracts.ts'
import { messageOf } from '../../model/errors.ts'

type Written = Omit<BusRecord, 'position'>

type Waiting = Readonly<{
  /** A string is the key of a fence. */
  what: string | readonly Written[]
  resolve: (place: number) => void
  reject: (error: unknown) => void
}>

const maxBytes = 8 * 1024 * 1024
const [firstWaitMs, maxWaitMs] = [50, 2000]

export class RetryingWriter {
  readonly #writer: BusWriter
  readonly #host: Host
  readonly #log: Log
  readonly #name: string
  readonly #channels = new Map<Channel, Waiting[]>()
  readonly #running = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  #ended: Error | undefined
  #problem: string | undefined

  constructor(options: Readonly<{ writer: BusWriter; name: string; host: Host; log: Log }>) {
    this.#writer = options.writer
    this.#name = options.name
    this.#host = options.host
    this.#log = options.log
  }

  get problem(): string | undefined {
    return this.#problem
  }

  get ended(): Error | undefined {
    return this.#ended
  }

  fence(channel: Channel, key: string): Promise<number> {
    return this.#enqueue(channel, key)
  }

  write(channel: Channel, records: readonly Written[]): Promise<number> {
    return this.#enqueue(channel, records)
  }

  /** Rejects pending writes after `withinMs`; none was acknowledged. */
  async close(withinMs: number): Promise<void> {
    const timer = this.#host.timers.after(withinMs, () => {
      this.#stop.abort()
    })
    await Promise.all(this.#running)
    timer.cancel()
    this.#stop.abort()
    this.#ended ??= new Error('the writer is closed')
    await this.#writer.close().catch(() => undefined)
  }

  #enqueue(channel: Channel, what: Waiting['what']): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) {
        reject(this.#ended)
        return
      }
      const line = this.#channels.get(channel)
      if (line !== undefined) {
        line.push({ what, resolve, reject })
        return
      }
      this.#channels.set(channel, [{ what, resolve, reject }])
      const running = this.#drain(channel).finally(() => this.#running.delete(running))
      this.#running.add(running)
    })
  }

  async #drain(channel: Channel) {
    const line = this.#channels.get(channel) ?? []
    await this.#host.timers.yield()
    while (line.length > 0) {
      const group = line.splice(0, count(line))
      try {
        const records = group.flatMap(({ what }) => (typeof what === 'string' ? [] : what))
        const key = group[0]?.what
        const last = await this.#withRetries(() =>
          typeof key === 'string' ? this.#writer.fence(channel, key) : this.#writer.write(channel, records),
        )
        for (const { resolve } of group) resolve(last)
      } catch (error) {
        for (const { reject } of [...group, ...line.splice(0)]) reject(error)
      }
    }
    this.#channels.delete(channel)
  }

  async #withRetries<T>(act: () => Promise<T>): Promise<T> {
    for (let wait = firstWaitMs; ; wait = Math.min(maxWaitMs, wait * 2)) {
      if (this.#ended !== undefined) throw this.#ended
      try {
        const done = await act()
        if (this.#problem !== undefined)
          this.#log.info('The shared journal accepts records again.', { name: this.#name })
        this.#problem = undefined
        return done
      } catch (error) {
        if (error instanceof Fenced) {
          this.#log.warn("Another writer claimed this writer's name; no more records are accepted here.", {
            name: this.#name,
          })
          this.#ended = error
          throw error
        }
        const message = messageOf(error)
        if (this.#problem === undefined)
          this.#log.warn('Writing the shared journal failed; retrying. No waiting record is lost.', {
            name: this.#name,
            error: message,
          })
        this.#problem = message
        if (this.#stop.signal.aborted) throw error
        await this.#host.timers.sleep(wait, this.#stop.signal)
        if (this.#stop.signal.aborted) throw error
      }
    }
  }
}

function count(line: readonly Waiting[]): number {
  let bytes = 0
  const end = line.findIndex(({ what }, at) => {
    if (typeof what === 'string') return at > 0
    bytes += what.reduce((sum, { value }) => sum + value.length, 0)
    return at > 0 && (bytes > maxBytes || typeof line[0]?.what === 'string')
  })
  return end === -1 ? line.length : end
}
