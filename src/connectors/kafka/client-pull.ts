import type { Pulled, Puller } from '../../bus/message-source.ts'
import type { SourceContext } from '../../engine/ports.ts'
import { formatHostPort } from '../../schema/index.ts'
import { whyNotConnected } from './client-errors.ts'
import { openGroup, type Group } from './client-group.ts'
import type { KafkaSourceConfig } from './config.ts'
import { fromRecord } from './map-read.ts'

/** One record on its way into the journal. */
export interface Underway {
  readonly group: Group
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
  synced: boolean
}

/** Pulls as a member of a consumer group; joins when it is first asked, and anew after the cluster was lost or topics changed. */
export class KafkaPuller implements Puller<Underway> {
  readonly address: string
  readonly #config: KafkaSourceConfig
  readonly #context: SourceContext
  #group: Group | undefined
  /** What is under way of each partition, in its order: committed is what is synced with everything before it. */
  #lines = new Map<string, Underway[]>()
  #missing = ''

  constructor(config: KafkaSourceConfig, context: SourceContext) {
    this.#config = config
    this.#context = context
    this.address = `${formatHostPort(config.brokers[0] ?? { host: '', port: 0 })}/${config.topics.join(',')}`
  }

  partitions(): Record<string, readonly number[]> {
    return this.#group?.partitions() ?? {}
  }

  async pull(signal: AbortSignal): Promise<readonly Pulled<Underway>[]> {
    while (!signal.aborted) {
      const group = this.#group ??= await this.#join(signal)
      const records = await group.next(signal).catch(async (error: unknown) => {
        await this.close()
        throw new Error(whyNotConnected(error, this.#config), { cause: error })
      })
      if (records !== undefined) return records.map((record) => ({ message: fromRecord(record), handle: this.#begin(group, record) }))
      if (!signal.aborted) await this.close()
    }
    return []
  }

  async ack(handles: readonly Underway[]): Promise<void> {
    for (const handle of handles) handle.synced = true
    const offsets = new Map<Underway, bigint>()
    for (const where of new Set(handles.map(lineOf))) {
      const line = this.#lines.get(where) ?? []
      let last: Underway | undefined
      while (line[0]?.synced === true) last = line.shift()
      if (last !== undefined) offsets.set(last, last.offset + 1n)
    }
    await this.#group?.commit([...offsets].flatMap(([{ group, topic, partition }, offset]) => (group === this.#group ? [{ topic, partition, offset }] : [])))
  }

  /** Not committed: whoever reads next has them again. */
  release(): Promise<void> {
    return Promise.resolve()
  }

  async close(): Promise<void> {
    const group = this.#group
    this.#group = undefined
    this.#lines = new Map()
    await group?.close()
  }

  async #join(signal: AbortSignal): Promise<Group> {
    let group: Group
    try {
      group = await openGroup(this.#config, this.#context, signal)
    } catch (error) {
      throw new Error(whyNotConnected(error, this.#config), { cause: error })
    }
    const missing = group.missing.join(', ')
    if (group.missing.length === this.#config.topics.length) {
      await group.close()
      throw new Error(`there is no topic ${missing} yet; it is read once it is there`)
    }
    if (missing !== this.#missing && missing !== '') this.#context.log.warn('Some topics are not there yet; they are read once they are.', { source: this.#context.id, topics: missing })
    this.#missing = missing
    return group
  }

  #begin(group: Group, { topic, partition, offset }: { readonly topic: string; readonly partition: number; readonly offset: bigint }): Underway {
    const handle: Underway = { group, topic, partition, offset, synced: false }
    const line = this.#lines.get(lineOf(handle))
    if (line === undefined) this.#lines.set(lineOf(handle), [handle])
    else line.push(handle)
    return handle
  }
}

function lineOf({ topic, partition }: Underway): string {
  return `${topic}:${partition}`
}
