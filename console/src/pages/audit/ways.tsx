import { useQuery } from '@tanstack/react-query'
import { ask } from '../../api/client.ts'
import { ActorLink } from '../../app/actor-link.tsx'
import { ResourceLink } from '../../app/resource-link.tsx'
import { counted } from '../../parts/format.ts'
import { ErrorState, Loading } from '../../parts/states.tsx'
import type { Range } from '../../state/range.ts'
import { refText } from '../../state/refs.ts'
import type { Column } from './node.tsx'

interface Paths {
  readonly nodes: readonly { readonly ref: string; readonly label: string; readonly name: string }[]
  readonly paths: readonly (readonly string[])[]
  readonly edges: readonly { readonly from: string; readonly relation: string; readonly to: string }[]
  readonly cut: readonly { readonly ref: string; readonly others: number }[]
}

/** By which reference the graph knows a node; undefined: an action is none of its nodes, and a tenant's is not told here. */
export function graphRef(column: Column, value: string | null): string | undefined {
  if (value === null) return undefined
  if (column === 'region') return `region:${value}`
  return column === 'actor' || column === 'resource' ? value : undefined
}

/** How one node has to do with another: the shortest ways, four steps at most, whatever they lead over. */
export function Ways({ from, to, t }: { readonly from: string; readonly to: string; readonly t: Range }): React.ReactNode {
  const { data, isError, error, refetch } = useQuery({ queryKey: ['ways', from, to, t], staleTime: 30_000, queryFn: ({ signal }) => ask<Paths>('/api/v1/graph/paths', { signal, query: { from, to, since: t.from, at: t.to } }) })
  if (data === undefined) return isError ? <ErrorState error={error} onRetry={() => { refetch().catch(reportError) }} /> : <Loading what="ways" />
  const names = new Map(data.nodes.map(({ ref, name }) => [ref, name]))
  const between = (a: string, b: string): string => {
    const found = data.edges.filter((edge) => (edge.from === a && edge.to === b) || (edge.from === b && edge.to === a))
    return [...new Set(found.map((edge) => (edge.from === a ? `${edge.relation} →` : `← ${edge.relation}`)))].join(', ')
  }
  return (
    <section aria-label="Ways">
      <h3>{data.paths.length === 0 ? 'No way of four steps' : counted(data.paths.length, 'shortest way')} from {names.get(from) ?? refText(from)}</h3>
      <ol className="ways">
        {data.paths.map((path) => (
          <li key={path.join(' ')}>
            {path.map((ref, index) => <span key={ref}>{index > 0 && <span className="dim"> {between(path[index - 1] ?? '', ref)} </span>}{ref.startsWith('user:') ? <ActorLink to={ref} name={names.get(ref) ?? null} /> : <ResourceLink to={ref}>{names.get(ref) ?? ref}</ResourceLink>}</span>)}
          </li>
        ))}
      </ol>
      {data.cut.length > 0 && <p className="dim">Of {counted(data.cut.length, 'node')} not every edge was followed: a way through these may be missing.</p>}
    </section>
  )
}
