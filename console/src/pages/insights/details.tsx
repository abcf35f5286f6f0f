import { imageText } from '../../parts/image-text.ts'
import type { ImageRow } from './requests.ts'
import { momentAt } from '../../parts/format.ts'
import { Drawer, Fact } from '../../parts/drawer.tsx'
import { InvestigateLink } from '../../parts/links/investigate-link.tsx'
import { Pending } from '../../parts/states.tsx'
import { Callers } from './callers.tsx'
import { insightsText } from './text.ts'
import { ExposureText, ImageName, SeverityText, Workloads } from './columns.tsx'
import { useSomeInsights } from './queries.ts'

const shown = 50

export function ImageDetails({
  of,
  onClose,
  onProblems,
  onFacts,
  onCompare,
}: Readonly<{
  of: ImageRow
  onClose: () => void
  onProblems: () => void
  onFacts: () => void
  onCompare: () => void
}>): React.ReactNode {
  const { image, name, tags, os, tools, scanned, findings, reported } = of
  const worst = useSomeInsights('problems', { image }, shown)
  return (
    <Drawer
      of={image}
      name={insightsText.detailsOfImage(imageText(name, image))}
      title={<ImageName name={name} digest={image} />}
      onClose={onClose}
    >
      <dl className="facts">
        <Fact name={insightsText.digest}>
          <span className="mono">{image}</span>
        </Fact>
        {tags.length > 0 && <Fact name={insightsText.tags}>{tags.join(', ')}</Fact>}
        {os !== null && <Fact name={insightsText.os}>{os}</Fact>}
        <Fact name={insightsText.tool}>{tools.join(', ') || insightsText.isNotScanned}</Fact>
        {reported !== null && <Fact name={insightsText.since}>{momentAt(Date.parse(reported))}</Fact>}
        <Fact name={insightsText.workloads}>
          <Workloads of={of.workloads} />
        </Fact>
        <Fact name={insightsText.exposure}>
          <ExposureText of={of} />
        </Fact>
      </dl>
      {reported !== null && <Callers workloads={of.workloads} since={reported} />}
      <div className="acts">
        <button type="button" onClick={onCompare}>
          {insightsText.compareAction}
        </button>
        <button type="button" onClick={onFacts}>
          {insightsText.facts}
        </button>
        <InvestigateLink of={`image:${image}`} />
      </div>
      <h3>{insightsText.worst}</h3>
      {!scanned || findings === null ? (
        <p className="warning">{insightsText.imageNotScanned}</p>
      ) : worst.data === undefined ? (
        <Pending of={worst} what={insightsText.problems} />
      ) : worst.data.problems.length === 0 ? (
        <p className="dim">{insightsText.noKnownProblems}</p>
      ) : (
        <>
          <ul>
            {worst.data.problems.map((row) => (
              <li key={`${row.id} ${row.purl} ${row.package} ${row.tool}`}>
                <SeverityText of={row.severity} /> <span className="mono">{row.id}</span>
                <div>
                  {row.package} <span className="mono">{row.version}</span>
                  {row.fixed_version !== null && <span className="mono good"> → {row.fixed_version}</span>}
                </div>
              </li>
            ))}
          </ul>
          <button type="button" onClick={onProblems}>
            {insightsText.allProblems}
          </button>
        </>
      )}
    </Drawer>
  )
}
