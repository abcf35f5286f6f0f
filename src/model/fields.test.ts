import { expect, test } from 'vitest'
import { flowField, flowFields, namesOf, registryVersion, resolveFieldName, type Field } from './fields.ts'

const fields: readonly Field[] = flowFields

test('ids and names are unique, and no field is newer than the registry', () => {
  expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length)
  expect(new Set(fields.map(({ name }) => name)).size).toBe(fields.length)
  for (const { since } of fields) expect(since).toBeLessThanOrEqual(registryVersion)
})

test('every name of every field resolves to that field only', () => {
  const names = fields.flatMap((field) => namesOf(field).map((name) => ({ name, field: field.name })))
  expect(new Set(names.map(({ name }) => name)).size).toBe(names.length)
  for (const { name, field } of names) expect(resolveFieldName(name)).toBe(field)
})

test.each([
  ['src_addr', 'src_addr'],
  ['SrcAddr', 'src_addr'],
  ['src_address', 'src_addr'],
  ['source.address', 'src_addr'],
  ['src.addr', 'src_addr'],
  ['src.address', 'src_addr'],
  ['src.port', 'src_port'],
  ['destination.port', 'dst_port'],
  ['dst.mac', 'dst_mac'],
  ['destination.mac', 'dst_mac'],
  ['src.as', 'src_as'],
  ['destination.as', 'dst_as'],
  ['src.ns', 'src_namespace'],
  ['SrcK8S_Namespace', 'src_namespace'],
  ['source.k8s.namespace.name', 'src_namespace'],
  ['source.ns', 'src_namespace'],
  ['dst.owner', 'dst_owner_name'],
  ['dst.owner_name', 'dst_owner_name'],
  ['DstK8S_OwnerType', 'dst_owner_kind'],
  ['src.host', 'src_node'],
  ['src_host_name', 'src_node'],
  ['src_host_address', 'src_node_addr'],
  ['destination.k8s.host.name', 'dst_node'],
  ['src_kind', 'src_kind'],
  ['src.kind', 'src_kind'],
  ['SrcK8S_Type', 'src_kind'],
  ['dst_subnet_label', 'dst_label'],
  ['protocol', 'protocol'],
  ['Proto', 'proto'],
  ['network.transport', 'proto'],
  ['type', 'record_type'],
  ['_RecordType', 'record_type'],
  ['id', 'conversation'],
  ['cluster_name', 'cluster'],
  ['K8S_FlowLayer', 'flow_layer'],
  ['tcp.flags', 'tcp_flags'],
  ['Flags', 'tcp_flags'],
  ['time_flow_rtt', 'rtt'],
  ['pkt_drop_cause', 'drop_cause'],
  ['dns_flag_response_code', 'dns_rcode'],
  ['node_direction', 'node_direction'],
  ['FlowDirection', 'node_direction'],
  ['ifdirections', 'if_directions'],
  ['xlat_zone_id', 'xlat_zone'],
  ['xlat_src_address', 'xlat_src_addr'],
])('%s means %s', (name, field) => {
  expect(resolveFieldName(name)).toBe(field)
  expect(flowField(field)?.name).toBe(field)
})

test('a name matches exactly, and an operator is no name', () => {
  for (const name of ['', 'src', 'src.', 'any.port', 'SRC_ADDR', 'srcaddr', 'src_ns', 'constructor', '__proto__'])
    expect(resolveFieldName(name)).toBeUndefined()
})
