import { useState } from 'react'
import { asApiError } from '../../api/problem.ts'
import { useMe } from '../../api/queries.ts'
import { counted } from '../../parts/format.ts'
import { fileName } from '../../parts/file-name.ts'
import { saveText } from '../../parts/save-file.ts'
import type { InsightSelection } from './requests.ts'
import { insightsText } from './text.ts'
import { readAll } from './queries.ts'
import { exportDocument } from './vex.ts'

/** Saves the analyses of all problems of a selection. */
export function ExportVex({ selection }: Readonly<{ selection: InsightSelection }>): React.ReactNode {
  const me = useMe()
  const [message, setMessage] = useState('')
  const [isBusy, setBusy] = useState(false)
  const save = async () => {
    setBusy(true)
    try {
      const document = exportDocument(await readAll('problems', selection), me.data?.name ?? 'weir')
      const name = fileName('weir', 'openvex', new Date().toISOString().slice(0, 10))
      saveText(`${JSON.stringify(document, null, 2)}\n`, `${name}.json`, 'application/json')
      setMessage(insightsText.exportedVex(counted(document.statements.length, 'statement')))
    } catch (error) {
      setMessage(asApiError(error).message)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <span className="dim" role="status">
        {message}
      </span>
      <button
        type="button"
        disabled={isBusy}
        title={insightsText.exportVexHint}
        onClick={() => {
          save().catch(reportError)
        }}
      >
        {insightsText.exportVex}
      </button>
    </>
  )
}
