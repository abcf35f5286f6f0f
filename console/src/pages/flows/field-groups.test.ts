import { expect, test } from 'vitest'
import { everyView } from '../../../../src/topics/views.ts'
import { flowColumns } from '../../parts/flows/columns.tsx'
import { inGroups } from './field-groups.ts'

const columns = flowColumns(everyView.flows)

test('each column belongs to one group, and the fields of a feature are together', () => {
  const groups = inGroups(columns.keys(), (id) => id)
  expect(groups.flatMap(({ members }) => members).toSorted()).toEqual([...columns.keys()].toSorted())
  const of = (title: string): readonly string[] => groups.find((group) => group.title === title)?.members ?? []
  expect(of('DNS')).toEqual(['dns_id', 'dns_flags', 'dns_rcode', 'dns_latency', 'dns_errno', 'dns_name'])
  expect(of('Dropped packets')).toEqual(['drop_bytes', 'drop_packets', 'drop_flags', 'drop_state', 'drop_cause'])
  expect(of('Round-trip time')).toEqual(['rtt', 'rtt_max'])
  expect(of('Address translation')).toHaveLength(5)
  expect(of('Network events')).toEqual(['network_events'])
  expect(of('Firewall')).toEqual([
    'firewall_event',
    'firewall_reason',
    'in_acl',
    'out_acl',
    'nat_event',
    'application',
    'user',
  ])
  expect(of('Tunnel')).toEqual([
    'inner_src_addr',
    'inner_dst_addr',
    'inner_proto',
    'inner_src_port',
    'inner_dst_port',
    'vni',
  ])
  expect(of('IPsec')).toEqual(['ipsec_code', 'ipsec_status'])
  expect(of('TLS and QUIC')).toHaveLength(7)
  expect(of('Conversation')).toHaveLength(8)
})
