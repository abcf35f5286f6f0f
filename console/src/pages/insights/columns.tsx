import { dash } from '../../parts/dash.tsx'
import { imageText } from '../../parts/image-text.ts'
import type { FactRow, FlawRow, ImageRow, InsightList, PackageRow, ProblemRow, Severity } from './requests.ts'
import { count, shortTime } from '../../parts/format.ts'
import type { GridColumn } from '../../parts/grid.tsx'
import { generalText } from '../../text/general.ts'
import { exposureNames, insightsText, severityNames } from './text.ts'

const tones: Readonly<Partial<Record<Severity, string>>> = { CRITICAL: 'bad', HIGH: 'bad', MEDIUM: 'warning' }
const marks: Readonly<Partial<Record<Severity, string>>> = { CRITICAL: '◆', HIGH: '▲', MEDIUM: '●' }

export function SeverityText({ of }: { readonly of: Severity }): React.ReactNode {
  return (
    <span className={tones[of]}>
      <span aria-hidden="true">{marks[of] ?? '○'} </span>
      {severityNames[of]}
    </span>
  )
}

export function ImageName({ name, digest }: Readonly<{ name: string | null; digest: string }>): React.ReactNode {
  if (!digest.startsWith('sha256:'))
    return (
      <span className="mono" title={digest}>
        {imageText(name, digest)}
      </span>
    )
  return (
    <span className="mono" title={imageText(name, digest)}>
      {name === null ? digest.slice(0, 19) : name.slice(name.lastIndexOf('/') + 1)}
      {name !== null && <span className="dim">@{digest.slice(7, 19)}</span>}
    </span>
  )
}

export function Workloads({ of }: { readonly of: readonly string[] }): React.ReactNode {
  if (of.length === 0) return <span className="dim">{insightsText.notRunning}</span>
  return <span title={of.join('\n')}>{of.join(', ')}</span>
}

/** `shop/Deployment/api` as `api shop`; the title has the kind. */
function WorkloadNames({ of }: { readonly of: readonly string[] }): React.ReactNode {
  if (of.length === 0) return <Workloads of={of} />
  return (
    <span title={of.join('\n')}>
      {of.map((workload, at) => {
        const [namespace, ...rest] = workload.split('/')
        return (
          <span key={workload}>
            {at > 0 && ', '}
            {rest.at(-1) ?? workload}
            {rest.length > 0 && <span className="dim"> {namespace}</span>}
          </span>
        )
      })}
    </span>
  )
}

export function ExposureText({ of }: { readonly of: Pick<ProblemRow, 'exposure' | 'exposed_ports'> }): React.ReactNode {
  const { exposure, exposed_ports: ports } = of
  if (exposure === null) return <span className="dim">{insightsText.exposureUnknown}</span>
  const tone = exposure === 'external' ? 'bad' : exposure === 'other_namespaces' ? 'warning' : 'dim'
  return (
    <span title={ports.length === 0 ? undefined : insightsText.ports(ports.join(', '))}>
      <span className={tone}>{exposureNames[exposure]}</span>
      {ports.length > 0 && <span className="dim"> :{ports.slice(0, 3).join(', ')}</span>}
    </span>
  )
}

const exposure = <Row extends ImageRow | ProblemRow | FlawRow>(): GridColumn<Row> => ({
  id: 'exposure',
  title: insightsText.exposure,
  line: 2,
  width: 176,
  grow: 1,
  cell: (row) => <ExposureText of={row} />,
})

const pods = <Row extends ImageRow | PackageRow | ProblemRow | FactRow | FlawRow>(): readonly GridColumn<Row>[] => [
  { id: 'pods', line: 1, title: insightsText.pods, width: 60, end: true, cell: (row) => count(row.pods) },
  {
    id: 'workloads',
    line: 2,
    title: insightsText.workloads,
    width: 92,
    grow: 2,
    cell: ({ workloads }) => <WorkloadNames of={workloads} />,
    csv: ({ workloads }) => (workloads.length === 0 ? insightsText.notRunning : workloads.join(', ')),
  },
]

