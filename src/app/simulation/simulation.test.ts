import { describe, expect, test } from 'vitest'
import { seeds } from '../../../test/kit/seeds.ts'
import { everyFault, simulated } from './testing/scene.ts'

const good = `
sources:
  netflow: { listen: off, tcp: off }
  orders: { type: http-poll, url: "http://127.0.0.1:9/orders" }
transforms:
  masked: { type: redact, from: [http], fields: [customer] }
sinks:
  flows: { type: kafka, brokers: ["127.0.0.1:9"], topic: flows, from: [netflow] }
  posts: { type: http, url: "http://127.0.0.1:9/in", from: [masked, orders] }
`

describe('a simulation', () => {
  test('with each fault loses no row that was accepted, and has no finding for a good configuration', async () => {
    for (const seed of seeds(1, 3)) {
      const report = await simulated(good, { seed, faults: everyFault, hours: 4 })
      expect(report.findings).toEqual([])
      expect(report.balanced).toBe(true)
      expect(report.faults.map(({ fault }) => fault).toSorted()).toEqual(['full', 'kill', 'partition', 'slow', 'torn'])
      for (const { missing, delivered, waiting } of report.sinks) {
        expect(missing).toBe(0)
        expect(delivered).toBeGreaterThan(0)
        expect(waiting).toBeLessThan(delivered / 100)
      }
      for (const { mode, given, accepted, waiting, lost } of report.sources) {
        const gone = Object.values(lost).reduce((sum, rows) => sum + rows, 0)
        expect(accepted).toBeGreaterThan(0)
        // Rows of datagrams may be durable without a response.
        if (mode === 'datagram') expect(accepted + gone + waiting).toBeGreaterThanOrEqual(given)
        else expect(Math.abs(accepted + waiting - given)).toBeLessThanOrEqual(2)
      }
    }
  })

  test('repeats itself with a seed, and differs with another', async () => {
    const options = { faults: everyFault, hours: 1 }
    const first = await simulated(good, { ...options, seed: 5 })
    expect(await simulated(good, { ...options, seed: 5 })).toEqual(first)
    const other = await simulated(good, { ...options, seed: 6 })
    expect(other.faults).not.toEqual(first.faults)
  })

  test('counts rows that a target received again because a response was lost', async () => {
    const report = await simulated(good, { faults: [{ kind: 'partition', ms: 600_000 }] })
    for (const { missing } of report.sinks) expect(missing).toBe(0)
    const again = Object.fromEntries(report.sinks.map(({ sink, duplicated }) => [sink, duplicated]))
    expect(again['flows']).toBeGreaterThan(0)
    expect(again['posts']).toBeGreaterThan(0)
    // It is on this machine.
    expect(again['store']).toBe(0)
  })

  test('counts datagrams that arrive while the process does not run', async () => {
    const report = await simulated(good, { faults: [{ kind: 'kill', ms: 60_000 }] })
    const lost = Object.fromEntries(report.sources.map((source) => [source.source, source.lost]))
    expect(lost['netflow']?.['not running']).toBeGreaterThan(50_000)
    expect(lost['orders']).toEqual({})
    expect(lost['http']).toEqual({})
    expect(report.findings).toEqual([])
  })
})
