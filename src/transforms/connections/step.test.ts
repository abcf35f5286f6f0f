import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { BatchTransform, SinkPiece } from '../../engine/contracts.ts'
import { flowJson } from '../../codecs/flow-json/index.ts'
import { putFields } from '../../codecs/flow-values/index.ts'
import { toEventBatch } from '../../model/events.ts'
import { configFrom } from '../../schema/index.ts'
import { connectionsSchema } from './config.ts'
import { connectionsStep } from './step.ts'

type Row = Readonly<Record<string, unknown>>
type Given = Parameters<typeof configFrom<typeof connectionsSchema>>[1]

const t0 = Date.parse('2026-01-01T00:00:00Z')
const [client, server] = [
  { addr: '10.0.0.9', port: 40_000 },
  { addr: '10.0.0.2', port: 443 },
]
const syn = 0x02
const fin = 0x11
const synAck = 0x112

let sequence = 0

function flow(from: typeof client, to: typeof client, more: Row = {}): Row {
  return {
    src_addr: from.addr,
    src_port: from.port,
    dst_addr: to.addr,
    dst_port: to.port,
    proto: 6,
    protocol: 'netobserv',
    bytes: 100,
    packets: 1,
    ...more,
  }
}
const there = (more?: Row): Row => flow(client, server, more)
const back = (more?: Row): Row => flow(server, client, more)

/** Received at a time after the begin, ms. */
function piece(at: number, ...rows: readonly Row[]): SinkPiece {
  const puts = putFields(rows.length)
  rows.forEach((row, index) => {
    for (const [name, value] of Object.entries(row)) puts.to(name)?.(index, value)
  })
  return {
    header: { sequence: ++sequence, received: t0 + at } as SinkPiece['header'],
    batch: puts.done(),
    rows: Uint32Array.from(rows, (_, row) => row),
    firstRow: 0,
  }
}

function rowsOf(outputs: ReturnType<BatchTransform['take']>['outputs']): Row[] {
  return outputs.flatMap(({ batch }) => {
    const json = batch.kind === 'flows' ? flowJson(batch) : (): string => '{}'
    return Array.from({ length: batch.count }, (_, row) => JSON.parse(json(row)) as Row)
  })
}

function stepOf(given: Given = {}): {
  readonly step: BatchTransform
  /** Rows that a piece yields. */
  readonly take: (at: number, ...rows: readonly Row[]) => Row[]
  /** Rows that the clock yields. */
  readonly close: (at: number) => Row[]
} {
  const step = connectionsStep(configFrom(connectionsSchema, given))
  return {
    step,
    take: (at, ...rows) => rowsOf(step.take(piece(at, ...rows)).outputs),
    close: (at) => rowsOf(step.windows?.close(t0 + at) ?? []),
  }
}

const typesOf = (rows: readonly Row[]): unknown[] => rows.map((row) => row['record_type'])