/** @param imageLine on a phone; without details a hidden image is nowhere else. */
const reported = <Row extends PackageRow | ProblemRow | FactRow>(
  imageLine: Pick<GridColumn<Row>, 'line'> = {},
): readonly GridColumn<Row>[] => [
  ...pods<Row>(),
  {
    id: 'image',
    ...imageLine,
    title: insightsText.image,
    width: 160,
    grow: 1,
    cell: ({ image_name: name, image }) => <ImageName name={name} digest={image} />,
  },
  {
    id: 'since',
    title: insightsText.since,
    width: 130,
    cell: ({ valid_from: from }) => (
      <span className="mono" title={from}>
        {shortTime(from)}
      </span>
    ),
  },
]

const rating = <Row extends ProblemRow | FlawRow>(): readonly GridColumn<Row>[] => [
  {
    id: 'severity',
    line: 1,
    title: insightsText.severity,
    width: 100,
    cell: ({ severity }) => <SeverityText of={severity} />,
  },
  {
    id: 'score',
    title: insightsText.score,
    width: 62,
    end: true,
    cell: ({ score }) => (score === null ? dash : (score * 10).toFixed(1)),
  },
  {
    id: 'id',
    line: 1,
    title: insightsText.id,
    width: 166,
    cell: ({ id, aliases, waived, kev }) => (
      <>
        <span className="mono" title={aliases.join(', ')}>
          {id}
        </span>
        {kev === true && (
          <span className="beside bad" title={insightsText.exploitedHint}>
            {insightsText.exploitedMark}
          </span>
        )}
        {waived && <span className="beside">{insightsText.waivedMark}</span>}
      </>
    ),
  },
]

const epss = <Row extends ProblemRow | FlawRow>(): GridColumn<Row> => ({
  id: 'epss',
  title: insightsText.epss,
  width: 62,
  end: true,
  cell: ({ epss: value }) =>
    value === null ? dash : <span title={insightsText.epssHint}>{(value * 100).toFixed(1)}%</span>,
})

function FixedIn({ of }: { readonly of: readonly string[] }) {
  if (of.length === 0) return <span className="dim">{insightsText.noFix}</span>
  return (
    <span className="mono good" title={of.join(', ')}>
      {of.join(', ')}
    </span>
  )
}

export const problemColumns: readonly GridColumn<ProblemRow>[] = [
  ...rating<ProblemRow>(),
  {
    id: 'package',
    line: 2,
    title: insightsText.package,
    width: 92,
    grow: 1,
    cell: ({ package: name }) => name ?? dash,
  },
  {
    id: 'version',
    title: insightsText.installed,
    width: 78,
    cell: ({ version }) => <span className="mono">{version ?? '–'}</span>,
  },
  {
    id: 'fixed',
    line: 2,
    title: insightsText.fixedIn,
    width: 100,
    cell: ({ fixed_version: fixed }) => <FixedIn of={fixed === null ? [] : [fixed]} />,
  },
  epss<ProblemRow>(),
  exposure<ProblemRow>(),
  ...reported<ProblemRow>(),
]

/** A row for each problem. */
const flawColumns: readonly GridColumn<FlawRow>[] = [
  ...rating<FlawRow>(),
  {
    id: 'packages',
    line: 2,
    title: insightsText.package,
    width: 110,
    grow: 1,
    cell: ({ packages }) =>
      packages.length === 0 ? dash : <span title={packages.join(', ')}>{packages.join(', ')}</span>,
  },
  {
    id: 'fixed',
    line: 2,
    title: insightsText.fixedIn,
    width: 110,
    cell: ({ fixed_versions: fixed }) => <FixedIn of={fixed} />,
  },
  epss<FlawRow>(),
  exposure<FlawRow>(),
  {
    id: 'images',
    title: insightsText.images,
    width: 74,
    end: true,
    cell: ({ images, image_names: names }) => <span title={names.join('\n')}>{count(images)}</span>,
  },
  ...pods<FlawRow>(),
]

