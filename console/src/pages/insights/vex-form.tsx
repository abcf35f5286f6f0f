import { useState } from 'react'
import { request } from '../../api/client.ts'
import { useMe } from '../../api/queries.ts'
import { useActs } from '../../api/use-acts.ts'
import { counted } from '../../parts/format.ts'
import { LabelledSelect } from '../../parts/labelled-select.tsx'
import type { ProblemRow } from './requests.ts'
import { insightsText, vexReasonNames, vexStatusNames } from './text.ts'
import { analysisDocument, vexReasons, vexStatuses, type Analysis } from './vex.ts'

/** Records an analysis of a problem for the images of these findings. */
export function VexForm({ rows }: Readonly<{ rows: readonly ProblemRow[] }>): React.ReactNode {
  const me = useMe()
  const { busy, refused, act } = useActs('insights')
  const [analysis, setAnalysis] = useState<Analysis>({ status: 'not_affected', reason: vexReasons[0], note: '' })
  const [message, setMessage] = useState('')
  const images = [...new Map(rows.map((row) => [row.image, row])).values()]
  const number = counted(images.length, 'image')
  if (me.data?.role !== 'admin') return null
  const { name } = me.data
  const change = (some: Partial<Analysis>) => {
    setMessage('')
    setAnalysis({ ...analysis, ...some })
  }
  const record = async () => {
    const all = async () => {
      for (const row of images)
        await request(`/api/v1/images/${row.image}/sbom`, {
          method: 'PUT',
          body: analysisDocument(row, analysis, name),
        })
    }
    if (await act(all)) setMessage(insightsText.analysed(number))
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        record().catch(reportError)
      }}
    >
      <h3>{insightsText.analysis}</h3>
      <div className="acts">
        <LabelledSelect
          label={insightsText.status}
          value={analysis.status}
          values={vexStatuses}
          textOf={(status) => vexStatusNames[status]}
          onChange={(status) => change({ status })}
        />
        {analysis.status === 'not_affected' && (
          <LabelledSelect
            label={insightsText.reason}
            value={analysis.reason}
            values={vexReasons}
            textOf={(reason) => vexReasonNames[reason]}
            onChange={(reason) => change({ reason })}
          />
        )}
        <label className="control">
          {insightsText.note}{' '}
          <input
            type="text"
            maxLength={500}
            value={analysis.note}
            onChange={(event) => change({ note: event.target.value })}
          />
        </label>
        <button type="submit" disabled={busy}>
          {insightsText.analyseAll(number)}
        </button>
      </div>
      <p role="status" className="dim">
        {message}
      </p>
      {refused !== undefined && (
        <p role="alert" className="bad">
          {refused.message}
        </p>
      )}
    </form>
  )
}