describe('connections', () => {
  test('case 43: a response that is seen first is from B, with a heartbeat at 30 s and an end 5 s after FIN', () => {
    const { take, close } = stepOf()
    const [first] = take(0, back({ tcp_flags: synAck, bytes: 60, time_start: t0 - 500, time_end: t0 }))
    expect(first).toMatchObject({
      record_type: 'newConnection',
      conversation_first: 1,
      src_addr: client.addr,
      src_port: client.port,
      dst_addr: server.addr,
      dst_port: server.port,
      bytes_ab: 0,
      bytes_ba: 60,
      flow_logs: 1,
    })
    for (let at = 5000; at < 30_000; at += 5000) expect(take(at, there({ tcp_flags: 0x10, rtt: at }))).toEqual([])
    const [heartbeat, ...others] = take(30_000, back({ tcp_flags: fin, time_end: t0 + 30_000 }))
    expect(others).toEqual([])
    expect(heartbeat).toMatchObject({
      record_type: 'heartbeat',
      conversation: first?.['conversation'],
      conversation_first: 0,
      bytes_ab: 500,
      bytes_ba: 60,
      packets_ab: 5,
      rtt_max: 25_000,
      flow_logs: 6,
    })
    expect(close(30_000 + 5000 + 1999)).toEqual([])
    expect(close(30_000 + 5000 + 2000)).toMatchObject([
      {
        record_type: 'endConnection',
        conversation: first?.['conversation'],
        flow_end_reason: 3,
        bytes_ab: 500,
        bytes_ba: 160,
        tcp_flags: synAck | fin,
        time_start: new Date(t0 - 500).toISOString(),
        time_end: new Date(t0 + 30_000).toISOString(),
      },
    ])
  })

  test('case 43: both directions have one id, which follows from the key alone', () => {
    const [a] = stepOf().take(0, there())
    const [b] = stepOf().take(99, back())
    const [other] = stepOf().take(0, there({ src_port: 40_001 }))
    expect(a?.['conversation']).toMatch(/^[0-9a-f]{16}$/)
    expect(b?.['conversation']).toBe(a?.['conversation'])
    expect(other?.['conversation']).not.toBe(a?.['conversation'])
  })

  test.each([
    ['SYN without ACK is from A', { tcp_flags: syn, protocol: 'netflow9' }, true],
    ['SYN of an agent is from A, unless ACK is in the same packet', { tcp_flags: 0x12 }, true],
    ['SYN and ACK in one packet is from B', { tcp_flags: synAck }, false],
    ['bit 8 of another exporter is no SYN and ACK', { tcp_flags: 0x100, src_port: 50_000, protocol: 'ipfix' }, true],
    ['without SYN, A has the higher port', { tcp_flags: 0x10 }, false],
    ['with equal ports, A sent the first flow', { src_port: 443, dst_port: 443 }, true],
    ['of UDP, A has the higher port', { proto: 17, tcp_flags: syn }, false],
  ])('%s', (_, more, isFromA) => {
    const ends = { src_addr: server.addr, src_port: 40_000, dst_addr: client.addr, dst_port: 50_000 - 1, ...more }
    const low = { ...ends, ...('src_port' in more ? {} : { src_port: 30_000 }) }
    const [row] = stepOf().take(0, there(low))
    expect(row?.['src_addr']).toBe(isFromA ? server.addr : client.addr)
    expect([row?.['bytes_ab'], row?.['bytes_ba']]).toEqual(isFromA ? [100, 0] : [0, 100])
  })

  test('a connection ends after 10 s without a flow, and a later flow begins another one', () => {
    const { take } = stepOf()
    take(0, there())
    expect(take(9999, back())).toEqual([])
    const [end, begin] = take(19_999, there())
    expect(end).toMatchObject({ record_type: 'endConnection', flow_end_reason: 1, flow_logs: 2 })
    expect(begin).toMatchObject({ record_type: 'newConnection', conversation_first: 1, flow_logs: 1 })
  })

  test('RST ends a connection of TCP, and no flags end one of UDP', () => {
    const { take } = stepOf()
    take(0, there({ tcp_flags: 4 }), there({ proto: 17, tcp_flags: 4 }))
    expect(take(6000, there({ proto: 17 }))).toMatchObject([{ proto: 6, flow_end_reason: 3 }])
  })

  test('the first record of the chosen types has conversation_first', () => {
    const { take } = stepOf({ records: ['endConnection'] })
    expect(take(0, there())).toEqual([])
    expect(take(10_000, back())).toMatchObject([{ record_type: 'endConnection', conversation_first: 1 }])
  })

  test('a connection longer than max_duration is reported in parts, which add up', () => {
    const { take, close } = stepOf({ max_duration: '1m' })
    const all: Row[] = []
    for (let at = 0; at < 300_000; at += 5000) all.push(...take(at, there({ tcp_flags: at === 0 ? syn : 0x10 })))
    all.push(...close(400_000))
    const ends = all.filter((row) => row['record_type'] === 'endConnection')
    expect(ends.slice(0, -1).every((row) => row['flow_end_reason'] === 2)).toBe(true)
    expect(ends.at(-1)).toMatchObject({ flow_end_reason: 1 })
    expect(ends.length).toBeGreaterThanOrEqual(5)
    expect(ends.reduce((sum, row) => sum + Number(row['bytes_ab']), 0)).toBe(6000)
    expect(all.filter((row) => row['record_type'] === 'newConnection')).toHaveLength(1)
    expect(all.filter((row) => row['conversation_first'] === 1)).toHaveLength(1)
    expect(new Set(all.map((row) => row['src_addr']))).toEqual(new Set([client.addr]))
  })

  test('beyond the limit, the connection without a flow for the longest time ends early and is counted', () => {
    const { step } = stepOf({ connections: 2, records: ['endConnection'] })
    step.take(piece(0, there({ src_port: 1001 }), there({ src_port: 1002 })))
    step.take(piece(1, there({ src_port: 1001 })))
    const { outputs, failures } = step.take(piece(2, there({ src_port: 1003 }), there({ src_port: 1003 })))
    expect(rowsOf(outputs)).toMatchObject([{ src_port: 1002, flow_end_reason: 5 }])
    expect(failures.map((failure) => (failure.is === 'filter' ? [failure.reason, ...failure.rows] : []))).toEqual([
      ['tracked', 1],
      ['limit', 0],
    ])
  })

  test('two exporters of one flow are one sum, or both with `sum`', () => {
    const rows = [
      there({ exporter_addr: '192.0.2.1' }),
      there({ exporter_addr: '192.0.2.2', bytes: 90 }),
      there({ exporter_addr: '192.0.2.1' }),
      there({ exporter_addr: '192.0.2.3' }),
      back({ exporter_addr: '192.0.2.2', bytes: 7 }),
    ]
    const ends = (given: Given): Row[] => {
      const { take, close } = stepOf({ ...given, records: ['endConnection'] })
      take(0, ...rows)
      return close(60_000)
    }
    expect(ends({})).toMatchObject([{ bytes_ab: 200, bytes_ba: 7, packets_ab: 2, flow_logs: 5 }])
    expect(ends({ reporters: 'sum' })).toMatchObject([{ bytes_ab: 390, bytes_ba: 7, packets_ab: 4 }])
  })

  test('flows of several sampling intervals are summed up as estimates, exact beyond 2^53', () => {
    const { take, close } = stepOf({ records: ['endConnection'] })
    const bytes = 2 ** 53 - 1
    take(0, there({ sampling: 50, bytes }), there({ sampling: 50, bytes }), there({ sampling: 10 }), there())
    const total = 100n * BigInt(bytes) + 1000n + 100n
    expect(close(60_000)).toMatchObject([{ sampling: 1, bytes_ab: String(total), packets_ab: 111 }])
  })

  test('an equal sampling interval remains, and sums are as reported', () => {
    const { take, close } = stepOf({ records: ['endConnection'] })
    take(0, there({ sampling: 50 }), back({ sampling: 50 }))
    expect(close(60_000)).toMatchObject([{ sampling: 50, bytes_ab: 100, bytes_ba: 100 }])
  })

  test('rows have no bytes, packets and exporter, so that sums of flows do not count them', () => {
    const [row] = stepOf().take(0, there({ exporter_addr: '192.0.2.1', node_direction: 1, drop_packets: 3 }))
    for (const name of ['bytes', 'packets', 'exporter_addr', 'node_direction', 'direction', 'drop_packets'])
      expect(row).not.toHaveProperty(name)
  })

  test('with totals, rows have the sums of both directions', () => {
    const { take, close } = stepOf({ totals: true, records: ['endConnection'] })
    take(0, there({ bytes: 2 ** 32 - 1 }), back({ bytes: 2, packets: 4 }))
    expect(close(60_000)).toMatchObject([{ bytes: 2 ** 32 + 1, packets: 5, bytes_ab: 2 ** 32 - 1, bytes_ba: 2 }])
  })

  test('names of the first flow follow the ends', () => {
    const { take } = stepOf()
    const [row] = take(0, back({ src_name: 'web', src_namespace: 'shop', dst_name: 'ab', cluster: 'west' }))
    expect(row).toMatchObject({ src_name: 'ab', dst_name: 'web', dst_namespace: 'shop', cluster: 'west' })
    expect(row).not.toHaveProperty('src_namespace')
  })

  test('equal addresses in different networks are different connections', () => {
    const { take } = stepOf({ within: ['scope', 'cluster'] })
    const rows = take(0, there({ cluster: 'a' }), there({ cluster: 'b' }), back({ cluster: 'a' }))
    expect(typesOf(rows)).toEqual(['newConnection', 'newConnection'])
    expect(typesOf(stepOf().take(0, there({ cluster: 'a' }), there({ cluster: 'b' })))).toEqual(['newConnection'])
  })

  test('with flowLog, flows pass with the id of their connection, others without', () => {
    const { step } = stepOf({ records: ['newConnection', 'flowLog'] })
    const { outputs, failures } = step.take(piece(0, there(), there({ proto: 1 }), back()))
    expect(failures).toEqual([])
    const [begin, first, icmp, second] = rowsOf(outputs)
    expect(begin).toMatchObject({ record_type: 'newConnection' })
    expect(first).toMatchObject({ record_type: 'flowLog', bytes: 100, conversation: begin?.['conversation'] })
    expect(icmp).toMatchObject({ record_type: 'flowLog', proto: 1 })
    expect(icmp).not.toHaveProperty('conversation')
    expect(second).toMatchObject({ src_port: 443, conversation: begin?.['conversation'] })
  })

  test('flows without addresses or ports of a transport, and events, are filtered with a reason', () => {
    const { step } = stepOf()
    const { failures } = step.take(piece(0, there({ proto: 1 }), { proto: 6 }, there()))
    expect(failures.map((failure) => (failure.is === 'filter' ? [failure.reason, ...failure.rows] : []))).toEqual([
      ['tracked', 2],
      ['untracked', 0, 1],
    ])
    const batch = toEventBatch([{ id: '1', source: '/s', type: 't', encoding: 'none' }])
    expect(step.take({ ...piece(0, there()), batch }).failures).toMatchObject([{ is: 'filter', reason: 'kind' }])
  })

  test('nothing is due without an open connection, or if no record would be written', () => {
    const { step, take, close } = stepOf({ records: ['newConnection'] })
    expect(step.windows?.due()).toBeUndefined()
    take(0, there())
    expect(step.windows?.due()).toBeUndefined()
    const other = stepOf()
    other.take(0, there())
    expect(other.step.windows?.due()).toBe(t0 + 12_000)
    expect(typesOf(other.close(12_000))).toEqual(['endConnection'])
    expect(other.step.windows?.due()).toBeUndefined()
    expect(close(12_000)).toEqual([])
  })

  test('invalid settings are named', () => {
    expect(() => configFrom(connectionsSchema, { records: [] })).toThrow(/names no record type/)
    expect(() => configFrom(connectionsSchema, { within: ['clustr'] })).toThrow(/no field `clustr`/)
  })
})

