import { isRecord } from '../../../model/json.ts'

export interface Position {
  read: number
  synced: number
}

interface Topic {
  /** Identity of the topic: another one after it is deleted and created again. Empty: not known yet. */
  id: string
  readonly partitions: Map<number, Position>
}

const utf8 = new TextDecoder()

/** Travel as the cursor of every unit, so that a crash before the commit of offsets repeats no rows. */
export class Positions {
  readonly #topics = new Map<string, Topic>()

  static from(cursor: Uint8Array | undefined): Positions {
    const positions = new Positions()
    if (cursor === undefined) return positions
    for (const [name, topic] of Object.entries(topicsIn(cursor))) {
      if (!isRecord(topic) || typeof topic['id'] !== 'string' || !isRecord(topic['next'])) continue
      for (const [partition, next] of Object.entries(topic['next'])) {
        if (typeof next !== 'number' || !Number.isSafeInteger(next) || next < 0) continue
        const position = positions.of(name, Number(partition))
        position.read = position.synced = next
      }
      const existing = positions.#topics.get(name)
      if (existing !== undefined) existing.id = topic['id']
    }
    return positions
  }

  of(topic: string, partition: number): Position {
    const { partitions } = this.#topic(topic)
    let position = partitions.get(partition)
    if (position === undefined) partitions.set(partition, (position = { read: 0, synced: 0 }))
    return position
  }

  /** Drops a partition's position, which its log does not reach. */
  forget(topic: string, partition: number): void {
    this.#topics.get(topic)?.partitions.delete(partition)
  }

  follow(name: string, id: string): boolean {
    const topic = this.#topic(name)
    const same = topic.id === '' || topic.id === id
    if (!same) topic.partitions.clear()
    topic.id = id
    return same
  }

  keepOnly(names: readonly string[]): void {
    for (const name of this.#topics.keys()) if (!names.includes(name)) this.#topics.delete(name)
  }

  cursor(): Uint8Array {
    const topics: Record<string, { id: string; next: Record<string, number> }> = {}
    for (const [name, { id, partitions }] of this.#topics) {
      const next: Record<string, number> = {}
      for (const [partition, { read }] of partitions) if (read > 0) next[partition] = read
      topics[name] = { id, next }
    }
    return Buffer.from(JSON.stringify({ kafka: topics }))
  }

  #topic(name: string): Topic {
    let topic = this.#topics.get(name)
    if (topic === undefined) this.#topics.set(name, (topic = { id: '', partitions: new Map() }))
    return topic
  }
}

function topicsIn(cursor: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(utf8.decode(cursor))
    return isRecord(value) && isRecord(value['kafka']) ? value['kafka'] : {}
  } catch {
    return {}
  }
}
