import { beforeEach, describe, expect, test } from 'vitest'
import { Datagram } from './datagram.ts'
import { Sequences, type Losses } from './sequence.ts'
import {
  datagram,
  discardedSample,
  expandedSample,
  flowSample,
  tagged,
  words,
  type DatagramParts,
} from './testing/datagrams.ts'

let sequences: Sequences
let losses: Losses
beforeEach(() => {
  sequences = new Sequences()
  losses = { missing: 0, late: 0, missingSamples: 0, lateSamples: 0, restarts: 0 }
})

const address = (last: number): Uint32Array => Uint32Array.of(0, 0, 0xffff, last)

/** Shared: its buffers are larger than the measured memory. */
const found = new Datagram()

function follow(parts: DatagramParts, samples: readonly Uint8Array[] = [], exporter = address(1)): void {
  expect(found.scan(datagram(samples, parts))).toBe(true)
  sequences.follow(found, exporter, losses)
}

const none: Losses = { missing: 0, late: 0, missingSamples: 0, lateSamples: 0, restarts: 0 }

describe('datagrams', () => {
  test('in order lose nothing, over the wrap of the counter too', () => {
    for (const sequence of [2 ** 32 - 2, 2 ** 32 - 1, 0, 1]) follow({ sequence })
    expect(losses).toEqual(none)
  })

  test('that are skipped are missing, and late if they arrive afterwards', () => {
    for (const sequence of [5, 9, 10, 7]) follow({ sequence })
    expect(losses).toEqual({ ...none, missing: 3, late: 1 })
    // Doubled by the network: no more than were missing.
    for (let i = 0; i < 9; i++) follow({ sequence: 7 })
    expect(losses.late).toBe(3)
  })

  test('of an agent that started again are a restart and no loss', () => {
    follow({ sequence: 90_000, uptime: 7_200_000 })
    follow({ sequence: 1, uptime: 1_000 })
    follow({ sequence: 2, uptime: 2_000 })
    expect(losses).toEqual({ ...none, restarts: 1 })
    // With so few earlier datagrams only the uptime decides.
    follow({ sequence: 30, uptime: 30_000 })
    follow({ sequence: 28, uptime: 500 })
    expect(losses).toEqual({ ...none, missing: 27, restarts: 2 })
  })

  test('are followed for each exporter, agent and sub-agent alone', () => {
    follow({ sequence: 5 })
    follow({ sequence: 500, subAgent: 1 })
    follow({ sequence: 5000, agent: words(1, 0xc0000299) })
    follow({ sequence: 50_000 }, [], address(2))
    follow({ sequence: 6 })
    follow({ sequence: 501, subAgent: 1 })
    follow({ sequence: 5001, agent: words(1, 0xc0000299) })
    follow({ sequence: 50_001 }, [], address(2))
    expect(losses).toEqual(none)
  })
})

describe('samples', () => {
  test('are followed by data source, in both forms as one', () => {
    follow({ sequence: 1 }, [flowSample([], { sequence: 10, source: 3 }), flowSample([], { sequence: 900, source: 4 })])
    follow({ sequence: 2 }, [expandedSample([], [0, 3], [0, 4], 11), flowSample([], { sequence: 903, source: 4 })])
    expect(losses).toEqual({ ...none, missingSamples: 2 })
    follow({ sequence: 3 }, [flowSample([], { sequence: 902, source: 4 })])
    expect(losses).toEqual({ ...none, missingSamples: 2, lateSamples: 1 })
  })

  test('of dropped packets have a separate counter, and counters have none here', () => {
    follow({ sequence: 1 }, [
      flowSample([], { sequence: 10, source: 3 }),
      discardedSample([], 1, 70),
      tagged(2, words(500, 3, 0)),
    ])
    follow({ sequence: 2 }, [
      flowSample([], { sequence: 11, source: 3 }),
      discardedSample([], 1, 72),
      tagged(2, words(700, 3, 0)),
    ])
    expect(losses).toEqual({ ...none, missingSamples: 1 })
  })

  test('restart with their agent, without a loss', () => {
    follow({ sequence: 90_000, uptime: 7_200_000 }, [flowSample([], { sequence: 40 })])
    follow({ sequence: 1, uptime: 1_000 }, [flowSample([], { sequence: 60 })])
    expect(losses).toEqual({ ...none, restarts: 1 })
  })
})

test('a million invented exporters take no more memory, and those that keep sending lose nothing', () => {
  const before = process.memoryUsage().arrayBuffers
  const bytes = datagram([flowSample([])])
  const exporter = address(0)
  for (let i = 0; i < 1_000_000; i++) {
    exporter[3] = i
    found.scan(bytes)
    sequences.follow(found, exporter, losses)
    if (i % 1000 === 0) follow({ sequence: i / 1000, subAgent: 7 }, [], address(0xc0000201))
  }
  expect(losses).toEqual(none)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20)
})
