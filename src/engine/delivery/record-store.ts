import type { Host } from '../../host/index.ts'
import { offsetName, SlotRecord, type Evidence } from '../../journal/index.ts'
import type { SinkRecord } from './tally.ts'

export interface RecordSlot {
  readonly value: SinkRecord | undefined
  /** Durable when it resolves; calls are serialized. */
  write(value: SinkRecord): Promise<void>
  close(): Promise<void>
}

type StoredRecord = Evidence & Readonly<{ sink: string; record: SinkRecord }>

export interface RecordStore {
  open(sink: string): Promise<RecordSlot>
  all(): Promise<readonly StoredRecord[]>
}

export function recordFiles(host: Host, directory: string): RecordStore {
  return {
    open: (sink) => SlotRecord.open<SinkRecord>(host.disk, `${directory}/${offsetName(sink)}`),
    async all() {
      const storedRecords: StoredRecord[] = []
      for (const name of await host.disk.list(directory)) {
        if (!name.endsWith('.offset')) continue
        const slot = await SlotRecord.open<SinkRecord>(host.disk, `${directory}/${name}`)
        const { value } = slot
        await slot.close()
        if (value !== undefined) storedRecords.push(storedRecord(name.slice(0, -'.offset'.length), value))
      }
      return storedRecords
    },
  }
}

export function storedRecord(sink: string, record: SinkRecord): StoredRecord {
  const accepted = Object.fromEntries(
    Object.entries(record.sources).map(([source, tally]) => [source, tally.accounted]),
  )
  const position =
    record.intent === undefined
      ? record.position
      : { sequence: Math.max(record.position.sequence, record.intent.to), row: record.position.row }
  return { sink, position, accepted, record }
}
