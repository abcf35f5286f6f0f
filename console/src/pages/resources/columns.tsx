import type { ResourceState } from '../../api/objects.ts'
import { count, shortTime } from '../../parts/format.ts'
import type { GridColumn } from '../../parts/grid.tsx'
import { ageText, ReadyText, StatusText } from '../../parts/objects/status.tsx'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { generalText } from '../../text/general.ts'
import { resourcesText } from './text.ts'

const dash = <span className="dim">–</span>

/** Status, ready, restarts, age and images, as kubectl and k9s show them. */
function stateColumns(asOf: number): readonly GridColumn<ResourceState>[] {
  return [
    {
      id: 'status',
      line: 1,
      title: generalText.status,
      width: 126,
      grow: 1,
      cell: (row) => <StatusText of={row} />,
    },
    {
      id: 'ready',
      line: 2,
      title: resourcesText.ready,
      hint: resourcesText.readyHint,
      width: 64,
      end: true,
      cell: (row) => <ReadyText of={row} />,
    },
    {
      id: 'restarts',
      title: resourcesText.restarts,
      width: 70,
      end: true,
      cell: ({ restarts }) =>
        restarts === null ? null : <span className={restarts === 0 ? 'dim' : 'warning'}>{count(restarts)}</span>,
    },
    {
      id: 'age',
      line: 2,
      title: resourcesText.age,
      width: 58,
      end: true,
      cell: ({ created }) =>
        created === null ? dash : <span title={created}>{ageText(asOf - Date.parse(created))}</span>,
    },
    {
      id: 'images',
      title: resourcesText.images,
      width: 110,
      grow: 2,
      cell: ({ images }) =>
        images.length === 0 ? null : (
          <span className="mono" title={images.join('\n')}>
            {images.map((image) => image.slice(image.lastIndexOf('/') + 1)).join(', ')}
          </span>
        ),
      csv: ({ images }) => images.join(' '),
    },
  ]
}

/** `asOf`: time of the rows, Unix ms. */
export function columnsAt(at: string, asOf: number): readonly GridColumn<ResourceState>[] {
  return [
    {
      id: 'kind',
      line: 1,
      title: generalText.kind,
      width: 104,
      cell: ({ kind, group }) => (
        <span title={group === '' ? kind : resourcesText.kindOfGroup(kind, group)}>{kind}</span>
      ),
    },
    {
      id: 'namespace',
      line: 2,
      title: generalText.namespace,
      width: 92,
      cell: ({ namespace }) => namespace ?? <span className="dim">{generalText.clusterScoped}</span>,
    },
    {
      id: 'name',
      line: 1,
      title: generalText.name,
      width: 150,
      grow: 4,
      cell: ({ ref, name }) => (
        <ResourceLink to={ref} {...(at === 'now' ? {} : { at })}>
          {name}
        </ResourceLink>
      ),
    },
    ...stateColumns(asOf),
    { id: 'node', line: 2, title: generalText.node, width: 84, grow: 1, cell: ({ node }) => node ?? dash },
    {
      id: 'address',
      title: resourcesText.address,
      width: 104,
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
      grow: 1,
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
      width: 128,
      cell: ({ valid_from: from }) => (
        <span className="mono" title={from}>
          {shortTime(from)}
        </span>
      ),
    },
    { id: 'cluster', title: generalText.cluster, width: 74, cell: ({ cluster }) => cluster },
  ]
}
