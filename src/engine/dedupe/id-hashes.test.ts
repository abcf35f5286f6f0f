import { expect, test } from 'vitest'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import { idHashes, pickHashes } from './id-hashes.ts'
import { murmur128 } from './murmur.ts'

const event = (id: string, source: string): WeirEvent => ({ id, source, type: 't', encoding: 'none' })
const events = [
  event('a', '/s'),
  event('événement-1', '/ünï'),
  event('', '/s'),
  event('0123456789abcdef'.repeat(8), 'https://example.org/source'),
]

test('hashes are those that the snapshots of released versions hold', () => {
  expect([...idHashes(toEventBatch(events))]).toEqual([
    1539827943, 2400796670, 1244379687, 3177183557, 2832004639, 1495684902, 4087067710, 276444784, 3078965538,
    3104776493, 1626560733, 4094298142, 2351676251, 2571296357, 361373703, 173173228,
  ])
})

test('a hash is that of source, a zero byte and id, whatever rows precede it', () => {
  const utf8 = new TextEncoder()
  const hashes = idHashes(toEventBatch([...events, ...events.toReversed()]))
  for (const [row, { id, source }] of [...events, ...events.toReversed()].entries())
    expect([...hashes.subarray(4 * row, 4 * row + 4)]).toEqual([
      ...murmur128([utf8.encode(source), Uint8Array.of(0), utf8.encode(id)]),
    ])
  expect(pickHashes(hashes, Uint32Array.of(7, 1))).toEqual(
    Uint32Array.of(...hashes.subarray(0, 4), ...hashes.subarray(4, 8)),
  )
})
