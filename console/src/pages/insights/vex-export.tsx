import { useMe } from '../../api/queries.ts'
import { counted } from '../../parts/format.ts'
import { fileName } from '../../parts/file-name.ts'
import { saveText } from '../../parts/save-file.ts'
import { useSaving } from '../../parts/use-saving.tsx'
import type { InsightSelection } from './requests.ts'
import { insightsText } from './text.ts'
import { readAll } from './queries.ts'
import { exportDocument } from './vex.ts'

/** Saves the analyses of all problems of a selection. */
export function ExportVex({ selection }: Readonly<{ selection: InsightSelection }>): React.ReactNode {
  const me = useMe()
  const { busy, status, save } = useSaving()
  const write = async () => {
    const document = exportDocument(await readAll('problems', selection), me.data?.name ?? 'weir')
    const name = fileName('weir', 'openvex', new Date().toISOString().slice(0, 10))
    saveText(`${JSON.stringify(document, null, 2)}\n`, `${name}.json`, 'application/json')
    return insightsText.exportedVex(counted(document.statements.length, 'statement'))
  }
  return (
    <>
      <button type="button" disabled={busy} title={insightsText.exportVexHint} onClick={() => save(write)}>
        {insightsText.exportVex}
      </button>
      {status}
    </>
  )
}
