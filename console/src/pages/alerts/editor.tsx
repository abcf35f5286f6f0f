import { useEffect, useMemo, useState } from 'react'
import { alertPath, useAlertActs } from '../../api/alerts.ts'
import { request } from '../../api/client.ts'
import { Drawer } from '../../parts/drawer.tsx'
import { Notice } from '../../parts/states.tsx'
import { alertRulesText } from '../../text/alert-rules.ts'
import { generalText } from '../../text/general.ts'
import type { Common } from './common-alerts.ts'
import { severities, settingsOf, type Form } from './form.ts'
import { PreviewOfDay } from './preview.tsx'
import { views } from './state.ts'

type EditorProps = Readonly<{
  title: string
  usual: Form
  /** The version that is replaced; undefined: a new rule. */
  before?: string | undefined
  /** Offered above the form. */
  common?: readonly Common[]
  onSaved: (name: string) => void
  onClose: () => void
}>

const pauseMs = 400
const measures = [
  'bytes/s',
  'bytes',
  'packets/s',
  'flows/s',
  'sum(drop_packets)/s',
  'sum(drop_bytes)/s',
  'p95(rtt)',
  'p95(dns_latency)',
]
const viewWords = {
  flows: alertRulesText.flowsOption,
  changes: alertRulesText.changesOption,
  audit: alertRulesText.auditOption,
  events: alertRulesText.eventsOption,
} as const

export function Editor({ title, usual, before, common = [], onSaved, onClose }: EditorProps): React.ReactNode {
  const [form, setForm] = useState(usual)
  const [previewed, setPreviewed] = useState(form)
  const { busy, refused, act, forget } = useAlertActs()
  useEffect(() => {
    const timer = setTimeout(() => setPreviewed(form), pauseMs)
    return () => clearTimeout(timer)
  }, [form])
  const settings = useMemo(() => settingsOf(previewed), [previewed])
  const put = (change: Partial<Form>) => setForm((now) => ({ ...now, ...change }))
  const isStatement = usual.sql !== ''
  const save = async () => {
    const name = form.name.trim()
    const body = { settings: settingsOf(form), ...(before === undefined ? {} : { before }) }
    if (await act(() => request(alertPath(name), { method: 'PUT', body }))) onSaved(name)
  }
  return (
    <Drawer of={title} name={title} title={title} onClose={onClose}>
      {common.length > 0 && (
        <div className="quick" role="group" aria-label={alertRulesText.common}>
          {common.map(({ title: name, hint, form: filled }) => (
            <button
              key={name}
              type="button"
              className="chip"
              title={hint}
              aria-pressed={form.name === filled.name}
              onClick={() => setForm(filled)}
            >
              {name}
            </button>
          ))}
        </div>
      )}
      <form
        className="alert-form"
        aria-label={title}
        onSubmit={(event) => {
          event.preventDefault()
          save().catch(reportError)
        }}
      >
        <RuleFields form={form} isNew={before === undefined} put={put} />
        <p className="acts wide">
          <button type="submit" className="primary" disabled={busy}>
            {before === undefined ? alertRulesText.create : alertRulesText.save}
          </button>
          <button type="button" onClick={onClose}>
            {generalText.cancel}
          </button>
        </p>
      </form>
      {refused !== undefined && (
        <Notice tone="bad" onClose={forget}>
          {refused.message} {refused.hints.join(' ')}
        </Notice>
      )}
      {!isStatement && <PreviewOfDay settings={settings} onCondition={(condition) => put({ condition })} />}
    </Drawer>
  )
}

type RuleFieldsProps = Readonly<{ form: Form; isNew: boolean; put: (change: Partial<Form>) => void }>

function RuleFields({ form, isNew, put }: RuleFieldsProps) {
  const isStatement = form.sql !== ''
  const shared = { form, isRequired: !isStatement, put }
  return (
    <>
      <label className="wide">
        {generalText.name}
        <input
          value={form.name}
          required
          pattern="[a-zA-Z0-9][\w.\-]{0,99}"
          title={alertRulesText.nameHint}
          spellCheck={false}
          readOnly={!isNew}
          onChange={(event) => put({ name: event.target.value })}
        />
      </label>
      {isStatement ? (
        <label className="wide">
          {alertRulesText.statement}
          <textarea
            className="mono"
            rows={6}
            spellCheck={false}
            value={form.sql}
            onChange={(event) => put({ sql: event.target.value })}
          />
        </label>
      ) : (
        <Field of="filter" hint={alertRulesText.filterHint} {...shared} />
      )}
      {!isStatement && <Field of="measure" list="alert-measures" {...shared} />}
      <Field of="condition" hint={alertRulesText.conditionHint} {...shared} />
      {!isStatement && <Field of="by" hint={alertRulesText.byHint} {...shared} />}
      {!isStatement && <Field of="window" {...shared} />}
      <Field of="for" {...shared} />
      <label>
        {alertRulesText.severity}
        <select value={form.severity} onChange={(event) => put({ severity: event.target.value })}>
          {severities.map((severity) => (
            <option key={severity}>{severity}</option>
          ))}
        </select>
      </label>
      {!isStatement && (
        <label>
          {alertRulesText.on}
          <select
            value={form.on}
            onChange={({ target }) => put({ on: views.find((view) => view === target.value) ?? 'flows' })}
          >
            {views.map((view) => (
              <option key={view} value={view}>
                {viewWords[view]}
              </option>
            ))}
          </select>
        </label>
      )}
      <Field of="summary" hint={alertRulesText.summaryHint} {...shared} />
      <datalist id="alert-measures">
        {measures.map((measure) => (
          <option key={measure} value={measure} />
        ))}
      </datalist>
    </>
  )
}

type FieldProps = Readonly<{
  of: 'filter' | 'measure' | 'by' | 'condition' | 'window' | 'for' | 'summary'
  hint?: string
  list?: string
  form: Form
  /** Of the condition; the other fields have defaults. */
  isRequired: boolean
  put: (change: Partial<Form>) => void
}>

function Field({ of: name, hint = '', list, form, isRequired, put }: FieldProps) {
  return (
    <label className={name === 'filter' || name === 'summary' ? 'wide' : ''}>
      {alertRulesText[name]}
      <input
        className={name === 'summary' ? '' : 'mono'}
        value={form[name]}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        autoFocus={name === 'condition'}
        required={name === 'condition' && isRequired}
        placeholder={hint}
        list={list}
        onChange={(event) => put({ [name]: event.target.value })}
      />
    </label>
  )
}
