import { expect, test } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { AgentFlowDecoder } from '../../codecs/pbflow/decode.ts'
import { ipv4, message, records, time, type Field } from '../../codecs/pbflow/testing/messages.ts'
import type { FlowBatch } from '../../model/batches.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { conversationInitiator, type Direction } from '../../query/plan/index.ts'
import { flowBatch } from '../../store/testing/frames.ts'
import { startBoth, type Both } from '../testing/both.ts'

const minute = 60_000
const begin = Math.floor(Date.now() / minute) * minute - 10 * minute
const span = { from: String(begin), to: String(begin + 5 * minute) }
const [syn, ack, synAck] = [0x02, 0x10, 0x100]

interface Report {
  readonly src: string
  readonly dst: string
  readonly ports?: readonly [number, number]
  readonly proto?: number
  readonly bytes?: number
  readonly packets?: number
  readonly flags?: number
  /** ms after `begin`. */
  readonly at?: number
  readonly lasts?: number
  /** ms */
  readonly rtt?: number
  readonly drops?: number
  readonly listens?: number
}

/** As an agent of NetObserv reports them. */
function reported(reports: readonly Report[]): FlowBatch {
  const builder = new FlowBuilder(reports.length)
  const entries = reports.map(({ src, dst, ports, proto = 6, bytes = 1000, packets = 10, flags, at = 0, ...more }) => {
    const { lasts = 500, rtt, drops } = more
    const fields: Field[] = [
      [1, 2048],
      [3, time(begin + at)],
      [4, time(begin + at + lasts)],
      [6, message([1, ipv4(src)], [2, ipv4(dst)])],
      [7, message([1, ports?.[0] ?? 0], [2, ports?.[1] ?? 0], [3, proto])],
      [8, bytes],
      [9, packets],
      ...(flags === undefined ? [] : [[13, flags] as const]),
      ...(drops === undefined ? [] : [[16, 60 * drops] as const, [17, drops] as const, [20, 3] as const]),
      ...(rtt === undefined ? [] : [[24, time(rtt)] as const]),
    ]
    return message(...fields)
  })
  const decoder = new AgentFlowDecoder(builder)
  decoder.records(records(...entries), 0, {
    time: begin + 4 * minute,
    skewLimit: 3_600_000,
    sender: Uint32Array.of(0, 0, 0xffff, 1),
  })
  expect(decoder.rows).toBe(reports.length)
  const sides = builder.column('listening_side')
  reports.forEach(({ listens }, row) => {
    if (listens === undefined) return
    sides.items[row] = listens
    sides.mark(row)
  })
  return builder.batch()
}

async function withReports(reports: readonly Report[]): Promise<Both> {
  const both = await startBoth()
  await both.addBatch(reported(reports), begin + 4 * minute)
  return both
}

type Row = Readonly<Record<string, unknown>>

function rowsOf(body: Record<string, unknown>): Row[] {
  const names = (body['columns'] as { name: string }[]).map(({ name }) => name)
  return (body['rows'] as unknown[][]).map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])))
}

const iso = (ms: number): string => new Date(begin + ms).toISOString()

test('both directions and all reports of a connection are one conversation, stored and in memory', async () => {
  const [client, server] = ['10.0.0.9', '10.0.0.2']
  const both = await withReports([
    { src: client, dst: server, ports: [40_000, 443], bytes: 100, packets: 2, flags: syn | ack, rtt: 2, at: 1000 },
    {
      src: client,
      dst: server,
      ports: [40_000, 443],
      bytes: 50,
      packets: 1,
      flags: ack,
      at: 5000,
      lasts: 2000,
      drops: 3,
    },
    { src: server, dst: client, ports: [443, 40_000], bytes: 9000, packets: 9, flags: synAck | ack, rtt: 7, at: 1200 },
    { src: client, dst: server, ports: [40_001, 443], bytes: 10, packets: 1 },
  ])
  for (const query of [both.stored, both.live]) {
    const { body } = await query('conversations', span)
    expect(body['total']).toEqual({ conversations: 2, flows: 4, bytes: 9160, packets: 13 })
    expect(rowsOf(body)[0]).toEqual({
      client_addr: client,
      client_port: 40_000,
      client_name: null,
      client_namespace: null,
      client_owner_name: null,
      client_label: null,
      server_addr: server,
      server_port: 443,
      server_name: null,
      server_namespace: null,
      server_owner_name: null,
      server_label: null,
      proto: 6,
      initiator: 'syn',
      time_first: iso(1000),
      time_last: iso(7000),
      bytes_out: 150,
      bytes_in: 9000,
      packets_out: 3,
      packets_in: 9,
      flows_out: 2,
      flows_in: 1,
      tcp_flags_out: syn | ack,
      tcp_flags_in: synAck | ack,
      rtt_min: 2_000_000,
      rtt_max: 7_000_000,
      drop_packets: 3,
    })
    expect(rowsOf(body)[1]).toMatchObject({
      client_port: 40_001,
      bytes_out: 10,
      bytes_in: null,
      flows_in: 0,
      rtt_max: null,
    })
  }
})

