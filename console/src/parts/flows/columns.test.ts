import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { everyView } from '../../../../src/topics/views.ts'
import { fieldsOf, flowColumns, isGroupable, sortFields } from './columns.tsx'
import { defaultColumns } from './default-columns.ts'

const columns = flowColumns(everyView.flows)
const usual = defaultColumns.flatMap((id) => columns.get(id) ?? [])
const cell = (id: string, values: Readonly<Record<string, unknown>>): string =>
  renderToStaticMarkup(columns.get(id)?.cell((name) => values[name] ?? null)).replaceAll(/<[^>]*>/g, '')

test('table, sort order and CSV use the estimate of a sampled flow with its factor', () => {
  expect(usual.map(({ title }) => title)).toEqual(expect.arrayContaining(['Bytes', 'Packets']))
  expect(fieldsOf(usual)).toEqual(expect.arrayContaining(['bytes_est', 'packets_est', 'sampling']))
  expect(fieldsOf(usual)).not.toContain('bytes')
  expect(sortFields('-bytes_est', columns)).toBe('-bytes_est')
  expect(cell('bytes_est', { bytes: 1500, bytes_est: 150_000, sampling: 100 })).toBe('150,000 ≈×100')
  expect(cell('packets_est', { packets_est: '9007199254740993', sampling: 2 })).toBe('9,007,199,254,740,993 ≈×2')
})

test('an unsampled estimate has no factor, and the reported value is a separate column', () => {
  expect(cell('bytes_est', { bytes_est: 1500, sampling: 1 })).toBe('1,500')
  expect(cell('bytes_est', { bytes_est: 1500 })).toBe('1,500')
  expect(cell('bytes', { bytes: 1500, bytes_est: 150_000, sampling: 100 })).toBe('1,500')
  expect(columns.get('bytes')?.title).toBe('Bytes, reported')
})

test('coded values of agents are readable, and unknown codes stay as they are', () => {
  const shown: readonly (readonly [string, unknown, string])[] = [
    ['drop_cause', 'SKB_DROP_REASON_NO_SOCKET', 'no socket'],
    ['drop_cause', 'OVS_DROP_LAST_ACTION', 'Open vSwitch: last action'],
    ['drop_cause', 'NetworkEvent_NetworkPolicy', 'policy: NetworkPolicy'],
    ['drop_cause', 'SKB_DROP_UNKNOWN_CAUSE_200', 'unknown cause 200'],
    ['drop_cause', 'somethingElse', 'somethingElse'],
    ['drop_state', 'TCP_SYN_SENT', 'SYN_SENT'],
    ['drop_flags', 0x102, 'SYN SYN+ACK'],
    ['dns_latency', 12.34, '12 ms'],
    ['dns_flags', 0x8583, 'QR AA RD RA'],
    ['dns_flags', 0x2800, 'opcode 5'],
    ['dns_errno', 0, '0 success'],
    ['dns_errno', 110, '110 ETIMEDOUT'],
    ['dns_errno', 200, '200'],
    ['rtt', 1_250_000, '1.3 ms'],
    ['rtt', 12_000, '12 µs'],
    ['tls_version', 'TLS 1.3', 'TLS 1.3'],
    ['tls_version', '~ TLS 1.2', 'TLS 1.2client and server differ'],
    ['tls_types', ['ClientHello', 'AppData'], 'ClientHello, AppData'],
    ['quic_version', 1, 'QUIC v1'],
    ['quic_version', 0x6b33_43cf, 'QUIC v2'],
    ['quic_version', 0xff00_001d, '0xff00001d'],
    ['quic_long_header', 1, 'yes'],
    ['ipsec_code', -22, '-22 EINVAL'],
    ['ipsec_status', 'success', 'success'],
    ['node_direction', 2, 'within the node'],
    ['if_directions', [0, 1], 'ingress, egress'],
    ['interfaces', ['eth0', 'br-ex'], 'eth0, br-ex'],
    ['xlat_zone', 64_000, '64000'],
    ['drop_bytes', 65_536, '65,536'],
    ['drop_bytes', null, '–'],
    [
      'network_events',
      [{ Feature: 'acl', Action: 'drop', Type: 'NetworkPolicy', Namespace: 'shop', Name: 'db', Direction: 'Ingress' }],
      'drop NetworkPolicy shop/db ingress',
    ],
    ['network_events', [{ Message: 'é' }, { Action: 'allow', Color: 'red' }], 'é, allow Color red'],
  ]
  for (const [id, value, text] of shown) expect({ id, text: cell(id, { [id]: value }) }).toEqual({ id, text })
})

test('bit 8 of the TCP flags is SYN+ACK from an agent of NetObserv and NS from other exporters', () => {
  expect(fieldsOf(usual)).toContain('protocol')
  expect(cell('tcp_flags', { tcp_flags: 0x112, protocol: 'netobserv' })).toBe('SYN ACK SYN+ACK')
  expect(cell('tcp_flags', { tcp_flags: 0x112, protocol: 'ipfix' })).toBe('SYN ACK NS')
  expect(cell('tcp_flags', { tcp_flags: 0x612 })).toBe('RST+ACK SYN ACK FIN+ACK')
})

test('ids of networks and interfaces are no amounts', () => {
  for (const name of ['vni', 'in_if', 'out_if', 'observation_domain'])
    expect(cell(name, { [name]: 436_207_616 })).toBe('436207616')
})

test('a record of a wireless controller shows its station and access point where it has no addresses', () => {
  const members = ['extra.staMacAddress', 'extra.wtpMacAddress', 'extra.wlanSSID']
  const known = flowColumns(everyView.flows, members)
  const read = (values: Readonly<Record<string, unknown>>) => (name: string) => values[name] ?? null
  const text = (id: string, values: Readonly<Record<string, unknown>>) =>
    renderToStaticMarkup(known.get(id)?.cell(read(values)))
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/ +/g, ' ')
      .trim()
  const devices = { 'extra.staMacAddress': '02:00:00:00:00:05', 'extra.wtpMacAddress': '02:00:00:00:00:09' }
  expect(text('src', devices)).toBe('02:00:00:00:00:05 station')
  expect(text('dst', devices)).toBe('02:00:00:00:00:09 access point')
  expect(text('src', { ...devices, src_addr: '192.0.2.1' })).toBe('192.0.2.1')
  expect(known.get('src')?.value(read(devices))).toEqual(['extra.staMacAddress', '02:00:00:00:00:05'])
  expect(text('extra.wlanSSID', { 'extra.wlanSSID': 'guest' })).toBe('guest')
  expect(columns.get('src')?.fields).not.toContain('extra.staMacAddress')
})

test('a member of extra is sorted and grouped by its name', () => {
  const known = flowColumns(everyView.flows, ['extra.wlanSSID'])
  expect(sortFields('-extra.wlanSSID', known)).toBe('-extra.wlanSSID')
  expect(known.get('extra.wlanSSID')).toSatisfy(isGroupable)
})
