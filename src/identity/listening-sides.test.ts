import { expect, it } from 'vitest'
import { NetObservReader } from '../codecs/netobserv-json/index.ts'
import { FlowBuilder } from '../model/flow-builder.ts'
import { initiatorOf, servicePortOf } from '../model/service-port.ts'
import { portEvidence } from '../query/live-columns.ts'
import { recordingMetrics } from '../store/testing/frames.ts'
import { flowRows } from '../../test/kit/flow-rows.ts'
import { ListeningSides } from './listening-sides.ts'

type Spec = Readonly<{ src: string; dst: string; flags?: number; proto?: number; protocol?: string; scope?: string }>

const [syn, ack, synAck, rst] = [0x02, 0x10, 0x100, 0x04]

function flowsOf(specs: readonly Spec[]): FlowBuilder {
  const flows = new FlowBuilder()
  const reader = new NetObservReader(flows)
  for (const { src, dst, flags, proto = 6, protocol = 'netflow9', scope } of specs) {
    const [from = '', fromPort] = endOf(src)
    const [to = '', toPort] = endOf(dst)
    const record = { SrcAddr: from, DstAddr: to, SrcPort: Number(fromPort), DstPort: Number(toPort), Proto: proto }
    reader.read(JSON.stringify({ ...record, Flags: flags, protocol, scope }))
  }
  return flows
}

/** `address:port`, or `address/port` for IPv6. */
function endOf(text: string): string[] {
  return text.split(text.includes('/') ? '/' : ':')
}

/** `listening_side` of each flow. */
function sidesOf(memory: ListeningSides, specs: readonly Spec[]): unknown[] {
  const flows = flowsOf(specs)
  memory.fill(flows)
  return flowRows(flows.batch()).map((row) => row['listening_side'])
}

function start(slots?: number): { memory: ListeningSides; counts: ReadonlyMap<string, number> } {
  const metrics = recordingMetrics()
  return { memory: new ListeningSides({ metrics, ...(slots === undefined ? {} : { slots }) }), counts: metrics.counts }
}

it('two registered ports: the end that served other flows listens, in both directions', () => {
  const { memory, counts } = start()
  const nfs = { src: '10.0.0.1:800', dst: '10.0.0.9:2049' }
  const answer = { src: nfs.dst, dst: nfs.src }
  expect(sidesOf(memory, [nfs, answer])).toEqual([undefined, undefined])
  expect(sidesOf(memory, [{ src: '10.0.0.2:40000', dst: '10.0.0.9:2049' }, nfs, answer])).toEqual([undefined, 2, 1])
  expect(counts.get('weir_listening_decided_flows_total')).toBe(2)
  expect(counts.get('weir_listening_entries')).toBe(1)
})

it('two dynamic ports: the end that answered a SYN listens, and the port becomes the service port', () => {
  const { memory } = start()
  const later = { src: '10.0.0.9:45000', dst: '10.0.0.1:50000', flags: ack, protocol: 'netobserv' }
  sidesOf(memory, [{ ...later, flags: synAck | ack }])
  const flows = flowsOf([later])
  memory.fill(flows)
  const evidence = portEvidence(flows.batch())(0)
  expect([servicePortOf(evidence), initiatorOf(evidence)]).toEqual([45_000, 'dst'])
})

it('protocol and scope are part of the key, and a flow that carries a side keeps it', () => {
  const { memory } = start()
  const of = (more: Partial<Spec>): Spec => ({ src: '10.0.0.1:500', dst: '10.0.0.9:1194', ...more })
  sidesOf(memory, [{ src: '10.0.0.2:40000', dst: '10.0.0.9:1194', proto: 17, scope: 'east' }])
  expect(sidesOf(memory, [of({ proto: 17, scope: 'east' })])).toEqual([2])
  expect(
    sidesOf(memory, [of({ proto: 6, scope: 'east' }), of({ proto: 17, scope: 'west' }), of({ proto: 17 })]),
  ).toEqual([undefined, undefined, undefined])
  const flows = flowsOf([of({ proto: 17, scope: 'east' })])
  flows.column('listening_side').fill(1, 0, 1)
  memory.fill(flows)
  expect(flowRows(flows.batch())[0]).toMatchObject({ listening_side: 1 })
})

