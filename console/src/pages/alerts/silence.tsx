import { useState } from 'react'
import type { Rule } from '../../api/alerts.ts'
import { alertRulesText } from '../../text/alert-rules.ts'
import { generalText } from '../../text/general.ts'
import { shownLabels } from '../../parts/alerts/words.ts'

const choices = [
  [1, alertRulesText.oneHour],
  [4, alertRulesText.fourHours],
  [24, alertRulesText.oneDay],
  [72, alertRulesText.threeDays],
  [168, alertRulesText.sevenDays],
] as const
const all = 'all'

type SilenceFormProps = Readonly<{
  alerts: Rule['alerts']
  busy: boolean
  onSilence: (body: Readonly<{ until: string; reason: string; labels: Readonly<Record<string, string>> }>) => void
  onCancel: () => void
}>

export function SilenceForm({ alerts, busy, onSilence, onCancel }: SilenceFormProps): React.ReactNode {
  const [lasts, setLasts] = useState(1)
  const [reason, setReason] = useState('')
  const [which, setWhich] = useState(all)
  const labelled = alerts.filter(({ labels }) => shownLabels(labels) !== '')
  return (
    <form
      className="alert-form"
      aria-label={alertRulesText.silence}
      onSubmit={(event) => {
        event.preventDefault()
        const labels = which === all ? {} : (labelled[Number(which)]?.labels ?? {})
        onSilence({ until: `now+${lasts}h`, reason: reason.trim(), labels })
      }}
    >
      <p className="dim wide">{alertRulesText.silenceHint}</p>
      <label>
        {alertRulesText.reason}
        <input required maxLength={500} autoFocus value={reason} onChange={(event) => setReason(event.target.value)} />
      </label>
      <label>
        {alertRulesText.silenceFor}
        <select value={lasts} onChange={(event) => setLasts(Number(event.target.value))}>
          {choices.map(([hour, words]) => (
            <option key={hour} value={hour}>
              {words}
            </option>
          ))}
        </select>
      </label>
      {labelled.length > 0 && (
        <label>
          {alertRulesText.silenceWhat}
          <select value={which} onChange={(event) => setWhich(event.target.value)}>
            <option value={all}>{alertRulesText.silenceAll}</option>
            {labelled.map(({ labels }, index) => (
              <option key={JSON.stringify(labels)} value={index}>
                {shownLabels(labels)}
              </option>
            ))}
          </select>
        </label>
      )}
      <p className="acts wide">
        <button type="submit" className="primary" disabled={busy || reason.trim() === ''}>
          {alertRulesText.silence}
        </button>
        <button type="button" onClick={onCancel}>
          {generalText.cancel}
        </button>
      </p>
    </form>
  )
}
