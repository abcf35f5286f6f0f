import { dash } from '../../parts/dash.tsx'
import type { ResourceState } from '../../api/objects.ts'
import { count, shortTime } from '../../parts/format.ts'
import type { GridColumn } from '../../parts/grid.tsx'
import { ageText, ReadyText, StatusText } from '../../parts/objects/status.tsx'
import { shortImage } from '../../parts/image-text.ts'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { generalText } from '../../text/general.ts'
import { resourcesText } from './text.ts'

/** Status, ready, restarts, age and images, as kubectl and k9s show them. */
function stateColumns(asOf: number): readonly GridColumn<ResourceState>[] {
  return [
    {
      id: 'status',
      line: 1,
      title: generalText.status,
      width: 106,
      grow: 1,
      cell: (row) => <StatusText of={row} />,
    },
    {
      id: 'ready',
      line: 2,
      title: resourcesText.ready,
      hint: resourcesText.readyHint,
      width: 66,
      end: true,
      cell: (row) => <ReadyText of={row} />,
    },
    {
      id: 'restarts',
      title: resourcesText.restarts,
      width: 80,
      end: true,
      cell: ({ restarts }) =>
        restarts === null ? null : <span className={restarts === 0 ? 'dim' : 'warning'}>{count(restarts)}</span>,
    },
    {
      id: 'age',
      line: 2,
      title: resourcesText.age,
      width: 72,
      end: true,
      cell: ({ created }) =>
        created === null ? dash : <span title={created}>{ageText(asOf - Date.parse(created))}</span>,
    },
    {
      id: 'images',
      title: resourcesText.images,
      width: 106,
      grow: 2,
      cell: ({ images }) =>
        images.length === 0 ? null : (
          <span className="mono" title={images.join('\n')}>
            {images.map(shortImage).join(', ')}
          </span>
        ),
      csv: ({ images }) => images.join(' '),
    },
  ]
}

export const clustersIn = (rows: readonly ResourceState[]): number => new Set(rows.map(({ cluster }) => cluster)).size

/** `asOf`: time of the rows, Unix ms. The cluster is a column only if the rows are of several. */
export function columnsAt(
  at: string,
  asOf: number,
  { ofClusters }: Readonly<{ ofClusters: number }>,
): readonly GridColumn<ResourceState>[] {
  return [
    {
      id: 'kind',
      line: 1,
      title: generalText.kind,
      width: 118,
      cell: ({ kind, group }) => (
        <span title={group === '' ? kind : resourcesText.kindOfGroup(kind, group)}>{kind}</span>
      ),
    },
    {
      id: 'namespace',
      line: 2,
      title: generalText.namespace,
      width: 114,
      cell: ({ namespace }) => namespace ?? <span className="dim">{generalText.clusterScoped}</span>,
    },
    {
      id: 'name',
      line: 1,
      title: generalText.name,
      width: 138,
      grow: 3,
      cell: ({ ref, name }) => (
        <ResourceLink to={ref} {...(at === 'now' ? {} : { at })}>
          {name}
        </ResourceLink>
      ),
    },
    ...stateColumns(asOf),
    { id: 'node', title: generalText.node, width: 80, grow: 1, cell: ({ node }) => node ?? dash },
    {
      id: 'address',
      title: resourcesText.address,
      width: 116,
      cell: ({ addresses }) =>
        addresses.length === 0 ? (
          dash
        ) : (
          <span className="mono" title={addresses.join('\n')}>
            {addresses[0]}
            {addresses.length > 1 && <span className="beside">+{addresses.length - 1}</span>}
          </span>
        ),
      csv: ({ addresses }) => addresses.join(' '),
    },
    {
      id: 'owner',
      title: resourcesText.owner,
      width: 100,
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
      width: 136,
      cell: ({ valid_from: from }) => (
        <span className="mono" title={from}>
          {shortTime(from)}
        </span>
      ),
    },
    ...(ofClusters > 1
      ? [{ id: 'cluster', title: generalText.cluster, width: 74, cell: ({ cluster }: ResourceState) => cluster }]
      : []),
  ]
}
