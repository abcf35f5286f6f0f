import type { CachedViews } from '../read/file-cache.ts'
import type { Statement } from '../read/statement.ts'
import type { ViewInput } from '../read/views.ts'
import { auditView } from './audit.ts'
import { changesView } from './changes.ts'
import { relationsView } from '../graph/relations.ts'
import { trafficView } from '../graph/traffic.ts'
import { resourcesView } from './resources.ts'

const kubernetesViewNames = ['changes', 'audit', 'resources', 'relations', 'traffic'] as const
type KubernetesView = (typeof kubernetesViewNames)[number]

export function kubernetesViews(
  {
    sql,
    reads,
    actorBounds: audited,
    readsZones: zoned,
    related,
    eventTimes: times,
  }: Pick<Statement, 'sql' | 'reads' | 'actorBounds' | 'readsZones' | 'related' | 'eventTimes'>,
  input: ViewInput,
  cached: CachedViews,
): string {
  const make: Readonly<Record<KubernetesView, () => string>> = {
    changes: () => changesView(input, audited, times.changes),
    audit: () => auditView(input, times.audit, cached.traces),
    resources: () => resourcesView(input, { zoned }),
    relations: () => relationsView(input, related),
    traffic: () => trafficView(input, times.traffic, cached.traffic),
  }
  const lowerSql = sql.toLowerCase()
  return kubernetesViewNames
    .filter((name) => reads?.has(name) ?? lowerSql.includes(name))
    .map((name) => `; CREATE TEMP VIEW ${name} AS ${make[name]()}`)
    .join('')
}