export const packageColumns: readonly GridColumn<PackageRow>[] = [
  {
    id: 'name',
    line: 1,
    title: insightsText.package,
    width: 200,
    grow: 2,
    cell: ({ name, purl }) => <span title={purl ?? name}>{name}</span>,
  },
  {
    id: 'version',
    line: 1,
    title: insightsText.version,
    width: 120,
    cell: ({ version }) => <span className="mono">{version ?? '–'}</span>,
  },
  { id: 'type', title: generalText.type, width: 74, cell: ({ type }) => type ?? dash },
  { id: 'licenses', title: insightsText.licenses, width: 110, cell: ({ licenses }) => licenses ?? dash },
  ...reported<PackageRow>({ line: 2 }),
]

export const factColumns: readonly GridColumn<FactRow>[] = [
  { id: 'category', title: insightsText.category, width: 110, cell: ({ category }) => category ?? dash },
  {
    id: 'name',
    line: 1,
    title: insightsText.fact,
    width: 200,
    grow: 1,
    cell: ({ name }) => <span className="mono">{name}</span>,
  },
  {
    id: 'value',
    line: 1,
    title: insightsText.value,
    width: 220,
    grow: 2,
    cell: ({ value }) => (value === null ? dash : <span title={value}>{value}</span>),
  },
  ...reported<FactRow>({ line: 2 }),
]

/** Without a search for problems their number is unknown, not zero. */
const counted = (value: number | null, tone?: string): React.ReactNode =>
  value === null ? dash : <span className={value > 0 ? tone : 'dim'}>{count(value)}</span>

export const imageColumns: readonly GridColumn<ImageRow>[] = [
  {
    id: 'image',
    line: 1,
    title: insightsText.image,
    width: 220,
    grow: 2,
    cell: ({ name, image }) => <ImageName name={name} digest={image} />,
  },
  { id: 'tags', line: 2, title: insightsText.tags, width: 90, grow: 1, cell: ({ tags }) => tags.join(', ') || dash },
  {
    id: 'critical',
    line: 1,
    title: insightsText.critical,
    width: 72,
    end: true,
    cell: ({ critical }) => counted(critical, 'bad'),
  },
  { id: 'high', title: insightsText.high, width: 58, end: true, cell: ({ high }) => counted(high, 'bad') },
  {
    id: 'findings',
    title: insightsText.problems,
    width: 104,
    end: true,
    cell: ({ findings, scanned }) =>
      scanned ? counted(findings) : <span className="warning">{insightsText.isNotScanned}</span>,
  },
  {
    id: 'fixable',
    title: insightsText.onlyFixable,
    width: 74,
    end: true,
    cell: ({ fixable }) => counted(fixable, 'good'),
  },
  {
    id: 'packages',
    title: insightsText.packages,
    width: 92,
    end: true,
    cell: ({ packages }) => counted(packages),
  },
  exposure<ImageRow>(),
  ...pods<ImageRow>(),
]

export type InsightRow = FlawRow | ProblemRow | PackageRow | FactRow | ImageRow

export const insightColumns = {
  flaws: flawColumns,
  problems: problemColumns,
  packages: packageColumns,
  facts: factColumns,
  images: imageColumns,
} as unknown as Readonly<Record<InsightList, readonly GridColumn<InsightRow>[]>>

export function insightKey(row: InsightRow): string {
  if ('image_names' in row) return row.id
  if ('id' in row) return [row.id, row.image, row.purl ?? row.package, row.version, row.tool].join(' ')
  if ('category' in row) return [row.category, row.name, row.value, row.image, row.tool].join(' ')
  return 'tags' in row ? row.image : [row.name, row.version, row.image, row.tool, row.type, row.purl].join(' ')
}
