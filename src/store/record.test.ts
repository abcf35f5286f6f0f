import { expect, it } from 'vitest'
import { encodeRecord, parseManifest, type ManifestRecord } from './record.ts'
import { emptyState, snapshotRecord } from './state.ts'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
const bytes = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, 'utf8'))

const head = text(encodeRecord(snapshotRecord(emptyState)))
const record = (version: number, source = 'netflow'): string => {
  const { positions, previous, words, nextEndpoint } = emptyState
  const made: ManifestRecord = {
    version,
    added: [],
    removed: [],
    positions,
    previous,
    words,
    nextEndpoint,
    sources: { [source]: { id: 1, stored: version, quarantined: 0 } },
  }
  return text(encodeRecord(made))
}
const versions = (manifest: string): { versions: number[]; torn: boolean; damaged: boolean } => {
  const { records, torn, damaged } = parseManifest(bytes(manifest))
  return { versions: records.map(({ version }) => version), torn, damaged }
}

it('a line is checksum, length in bytes and JSON', () => {
  expect(record(1, 'zürich')).toMatch(/^[0-9a-f]{8} \d+ \{.*\}\n$/)
  expect(Number(record(1, 'zürich').split(' ')[1])).toBe(
    Buffer.byteLength(record(1, 'zürich')) - record(1, 'zürich').indexOf('{') - 1,
  )
  expect(versions(head + record(1, 'zürich'))).toEqual({ versions: [0, 1], torn: false, damaged: false })
})

it('a torn last record is distinguished from damage', () => {
  const torn = record(2).slice(0, 40)
  expect(versions(head + record(1) + torn)).toEqual({ versions: [0, 1], torn: true, damaged: false })
  expect(versions(head + record(1) + '\0'.repeat(100))).toEqual({ versions: [0, 1], torn: true, damaged: false })
  expect(versions(head + record(1) + record(2).slice(0, -1))).toEqual({ versions: [0, 1], torn: true, damaged: false })
})

it('records after a damaged one are read', () => {
  const bad = record(2).replace('"stored":2', '"stored":3')
  expect(versions(head + record(1) + bad + record(3))).toEqual({ versions: [0, 1, 3], torn: false, damaged: true })
  expect(versions(head + record(1) + record(2).replace('\n', 'x') + record(3) + record(4))).toEqual({
    versions: [0, 1, 4],
    torn: false,
    damaged: true,
  })
})

it('records missing without a trace count as damage', () => {
  expect(versions(head + record(1) + record(3)).damaged).toBe(true)
  expect(versions(record(1)).damaged).toBe(true)
  expect(versions('')).toEqual({ versions: [], torn: false, damaged: true })
})