it('neither end is chosen if both served other flows', () => {
  const { memory } = start()
  const servers = ['10.0.0.8:5000', '10.0.0.9:9000'].map((dst) => ({ src: '10.0.0.1:40000', dst }))
  expect(sidesOf(memory, [...servers, { src: '10.0.0.8:5000', dst: '10.0.0.9:9000' }])).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

it('a refused or unanswered SYN shows no server, and a port that becomes a client is forgotten', () => {
  const { memory, counts } = start()
  const weak = { src: '10.0.0.1:50000', dst: '10.0.0.9:45000', flags: ack }
  sidesOf(memory, [
    { ...weak, flags: syn | rst },
    { ...weak, flags: syn, protocol: 'netobserv' },
  ])
  expect(sidesOf(memory, [weak])).toEqual([undefined])
  sidesOf(memory, [{ ...weak, flags: syn }])
  expect(sidesOf(memory, [weak])).toEqual([2])
  sidesOf(memory, [{ src: '10.0.0.9:45000', dst: '10.0.0.3:443' }])
  expect(sidesOf(memory, [weak])).toEqual([undefined])
  expect(counts.get('weir_listening_entries')).toBe(1)
})

it.each([
  ['IPv4', { client: '10.0.0.1', server: '10.0.1.' }],
  ['IPv4 in a scope', { client: '10.0.0.1', server: '10.0.1.', scope: 'east' }],
  ['IPv6', { client: '2001:db8::1', server: '2001:db8::1:' }],
])(
  'memory is bounded: the server that was unused for longest is replaced and counted: %s',
  (_, { client, server, ...more }) => {
    const { memory, counts } = start(8)
    const to = (port: number, host: number): Spec => ({
      src: `${client}/${port}`,
      dst: `${server}${host}/2049`,
      ...more,
    })
    const serve = (host: number) => to(40_000, host)
    const ask = (host: number) => to(800, host)
    for (let host = 1; host <= 8; host++) sidesOf(memory, [serve(host)])
    expect(sidesOf(memory, [ask(1)])).toEqual([2])
    sidesOf(memory, [serve(9)])
    expect(sidesOf(memory, [ask(1), ask(2), ask(9)])).toEqual([2, undefined, 2])
    expect(counts.get('weir_listening_entries')).toBe(8)
    expect(counts.get('weir_listening_evicted_entries_total')).toBe(1)
    // The socket of a client is forgotten, and the next server takes its entry.
    sidesOf(memory, [{ src: `${server}3/2049`, dst: `${client}/443`, ...more }])
    sidesOf(memory, [{ src: `${server}3/50000`, dst: `${server}4/2049`, ...more }])
    expect(sidesOf(memory, [ask(9), ask(4)])).toEqual([2, 2])
  },
)

it('the same units in the same order have the same sides, also from an empty memory', () => {
  const specs = Array.from({ length: 5000 }, (_, at): Spec => {
    const [client, server] = [`10.0.${at % 7}.1:${at % 3 === 0 ? 40_000 + at : 800}`, `10.1.0.${at % 91}:2049`]
    return at % 2 === 0 ? { src: client, dst: server } : { src: server, dst: client }
  })
  const run = (): unknown[] => {
    const { memory } = start(64)
    return Array.from({ length: 50 }, (_, unit) => sidesOf(memory, specs.slice(100 * unit, 100 * unit + 100)))
  }
  expect(run()).toEqual(run())
  expect(
    run()
      .flat()
      .filter((side) => side !== undefined).length,
  ).toBeGreaterThan(1000)
})