test('a filter for one direction includes the responses, unless both_ways is off', async () => {
  const both = await withReports([
    { src: '10.0.0.1', dst: '10.0.0.2', ports: [50_000, 5432] },
    { src: '10.0.0.2', dst: '10.0.0.1', ports: [5432, 50_000] },
    { src: '10.0.0.1', dst: '10.0.0.3', ports: [50_000, 80] },
  ])
  for (const query of [both.stored, both.live]) {
    const directions = async (more: Record<string, string>): Promise<unknown[]> =>
      rowsOf((await query('conversations', { ...span, filter: 'dst_port = 5432', ...more })).body).map((row) => [
        row['flows_out'],
        row['flows_in'],
      ])
    expect(await directions({})).toEqual([[1, 1]])
    expect(await directions({ both_ways: 'false' })).toEqual([[1, 0]])
    expect(await directions({ filter: 'dst_port = 1' })).toEqual([])
  }
})

test('the rules of flows decide the client, then the earlier flow', () => {
  const way = (more: Partial<Direction> = {}): Direction => ({
    flows: 1,
    flags: null,
    opens: false,
    sourceListens: false,
    targetListens: false,
    first: 0,
    ...more,
  })
  const none = way({ flows: 0, first: null })
  const [low, same, dynamic, both] = [
    { a: 443, b: 50_000 },
    { a: 500, b: 500 },
    { a: 50_000, b: 45_000 },
    { a: 800, b: 2049 },
  ]
  const decide = conversationInitiator
  // One registered port is the server, as for each flow.
  expect(decide(way({ flags: ack }), way({ flags: synAck }), low)).toEqual({ isA: false, by: 'port' })
  expect(decide(way({ flags: synAck }), way({ flags: ack }), low)).toEqual({ isA: false, by: 'syn' })
  expect(decide(way({ flags: syn | ack }), none, low)).toEqual({ isA: false, by: 'port' })
  expect(decide(way({ flags: syn, opens: true }), way({ flags: syn | ack }), dynamic)).toEqual({ isA: true, by: 'syn' })
  expect(decide(way({ flags: ack }), way({ flags: syn | ack }), same)).toEqual({ isA: false, by: 'syn' })
  // Flags of a whole connection, from one direction only, belong to either end.
  expect(decide(way({ flags: syn | ack }), none, both)).toEqual({ isA: false, by: 'lower' })
  expect(decide(way({ targetListens: true }), none, both)).toEqual({ isA: true, by: 'learned' })
  expect(decide(none, way({ sourceListens: true }), both)).toEqual({ isA: true, by: 'learned' })
  expect(decide(way({ sourceListens: true }), way(), dynamic)).toEqual({ isA: false, by: 'learned' })
  expect(decide(way({ sourceListens: true }), way({ sourceListens: true }), both)).toEqual({ isA: false, by: 'lower' })
  expect(decide(way({ first: 2 }), way({ first: 1 }), same)).toEqual({ isA: false, by: 'time' })
  expect(decide(way({ first: 2 }), way({ first: 1 }), dynamic)).toEqual({ isA: false, by: 'time' })
  expect(decide(way(), way(), { a: null, b: null })).toEqual({ isA: true, by: 'time' })
  expect(decide(none, way({ first: 5 }), same)).toEqual({ isA: false, by: 'time' })
})

