import { useQuery } from '@tanstack/react-query'
import type { GraphPaths } from '../../../../src/topics/graph/schema.ts'
import { request } from '../../api/client.ts'
import type { TraceSums } from '../../api/traces.ts'
import { noValue } from '../../parts/audit/values.ts'
import { ActorLink } from '../../parts/links/actor-link.tsx'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { counted } from '../../parts/format.ts'
import { Pending } from '../../parts/states.tsx'
import { listText } from '../../state/parts.ts'
import type { Range } from '../../state/range.ts'
import { refText } from '../../state/refs.ts'
import type { Column } from './node.tsx'
import { auditText } from '../../parts/audit/text.ts'

export function useGraphRefs(column: Column, value: string | null, t: Range): readonly string[] {
  const query = {
    tenant: listText([value ?? noValue]),
    from: t.from,
    to: t.to,
    by: 'tenant_domain',
    limit: 10,
    buckets: 1,
  }
  const { data } = useQuery({
    queryKey: ['tenant-domains', query],
    enabled: column === 'tenant' && value !== null,
    staleTime: 30_000,
    queryFn: ({ signal }) => request<TraceSums>('/api/v1/audit/sums', { signal, query }),
  })
  if (value === null) return []
  // As written by `src/store/graph`.
  if (column === 'tenant')
    return (data?.groups ?? []).map(
      ({ value: domain }) => `tenant:${(domain ?? '').replaceAll(/[%/]/g, encodeURIComponent)}/${value}`,
    )
  return [column === 'region' || column === 'action' ? `${column}:${value}` : value]
}

export function Ways({ from, to, t }: { from: string; to: string; t: Range }): React.ReactNode {
  const query = useQuery({
    queryKey: ['ways', from, to, t],
    staleTime: 30_000,
    queryFn: ({ signal }) =>
      request<GraphPaths>('/api/v1/graph/paths', { signal, query: { from, to, since: t.from, at: t.to } }),
  })
  const { data } = query
  if (data === undefined) return <Pending of={query} what={auditText.pathsInText} />
  const names = new Map(data.nodes.map(({ ref, name }) => [ref, name]))
  const between = (a: string, b: string) => {
    const between = data.edges.filter(
      (edge) => (edge.from === a && edge.to === b) || (edge.from === b && edge.to === a),
    )
    return [...new Set(between.map((edge) => (edge.from === a ? `${edge.relation} →` : `← ${edge.relation}`)))].join(
      ', ',
    )
  }
  return (
    <section aria-label={auditText.paths}>
      <h3>
        {auditText.pathsBetween(
          data.paths.length === 0 ? auditText.noPath : counted(data.paths.length, 'shortestPath'),
          names.get(from) ?? refText(from),
          names.get(to) ?? refText(to),
        )}
      </h3>
      <ol className="ways">
        {data.paths.map((path) => (
          <li key={path.join(' ')}>
            {path.map((ref, index) => (
              <span key={ref}>
                {index > 0 && <span className="dim"> {between(path[index - 1] ?? '', ref)} </span>}
                {ref.startsWith('user:') ? (
                  <ActorLink to={ref} name={names.get(ref) ?? null} />
                ) : (
                  <ResourceLink to={ref}>{names.get(ref) ?? refText(ref)}</ResourceLink>
                )}
              </span>
            ))}
          </li>
        ))}
      </ol>
      {data.cut.length > 0 && <p className="dim">{auditText.pathsCut(counted(data.cut.length, 'node'))}</p>}
    </section>
  )
}
