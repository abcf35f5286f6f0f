import type { FlowGroups } from '../../../../src/api/published.ts'
import { flowsText } from '../../parts/flows/text.ts'
import { generalText } from '../../text/general.ts'

export type GroupRow = Readonly<{
  key: string
  cells: readonly unknown[] | undefined
  sums: readonly unknown[]
}>

export const defaultGroups: readonly Readonly<{ title: string; fields: readonly string[] }>[] = [
  { title: flowsText.namespaceToNamespace, fields: ['src_namespace', 'dst_namespace'] },
  { title: flowsText.ownerToOwner, fields: ['src_owner_name', 'dst_owner_name'] },
  { title: flowsText.nodeToNode, fields: ['src_node', 'dst_node'] },
  { title: flowsText.zoneToZone, fields: ['src_zone', 'dst_zone'] },
  { title: flowsText.nameToName, fields: ['src_name', 'dst_name'] },
  { title: flowsText.addressToAddress, fields: ['src_addr', 'dst_addr'] },
  { title: flowsText.servicePort, fields: ['service_port'] },
  { title: generalText.protocol, fields: ['proto'] },
  { title: generalText.exporter, fields: ['exporter_addr'] },
]

export function qualified(name: string, title: string): string {
  return title === generalText.port
    ? name.startsWith('src')
      ? flowsText.sourcePort
      : flowsText.destinationPort
    : title
}

export function groupRows({ columns, rows, others }: FlowGroups, fields: number): readonly GroupRow[] {
  const shown = rows.map((row): GroupRow => ({
    key: JSON.stringify(row.slice(0, fields)),
    cells: row.slice(0, fields),
    sums: row.slice(fields),
  }))
  if (others.groups === 0) return shown
  const rest: Readonly<Record<string, unknown>> = { ...others }
  return [
    ...shown,
    { key: 'others', cells: undefined, sums: columns.slice(fields).map(({ name }) => rest[name] ?? null) },
  ]
}
