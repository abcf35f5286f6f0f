import { counted, count } from '../../parts/format.ts'
import { Drawer, Fact } from '../../parts/drawer.tsx'
import { Pending } from '../../parts/states.tsx'
import { ExposureText, ImageName, SeverityText, Workloads } from './columns.tsx'
import type { FlawRow, ProblemRow } from './requests.ts'
import { insightsText, vexStatusNames } from './text.ts'
import { Callers } from './callers.tsx'
import { useSomeInsights } from './queries.ts'
import { vexStatuses } from './vex.ts'
import { VexForm } from './vex-form.tsx'

const shown = 200

/** A problem with its images, and in them the packages and workloads. */
export function FlawDetails({ of, onClose }: Readonly<{ of: FlawRow; onClose: () => void }>): React.ReactNode {
  const { id, aliases, severity, score, workloads } = of
  const findings = useSomeInsights('problems', { filter: `id = ${JSON.stringify(id)}` }, shown)
  const rows = findings.data?.problems ?? []
  const [first = ''] = rows.map(({ valid_from: from }) => from).toSorted()
  return (
    <Drawer
      of={id}
      name={insightsText.detailsOfProblem(id)}
      title={<span className="mono">{id}</span>}
      onClose={onClose}
    >
      <dl className="facts">
        <Fact name={insightsText.severity}>
          <SeverityText of={severity} />
        </Fact>
        {score !== null && <Fact name={insightsText.score}>{(score * 10).toFixed(1)}</Fact>}
        {of.epss !== null && (
          <Fact name={insightsText.epss} meaning={insightsText.epssHint}>
            {(of.epss * 100).toFixed(1)}%
          </Fact>
        )}
        {of.kev === true && (
          <Fact name={insightsText.exploited} tone="bad">
            {insightsText.exploitedHint}
          </Fact>
        )}
        <Fact name={insightsText.exposure}>
          <ExposureText of={of} />
        </Fact>
        {aliases.length > 0 && <Fact name={insightsText.aliases}>{aliases.join(', ')}</Fact>}
      </dl>
      {first !== '' && <Callers workloads={workloads} since={first} />}
      <h3>{insightsText.affected}</h3>
      {findings.data === undefined ? <Pending of={findings} what={insightsText.images} /> : <ImagesOf rows={rows} />}
      {findings.data?.next != null && (
        <p className="dim">{insightsText.ofAll(shown, count(findings.data.total ?? 0))}</p>
      )}
      {rows.length > 0 && <VexForm rows={rows} />}
    </Drawer>
  )
}

function ImagesOf({ rows }: Readonly<{ rows: readonly ProblemRow[] }>) {
  const images = [...Map.groupBy(rows, ({ image }) => image)]
  const tags = useSomeInsights(
    'images',
    {
      image: images
        .map(([image]) => image)
        .slice(0, 50)
        .join(','),
    },
    50,
  )
  const tagsOf = new Map((tags.data?.images ?? []).map((row) => [row.image, row.tags]))
  return (
    <ul aria-label={counted(images.length, 'image')}>
      {images.map(([image, found]) => (
        <li key={image}>
          <ImageName name={found[0]?.image_name ?? null} digest={image} />
          <span className="dim"> {tagsOf.get(image)?.join(', ')}</span>
          <div>
            <Workloads of={found[0]?.workloads ?? []} />
          </div>
          {found.map((row) => (
            <Finding key={[row.package, row.version, row.purl, row.tool].join(' ')} of={row} />
          ))}
        </li>
      ))}
    </ul>
  )
}

function Finding({ of }: Readonly<{ of: ProblemRow }>) {
  const { package: name, version, fixed_version: fixed, purl, tool, tool_version: toolVersion, state } = of
  const status = vexStatuses.find((known) => known === of.waiver)
  const analysis = status === undefined ? (of.waived ? insightsText.waivedMark : state) : vexStatusNames[status]
  return (
    <div>
      <span title={purl ?? undefined}>{name ?? '–'}</span> <span className="mono">{version}</span>
      {fixed === null ? (
        <span className="dim"> {insightsText.noFix}</span>
      ) : (
        <span className="mono good"> → {fixed}</span>
      )}
      <span className="dim">
        {' '}
        {[tool, toolVersion].filter((text) => text !== null).join(' ')}
        {analysis !== null && `, ${[analysis, of.waiver_reason].filter((text) => text !== null).join(': ')}`}
      </span>
    </div>
  )
}