describe('memory', () => {
  const action = fc.record({
    wait: fc.constantFrom(0, 1, 500, 999, 1000, 1700, 2000, 2600),
    port: fc.nat({ max: 4 }),
    isBack: fc.boolean(),
    flags: fc.constantFrom(syn, synAck, 0x10, 0x10, 0x10, fin),
    bytes: fc.nat({ max: 9 }),
    closes: fc.boolean(),
  })

  test('it equals one that is rebuilt from the place that it holds, with other times of the clock', () => {
    let parts = 0
    const property = fc.property(
      fc.array(action, { minLength: 10, maxLength: 60, size: 'max' }),
      fc.constantFrom(2, 3, 100),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (actions, connections, rebuiltAfter) => {
        const settings: Given = {
          heartbeat: '1s',
          end_timeout: '2s',
          terminating_timeout: '1s',
          max_duration: '5s',
          connections,
        }
        const [{ step, close }, rebuilt] = [stepOf(settings), stepOf(settings)]
        let at = 0
        const pieces = actions.map(({ wait, port, isBack, flags, bytes }) => {
          at += wait
          const ends = { ...client, port: client.port + port }
          const row = { tcp_flags: flags, bytes }
          return piece(at, isBack ? flow(server, ends, row) : flow(ends, server, row))
        })
        const takeAt = (by: BatchTransform, index: number): Row[] => {
          by.windows?.at({ sequence: index, row: 0 })
          return rowsOf(by.take(pieces[index] as SinkPiece).outputs)
        }
        const last = Math.floor(rebuiltAfter * pieces.length)
        step.windows?.begin({ sequence: 0, row: 0, time: 0 })
        for (let index = 0; index <= last; index++) {
          takeAt(step, index)
          // Rows that were received within the grace may follow.
          if (actions[index]?.closes === true && index < last)
            step.windows?.close((pieces[index + 1] as SinkPiece).header.received + 2000)
        }
        const holds = step.windows?.holds()
        if (holds === undefined) throw new Error('it holds nothing')
        rebuilt.step.windows?.begin(holds)
        for (let index = holds.sequence; index <= last; index++) takeAt(rebuilt.step, index)
        expect(rebuilt.step.windows?.due()).toBe(step.windows?.due())
        for (let index = last + 1; index < pieces.length; index++) {
          const rows = takeAt(step, index)
          parts += rows.filter((row) => row['flow_end_reason'] === 2).length
          expect(takeAt(rebuilt.step, index)).toEqual(rows)
        }
        expect(rebuilt.close(at + 60_000)).toEqual(close(at + 60_000))
      },
    )
    fc.assert(property, { numRuns: 300 })
    expect(parts).toBeGreaterThan(0)
  })
})
