import type { KeptOf } from '../read/kept.ts'
import type { Statement } from '../read/statement.ts'
import type { ViewInput } from '../read/views.ts'
import { auditView } from './audit.ts'
import { changesView } from './changes.ts'
import { relationsView } from '../graph/relations.ts'
import { trafficView } from '../graph/traffic.ts'
import { resourcesView } from './resources.ts'

export const kubernetesViewNames = ['changes', 'audit', 'resources', 'relations', 'traffic'] as const
export type KubernetesView = (typeof kubernetesViewNames)[number]

export function kubernetesViews(
  {
    sql,
    reads,
    audited,
    zoned,
    related,
    times,
  }: Pick<Statement, 'sql' | 'reads' | 'audited' | 'zoned' | 'related' | 'times'>,
  input: ViewInput,
  kept: KeptOf,
): string {
  const make: Readonly<Record<KubernetesView, () => string>> = {
    changes: () => changesView(input, audited, times.changes),
    audit: () => auditView(input, times.audit, kept.traces),
    resources: () => resourcesView(input, zoned),
    relations: () => relationsView(input, related),
    traffic: () => trafficView(input, times.traffic, kept.traffic),
  }
  const asked = sql.toLowerCase()
  return kubernetesViewNames
    .filter((name) => reads?.has(name) ?? asked.includes(name))
    .map((name) => `; CREATE TEMP VIEW ${name} AS ${make[name]()}`)
    .join('')
}
