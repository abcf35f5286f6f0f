import { expect, test } from 'vitest'
import { flowRows } from '../../../test/kit/flow-rows.ts'
import type { KeptElements } from './other-elements.ts'
import { Bench, ip4, ipfix, netflow9, set, template, u16, u32, u8, type FieldOf } from './testing/datagrams.ts'

const fields: readonly FieldOf[] = [
  [366, 4],
  [367, 6],
  [147, 5],
  [61_001, 4],
  [57_590, 2],
  [210, 2],
  [1, 4],
  [85, 4],
]

function extraOf(elements: KeptElements): unknown {
  const bench = new Bench({ elements })
  const station = [ip4('192.0.2.7'), u8(2, 0, 0, 0, 0, 9), Buffer.from('guest'), u32(8), u8(0, 7), u8(0, 0)]
  bench.take(netflow9({}, set(0, template(300, fields)), set(300, ...station, u32(100), u32(900))))
  const extra = flowRows(bench.flows.batch())[0]?.extra
  return extra === undefined ? undefined : JSON.parse(String(extra))
}

const named = {
  staIPv4Address: '192.0.2.7',
  wtpMacAddress: '02:00:00:00:00:09',
  wlanSSID: 'guest',
  octetTotalCount: 900,
}

test('elements without a column are stored by name, and without padding', () => {
  expect(extraOf('all')).toMatchObject({ ...named, element_61001: 8 })
  expect(Object.keys(extraOf('all') as object)).toHaveLength(6)
})

test('only elements with a known name are listed', () => {
  expect(extraOf('listed')).toMatchObject(named)
  expect(extraOf('listed')).not.toHaveProperty('element_61001')
})

test('none of them are stored without the setting', () => {
  expect(extraOf('none')).toBeUndefined()
})

test('elements with ids of 16 bits have their configured names, also from a template of IPFIX', () => {
  const named = (pen: number, element: number, name: string) => ({ pen, element, name, type: 'unsigned' }) as const
  const extra = [
    named(0, 32_768, 'lowest'),
    named(0, 65_535, 'highest'),
    named(9, 45_003, 'tunnel'),
    named(9, 12_236, 'session'),
  ]
  const read = (datagram: Buffer) => {
    const bench = new Bench({ extra, elements: 'none' })
    bench.take(datagram)
    return JSON.parse(String(flowRows(bench.flows.batch())[0]?.extra)) as unknown
  }
  const v9: readonly FieldOf[] = [
    [32_768, 2],
    [65_535, 4],
    [45_003, 2],
    [1, 4],
  ]
  expect(read(netflow9({}, set(0, template(300, v9)), set(300, u16(1), u32(4_294_967_295), u16(3), u32(100))))).toEqual(
    { lowest: 1, highest: 4_294_967_295, tunnel: 3 },
  )
  const fieldsOfIpfix: readonly FieldOf[] = [
    [12_235, 2, 9],
    [12_236, 2, 9],
    [1, 4],
  ]
  expect(read(ipfix({}, set(2, template(300, fieldsOfIpfix)), set(300, u16(3, 4), u32(100))))).toEqual({
    tunnel: 3,
    session: 4,
  })
})

test('a record of a wireless controller names station and access point, and its station is no source', () => {
  const bench = new Bench()
  const wireless: readonly FieldOf[] = [
    [365, 6],
    [366, 4],
    [367, 6],
    [147, 33],
    [146, 1],
    [61, 1],
    [1, 8],
    [2, 8],
  ]
  const ssid = Buffer.alloc(33)
  ssid.write('guest')
  const record = [u8(2, 0, 0, 0, 0, 5), ip4('0.0.0.0'), u8(2, 0, 0, 0, 0, 9), ssid, u8(36, 0), u32(0, 100, 0, 2)]
  bench.take(netflow9({}, set(0, template(300, wireless)), set(300, ...record)))
  const [row] = flowRows(bench.flows.batch())
  expect(row).toMatchObject({ bytes: 100, packets: 2 })
  expect(row?.src_addr ?? row?.dst_addr).toBeUndefined()
  expect(JSON.parse(String(row?.extra))).toEqual({
    staMacAddress: '02:00:00:00:00:05',
    staIPv4Address: '0.0.0.0',
    wtpMacAddress: '02:00:00:00:00:09',
    wlanSSID: 'guest',
    wlanChannelId: 36,
  })
})

test('the outer header of an encapsulated packet is stored beside the columns of the inner one', () => {
  const two: readonly FieldOf[] = [
    [8, 4],
    [12, 4],
    [4, 1],
    [8, 4],
    [12, 4],
    [4, 1],
  ]
  const outer = [ip4('192.0.2.1'), ip4('192.0.2.2'), u8(4)]
  const inner = [ip4('10.0.0.1'), ip4('10.0.0.2'), u8(6)]
  const bench = new Bench()
  bench.take(ipfix({}, set(2, template(300, two)), set(300, ...outer, ...inner)))
  const [row] = flowRows(bench.flows.batch())
  expect(row).toMatchObject({ src_addr: '10.0.0.1', dst_addr: '10.0.0.2', proto: 6 })
  expect(JSON.parse(String(row?.extra))).toEqual({
    sourceIPv4Address: '192.0.2.1',
    destinationIPv4Address: '192.0.2.2',
    protocolIdentifier: 4,
  })
})

test('elements of VMware are the packet in a tunnel, and zeros are absent', () => {
  const vmware = 6876
  const layout: readonly FieldOf[] = [
    [8, 4],
    [880, 1, vmware],
    [881, 4, vmware],
    [882, 4, vmware],
    [886, 2, vmware],
    [351, 8],
  ]
  const bench = new Bench({ elements: 'all' })
  const [inner, none] = [ip4('192.168.0.1'), ip4('0.0.0.0')]
  bench.take(
    ipfix(
      {},
      set(2, template(301, layout)),
      set(301, ip4('10.0.0.1'), u8(6), inner, inner, u16(80), u32(0x0100_0000, 5001)),
      set(301, ip4('10.0.0.1'), u8(0), none, none, u16(0), u32(0, 0)),
    ),
  )
  const [tunnel, plain] = flowRows(bench.flows.batch())
  expect(tunnel).toMatchObject({
    src_addr: '10.0.0.1',
    inner_proto: 6,
    inner_src_addr: '192.168.0.1',
    inner_dst_addr: '192.168.0.1',
    inner_src_port: 80,
    vni: 5001,
  })
  for (const name of ['inner_proto', 'inner_src_addr', 'inner_dst_addr', 'vni', 'extra'])
    expect(plain).not.toHaveProperty(name)
})
