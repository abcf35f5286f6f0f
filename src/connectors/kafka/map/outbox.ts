import type { KafkaMessage } from '../map.ts'
import type { Partitioner } from './partition.ts'
import { Records } from './records.ts'

export interface Outbox {
  readonly records: Records
  topic(at: number): string
  key(at: number): string | undefined
  id(at: number): string
}

export function outboxOf(messages: readonly KafkaMessage[], partitioner: Partitioner): Outbox {
  const records = new Records(messages.length, partitioner)
  for (const message of messages) records.message(message)
  const of = (at: number) => messages[at]!
  return { records, topic: (at) => of(at).topic, key: (at) => of(at).key, id: (at) => of(at).id }
}
