import { expect, test } from 'vitest'
import { importNetObserv } from './netobserv-url.ts'

const page = 'https://console.example/netflow-traffic'
const link = (filters: string, more = ''): string => `${page}?filters=${encodeURIComponent(filters)}${more}`
const filterOf = (filters: string, more = ''): string => {
  const read = importNetObserv(link(filters, more))
  expect(read.dropped).toEqual([])
  return read.filter
}

test('filters of a link become one filter: values are joined with or, filters with and', () => {
  expect(filterOf('src_namespace="shop";dst_port=5432,6379')).toBe(
    'src_namespace = "shop" and (dst_port = 5432 or dst_port = 6379)',
  )
  expect(filterOf('src_namespace!="shop","test"')).toBe('not (src_namespace = "shop" or src_namespace = "test")')
  expect(filterOf('protocol=TCP;dscp=46;dns_latency>=175;time_flow_rtt>=20000000')).toBe(
    'proto = TCP and dscp = 46 and dns_latency >= 175 and rtt >= 20000000',
  )
  expect(filterOf('src_address=10.0.0.0/8;dst_host_name="node-1";dst_host_address=10.1.0.1')).toBe(
    'src_addr = 10.0.0.0/8 and dst_node = "node-1" and dst_node_addr = 10.1.0.1',
  )
  expect(filterOf('tcp_flags=SYN_ACK;dst_port=https')).toBe('tcp_flags = 256 and dst_port = https')
  expect(filterOf('src_namespace="a","b"', '&match=any')).toBe('src_namespace = "a" or src_namespace = "b"')
  expect(filterOf('src_name="a";dst_name="b"', '&match=any')).toBe('src_name = "a" or dst_name = "b"')
})

test('filters of either end refer to the same end', () => {
  expect(filterOf('namespace="shop";port=443;proto=6')).toBe('proto = 6 and either(namespace = "shop" and port = 443)')
  expect(filterOf('namespace="shop";port=443', '&match=any')).toBe('either(namespace = "shop" or port = 443)')
})

test('texts: contains, exact, wildcards, empty and any', () => {
  expect(filterOf('src_name~db.1')).toBe('src_name ~ "(?i)db\\.1"')
  expect(filterOf('src_name~"db.1"')).toBe('src_name = "db.1"')
  expect(filterOf('src_name!~db')).toBe('not src_name ~ "(?i)db"')
  expect(filterOf('src_name=db*')).toBe('src_name ~ "^(?:db.*)$"')
  expect(filterOf('src_zone="";dst_zone=*')).toBe('not exists(src_zone) and exists(dst_zone)')
})

test('kinds other than pods, services and nodes are those of the owner; resources are split', () => {
  expect(filterOf('src_kind="Pod";dst_kind="Deployment"')).toBe('src_kind = "Pod" and dst_owner_kind = "Deployment"')
  expect(filterOf('dst_resource="Deployment.shop.web"')).toBe(
    'dst_owner_kind = "Deployment" and dst_namespace = "shop" and dst_owner_name = "web"',
  )
  expect(filterOf('resource=Pod.shop.web-1')).toBe('either(kind = "Pod" and namespace = "shop" and name = "web-1")')
})

test("the server's form is accepted: or between groups, its own field names, double encoding", () => {
  expect(filterOf('SrcK8S_Namespace="a"&DstPort!=53|Proto=17')).toBe(
    'src_namespace = "a" and not dst_port = 53 or proto = 17',
  )
  expect(importNetObserv(`?filters=${encodeURIComponent(encodeURIComponent('SrcK8S_Namespace="a b"'))}`).filter).toBe(
    'src_namespace = "a b"',
  )
})

test('time, drops, record type and match', () => {
  expect(importNetObserv(`${page}?timeRange=900`)).toEqual({
    filter: '',
    bothWays: false,
    from: 'now-900s',
    to: 'now',
    dropped: [],
  })
  expect(
    importNetObserv(
      `${page}?startTime=1763632800&endTime=1763633100&match=bidirectional&packetLoss=all&recordType=flowLog`,
    ),
  ).toEqual({
    filter: '',
    bothWays: true,
    from: '1763632800000',
    to: '1763633101000',
    dropped: [],
  })
  expect(importNetObserv(`${page}?packetLoss=hasDrops&recordType=endConnection`).filter).toBe(
    'drop_packets > 0 and record_type = "endConnection"',
  )
  expect(importNetObserv('').filter).toBe('')
})

test('unsupported parts are reported with their reason, and the rest is kept', () => {
  const read = importNetObserv(
    link(
      'network_events="x";dst_port=no-such-port;nonsense;my_field=1;src_namespace="shop"',
      '&limit=500&timeRange=soon&match=some&colour=red',
    ),
  )
  expect(read.filter).toBe('src_namespace = "shop"')
  expect(read.dropped.map(({ part }) => part).sort()).toEqual([
    'colour=red',
    'dst_port=no-such-port',
    'limit=500',
    'match=some',
    'my_field=1',
    'network_events="x"',
    'nonsense',
    'timeRange=soon',
  ])
  for (const { reason } of read.dropped) expect(reason).toMatch(/\.$/)
})

test('a value cannot inject filter syntax', () => {
  expect(
    filterOf('dst_mac="02:42:ac:11:00:02";src_name="a\\" or true"').startsWith(
      'dst_mac = 02:42:ac:11:00:02 and src_name = "a',
    ),
  ).toBe(true)
  expect(importNetObserv(link('dst_port=1 or bytes > 0')).filter).toBe('')
  expect(importNetObserv(link('dst_port=src_port')).filter).toBe('')
})