test('stored and live conversations agree on random reports for each ranking, and add up to the flows', async () => {
  const random = new SeededRandom(26)
  const addresses = ['10.0.0.1', '10.0.0.2', '10.0.0.10', '192.0.2.9', '9.9.9.9']
  const ports = [1, 2, 2049, 7777, 40_000, 45_000]
  const reports = Array.from({ length: 600 }, (): Report => {
    const proto = random.pick([6, 6, 6, 17, 1])
    return {
      src: random.pick(addresses),
      dst: random.pick(addresses),
      proto,
      ...(proto === 1 ? {} : { ports: [random.pick(ports), random.pick(ports)] as const }),
      ...(random.chance(0.3) ? { listens: random.integer(1, 2) } : {}),
      ...(proto === 6 ? { flags: random.pick([0, syn, ack, syn | ack, synAck | ack]) } : {}),
      bytes: random.integer(1, 40) * 100,
      packets: random.integer(1, 9),
      at: random.integer(0, 200_000),
      lasts: random.integer(0, 9000),
      ...(random.chance(0.4) ? { rtt: random.integer(1, 30) } : {}),
      ...(random.chance(0.2) ? { drops: random.integer(1, 9) } : {}),
    }
  })
  const both = await withReports(reports)
  for (const by of ['bytes', 'packets', 'flows', 'drop_packets', 'duration', 'last', 'rtt'])
    for (const more of [{}, { limit: '7' }, { filter: 'src_port = 2 or proto = 1' }, { reporters: 'one' }] as const) {
      const parameters = { ...span, by, limit: '10000', ...more }
      const [stored, live] = [
        (await both.stored('conversations', parameters)).body,
        (await both.live('conversations', parameters)).body,
      ]
      expect({ parameters, rows: stored['rows'] }).toEqual({ parameters, rows: live['rows'] })
      expect(stored['total']).toEqual(live['total'])
    }
  const { body } = await both.stored('conversations', { ...span, limit: '10000' })
  const rows = rowsOf(body)
  const sum = (name: string): number => rows.reduce((all, row) => all + Number(row[name] ?? 0), 0)
  expect(sum('flows_out') + sum('flows_in')).toBe(reports.length)
  expect(sum('bytes_out') + sum('bytes_in')).toBe(reports.reduce((all, { bytes = 0 }) => all + bytes, 0))
  expect(body['total']).toMatchObject({ conversations: rows.length, flows: reports.length })
  // A conversation with one report has the client that the flow has.
  const flows = await both.sql('SELECT src_addr, src_port, dst_addr, dst_port, proto, initiator FROM flows')
  const keyOf = (...parts: readonly unknown[]): string => JSON.stringify(parts.map((part) => part ?? null))
  const initiators = new Map(
    flows.map((flow) => {
      const [src, dst] = [keyOf(flow['src_addr'], flow['src_port']), keyOf(flow['dst_addr'], flow['dst_port'])]
      return [keyOf(src, dst, flow['proto']), flow['initiator']]
    }),
  )
  const single = rows.filter((row) => Number(row['flows_out'] ?? 0) + Number(row['flows_in'] ?? 0) === 1)
  const decided = single.flatMap((row) => {
    const [client, server] = [
      keyOf(row['client_addr'], row['client_port']),
      keyOf(row['server_addr'], row['server_port']),
    ]
    const found = initiators.get(keyOf(client, server, row['proto'])) ?? null
    const back = initiators.get(keyOf(server, client, row['proto'])) ?? null
    return found === null && back === null ? [] : [{ row, isClient: found === 'src' || back === 'dst' }]
  })
  expect(decided.length).toBeGreaterThan(50)
  for (const { row, isClient } of decided) expect({ row, isClient }).toEqual({ row, isClient: true })
})

test('an RTT beyond 2^53 is exact, stored and in memory', async () => {
  const both = await startBoth()
  const batch = flowBatch([{ src: '10.0.0.1', dst: '10.0.0.2', bytes: 10 }], begin + minute)
  const rtt = { kind: 'u64', words: Uint32Array.of(0xffff_ffff, 0xffff_ffff) } as const
  await both.addBatch({ ...batch, columns: { ...batch.columns, rtt } }, begin + minute)
  for (const answer of [both.stored, both.live]) {
    const [row] = rowsOf((await answer('conversations', { ...span, by: 'rtt' })).body)
    expect(row).toMatchObject({ rtt_min: '18446744073709551615', rtt_max: '18446744073709551615' })
  }
})

test('an unknown ranking is rejected with the possible ones', async () => {
  const both = await startBoth()
  const { status, body } = await both.stored('conversations', { by: 'colour' })
  expect({ status, detail: body['detail'] }).toMatchObject({ status: 400, detail: expect.stringContaining('duration') })
})
