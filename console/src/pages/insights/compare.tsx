import { imageText } from '../../parts/image-text.ts'
import type { ImageDiff, ImageRow, Severity } from './requests.ts'
import { Grid, type GridColumn } from '../../parts/grid.tsx'
import { EmptyState, ErrorState, Loading } from '../../parts/states.tsx'
import { diffNames, insightsText, severityNames } from './text.ts'
import { SeverityText } from './columns.tsx'
import { dash } from '../../parts/dash.tsx'
import { useImageDiff, useSomeInsights } from './queries.ts'

const maxImages = 1000

interface Difference {
  readonly change: keyof typeof diffNames
  readonly what: string
  readonly kind: string
  readonly severity?: Severity
  readonly before: string
  readonly after: string
}

function differences({ packages, problems }: ImageDiff): readonly Difference[] {
  return [
    ...(packages ?? []).map(({ name, type, from, to }): Difference => {
      const change = from.length === 0 ? 'added' : to.length === 0 ? 'removed' : 'changed'
      return { change, what: name, kind: type ?? '', before: from.join(', '), after: to.join(', ') }
    }),
    ...(problems ?? []).map(({ id, severity, package: name, in: side }): Difference => {
      const [before, after] = side === 'from' ? [name ?? '', ''] : ['', name ?? '']
      return {
        change: side === 'from' ? 'gone' : 'new',
        what: id,
        kind: severityNames[severity],
        severity,
        before,
        after,
      }
    }),
  ]
}

const tones = { added: undefined, removed: undefined, changed: undefined, new: 'bad', gone: 'good' } as const

const columns: readonly GridColumn<Difference>[] = [
  {
    id: 'change',
    title: insightsText.change,
    width: 140,
    cell: ({ change }) => <span className={tones[change]}>{diffNames[change]}</span>,
  },
  {
    id: 'what',
    title: insightsText.what,
    width: 220,
    grow: 2,
    cell: ({ what }) => <span className="mono">{what}</span>,
  },
  {
    id: 'kind',
    title: insightsText.kind,
    width: 90,
    cell: ({ kind, severity }) => (severity === undefined ? kind : <SeverityText of={severity} />),
  },
  { id: 'before', title: insightsText.before, width: 160, grow: 1, cell: ({ before }) => before || dash },
  { id: 'after', title: insightsText.after, width: 160, grow: 1, cell: ({ after }) => after || dash },
]

/** Which packages and problems differ between two images. */
export function Compare({
  place,
  from,
  to,
  onChange,
  onImages,
}: Readonly<{
  /** Id of the tab's panel. */
  place: string
  from: string
  to: string
  onChange: (some: Readonly<{ from?: string; to?: string }>) => void
  onImages: () => void
}>): React.ReactNode {
  const images = useSomeInsights('images', {}, maxImages)
  const diff = useImageDiff(from, to)
  const known = images.data?.images ?? []
  return (
    <>
      <div className="page-line">
        <ImageSelect
          label={insightsText.compareFrom}
          of={from}
          images={known}
          onChange={(image) => onChange({ from: image })}
        />
        <ImageSelect
          label={insightsText.compareTo}
          of={to}
          images={known}
          onChange={(image) => onChange({ to: image })}
        />
      </div>
      <div className="page-body" id={place} role="tabpanel" aria-label={insightsText.compare}>
        <section className="panel table" aria-label={insightsText.compare} aria-busy={diff.isFetching}>
          {from === '' || to === '' || from === to ? (
            <EmptyState title={insightsText.compare} action={{ text: insightsText.showImages, onClick: onImages }}>
              {insightsText.compareHint}
            </EmptyState>
          ) : diff.isError ? (
            <ErrorState error={diff.error} onRetry={() => void diff.refetch().catch(reportError)} />
          ) : diff.data === undefined ? (
            <Loading what={insightsText.compare} />
          ) : (
            <Differences of={diff.data} onImages={onImages} />
          )}
        </section>
      </div>
    </>
  )
}

function Differences({ of, onImages }: Readonly<{ of: ImageDiff; onImages: () => void }>): React.ReactNode {
  const rows = differences(of)
  const unknown = [
    ...(of.packages === null ? [insightsText.comparedNoPackages] : []),
    ...(of.problems === null ? [insightsText.comparedNoProblems] : []),
  ].join(' ')
  if (rows.length === 0)
    return (
      <EmptyState
        title={unknown === '' ? insightsText.comparedSame : insightsText.compare}
        action={{ text: insightsText.showImages, onClick: onImages }}
      >
        {unknown}
      </EmptyState>
    )
  return (
    <>
      {unknown !== '' && <p className="warning">{unknown}</p>}
      <Grid
        label={insightsText.compare}
        columns={columns}
        rows={rows}
        rowKey={({ change, what, kind, before, after }) => [change, what, kind, before, after].join(' ')}
        total={rows.length}
      />
    </>
  )
}

function ImageSelect({
  label,
  of,
  images,
  onChange,
}: Readonly<{
  label: string
  of: string
  images: readonly ImageRow[]
  onChange: (image: string) => void
}>): React.ReactNode {
  const isListed = of === '' || images.some(({ image }) => image === of)
  return (
    <label className="control">
      {label}{' '}
      <select className="image-select" value={of} onChange={(event) => onChange(event.target.value)}>
        <option value="">{insightsText.chooseImage}</option>
        {!isListed && <option value={of}>{imageText(null, of)}</option>}
        {images
          .filter(({ packages, scanned }) => packages !== null || scanned)
          .map(({ image, name, tags }) => (
            <option key={image} value={image}>
              {[imageText(name, image), ...tags].join(' ')}
            </option>
          ))}
      </select>
    </label>
  )
}
