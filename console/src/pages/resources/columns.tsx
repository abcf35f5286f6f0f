import type { ResourceState } from '../../api/objects.ts'
import { shortTime } from '../../parts/format.ts'
import type { GridColumn } from '../../parts/grid.tsx'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { generalText } from '../../text/general.ts'
import { resourcesText } from './text.ts'

const dash = <span className="dim">–</span>
export function columnsAt(at: string): readonly GridColumn<ResourceState>[] {
  return [
    {
      id: 'kind',
      line: 1,
      title: generalText.kind,
      width: 130,
      grow: 1,
      cell: ({ kind, group }) => (
        <span title={group === '' ? kind : resourcesText.kindOfGroup(kind, group)}>{kind}</span>
      ),
    },
    {
      id: 'namespace',
      line: 2,
      title: generalText.namespace,
      width: 120,
      grow: 1,
      cell: ({ namespace }) => namespace ?? <span className="dim">{generalText.clusterScoped}</span>,
    },
    {
      id: 'name',
      line: 1,
      title: generalText.name,
      width: 190,
      grow: 3,
      cell: ({ ref, name }) => (
        <ResourceLink to={ref} {...(at === 'now' ? {} : { at })}>
          {name}
        </ResourceLink>
      ),
    },
    {
      id: 'phase',
      line: 1,
      title: resourcesText.phase,
      width: 84,
      cell: ({ phase }) => phase ?? dash,
    },
    { id: 'node', line: 2, title: generalText.node, width: 110, grow: 1, cell: ({ node }) => node ?? dash },
    { id: 'zone', title: resourcesText.zone, width: 80, cell: ({ zone }) => zone ?? dash },
    {
      id: 'owner',
      title: resourcesText.owner,
      width: 150,
      grow: 2,
      cell: ({ owner_kind: kind, owner_name: name }) =>
        name === null ? (
          dash
        ) : (
          <span title={`${kind ?? ''} ${name}`}>
            {name}
            <span className="beside">{kind}</span>
          </span>
        ),
    },
    {
      id: 'since',
      line: 2,
      title: resourcesText.unchangedSince,
      width: 146,
      cell: ({ valid_from: from }) => (
        <span className="mono" title={from}>
          {shortTime(from)}
        </span>
      ),
    },
    { id: 'cluster', title: generalText.cluster, width: 90, cell: ({ cluster }) => cluster },
  ]
}
