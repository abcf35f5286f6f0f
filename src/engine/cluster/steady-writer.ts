import type { Host } from '../../host/index.ts'
import { Fenced, type BusRecord, type BusWriter, type Channel } from '../../journal/index.ts'
import type { Log } from '../contracts.ts'
import { messageOf } from '../../model/errors.ts'

type Written = Omit<BusRecord, 'place'>

interface Waiting {
  /** A text: the key to fence. */
  readonly what: string | readonly Written[]
  readonly resolve: (place: number) => void
  readonly reject: (error: unknown) => void
}

/** What is written together at most. */
const mostBytes = 8 * 1024 * 1024
const [firstWaitMs, mostWaitMs] = [50, 2000]

/** Writes to a bus what it is given, in order, and goes on trying while the bus is away. Ends only when somebody else has the name, or when it is closed. */
export class SteadyWriter {
  readonly #writer: BusWriter
  readonly #host: Host
  readonly #log: Log
  readonly #name: string
  readonly #channels = new Map<Channel, Waiting[]>()
  readonly #running = new Set<Promise<void>>()
  readonly #stop = new AbortController()
  #ended: Error | undefined
  #away: string | undefined

  constructor(options: { readonly writer: BusWriter; readonly name: string; readonly host: Host; readonly log: Log }) {
    this.#writer = options.writer
    this.#name = options.name
    this.#host = options.host
    this.#log = options.log
  }

  /** Why nothing can be written just now, in words. */
  get away(): string | undefined {
    return this.#away
  }

  /** Set once somebody else has the name. */
  get ended(): Error | undefined {
    return this.#ended
  }

  /** As the writer's own, in its turn among what is written to the channel. */
  fence(channel: Channel, key: string): Promise<number> {
    return this.#enqueue(channel, key)
  }

  /** Resolves with the place of the last record once all are stored for good. */
  write(channel: Channel, records: readonly Written[]): Promise<number> {
    return this.#enqueue(channel, records)
  }

  /** What the bus does not take within the time is given up: nobody was told that it is stored. */
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

  async #drain(channel: Channel): Promise<void> {
    const line = this.#channels.get(channel) ?? []
    // Whatever comes in this turn goes out with the first.
    await this.#host.timers.yield()
    while (line.length > 0) {
      const group = line.splice(0, count(line))
      try {
        const records = group.flatMap(({ what }) => (typeof what === 'string' ? [] : what))
        const key = group[0]?.what
        const last = await this.#persistently(() =>
          typeof key === 'string' ? this.#writer.fence(channel, key) : this.#writer.write(channel, records),
        )
        for (const { resolve } of group) resolve(last)
      } catch (error) {
        for (const { reject } of [...group, ...line.splice(0)]) reject(error)
      }
    }
    this.#channels.delete(channel)
  }

  async #persistently<T>(act: () => Promise<T>): Promise<T> {
    for (let wait = firstWaitMs; ; wait = Math.min(mostWaitMs, wait * 2)) {
      if (this.#ended !== undefined) throw this.#ended
      try {
        const done = await act()
        if (this.#away !== undefined) this.#log.info('The journal takes records again.', { name: this.#name })
        this.#away = undefined
        return done
      } catch (error) {
        if (error instanceof Fenced) {
          // Of a partition that goes from one to another that is how it goes; of an instance somebody has to look.
          this.#log.warn('Another one writes under our name: nothing more is taken here.', { name: this.#name })
          this.#ended = error
          throw error
        }
        const said = messageOf(error)
        if (this.#away === undefined)
          this.#log.warn('The journal can not be written and is tried again; nothing that is waiting is lost.', {
            name: this.#name,
            error: said,
          })
        this.#away = said
        if (this.#stop.signal.aborted) throw error
        await this.#host.timers.sleep(wait, this.#stop.signal)
        if (this.#stop.signal.aborted) throw error
      }
    }
  }
}

/** How many from the front go together: a fence goes alone. */
function count(line: readonly Waiting[]): number {
  let bytes = 0
  const end = line.findIndex(({ what }, at) => {
    if (typeof what === 'string') return at > 0
    bytes += what.reduce((sum, { value }) => sum + value.length, 0)
    return at > 0 && (bytes > mostBytes || typeof line[0]?.what === 'string')
  })
  return end === -1 ? line.length : end
}
