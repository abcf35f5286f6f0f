import type { GrafanaImport, ImportNote } from '../../../../src/api/published.ts'
import { count } from '../../parts/format.ts'
import { generalText } from '../../text/general.ts'
import { dashboardsText } from './text.ts'

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The dashboard of an export or of Grafana's API; undefined: the file is of Weir, or no JSON. */
export function isGrafana(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (!isObject(value)) return undefined
    const inner = isObject(value['dashboard']) ? value['dashboard'] : value
    const marks = ['schemaVersion', '__inputs', 'templating', 'rows', 'elements', 'spec']
    return marks.some((name) => name in inner) ? inner : undefined
  } catch {
    return undefined
  }
}

type ImportReportProps = Readonly<{ of: GrafanaImport; onOpen: () => void; onClose: () => void }>

export function ImportReport({ of, onOpen, onClose }: ImportReportProps): React.ReactNode {
  const { panels, imported, left_out: leftOut, changed } = of
  return (
    <section className="panel dashboard-list" aria-label={dashboardsText.importTitle}>
      <div className="line">
        <h2>{dashboardsText.importTitle}</h2>
        <button type="button" className="quiet" aria-label={generalText.close} onClick={onClose}>
          ✕
        </button>
      </div>
      <p role="status">
        <b className="number">{dashboardsText.imported(count(imported), count(panels))}</b>
      </p>
      {leftOut.length === 0 && <p className="dim">{dashboardsText.nothingLeftOut}</p>}
      <Notes title={dashboardsText.leftOut} of={leftOut} />
      <Notes title={dashboardsText.changed} of={changed} />
      <p>
        <button type="button" className="primary" onClick={onOpen}>
          {dashboardsText.openImported}
        </button>
      </p>
    </section>
  )
}

function Notes({ title, of }: Readonly<{ title: string; of: readonly ImportNote[] }>) {
  if (of.length === 0) return null
  return (
    <>
      <h3>{`${title} (${count(of.length)})`}</h3>
      <ul className="import-notes" tabIndex={0} aria-label={title}>
        {of.map(({ panel, reason }, at) => (
          <li key={at}>
            <b>{panel === '' ? dashboardsText.wholeDashboard : panel}</b> {reason}
          </li>
        ))}
      </ul>
    </>
  )
}
