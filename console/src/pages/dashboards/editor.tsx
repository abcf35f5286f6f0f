import { useEffect, useState } from 'react'
import { LabelledSelect } from '../../parts/labelled-select.tsx'
import { topologyText } from '../../parts/graph/text.ts'
import { dashboardsText, panelNames, variableTypeNames } from './text.ts'
import { scopeParts } from '../../parts/graph/scope.ts'
import { auto } from '../../state/auto.ts'
import {
  columnsOfGrid,
  measures,
  panelKinds,
  panelScopes,
  variableTypes,
  type Panel,
  type Variable,
} from './definition.ts'

type PanelActsProps = Readonly<{
  name: string
  width: number
  onMove: (by: number) => void
  onWidth: (width: number) => void
  onRemove: () => void
}>

/** Buttons instead of dragging, for the keyboard as well. */
export function PanelActs({ name, width, onMove, onWidth, onRemove }: PanelActsProps): React.ReactNode {
  const act = (mark: string, label: string, run: () => void, disabled = false): React.ReactNode => (
    <button type="button" className="quiet" title={label} aria-label={label} disabled={disabled} onClick={run}>
      <span aria-hidden="true">{mark}</span>
    </button>
  )
  return (
    <span className="panel-acts">
      {act('←', dashboardsText.earlier(name), () => onMove(-1))}
      {act('→', dashboardsText.later(name), () => onMove(1))}
      {act('−', dashboardsText.narrower(name), () => onWidth(width - 1), width === 1)}
      {act('+', dashboardsText.wider(name), () => onWidth(width + 1), width === columnsOfGrid)}
      {act('✕', dashboardsText.remove(name), onRemove)}
    </span>
  )
}

export function PanelFields({ panel, onChange }: Readonly<{ panel: Panel; onChange: (panel: Panel) => void }>) {
  const { kind, by, limit } = panel
  const field = (label: string, name: 'title' | 'filter' | 'group' | 'sql'): React.ReactNode => (
    <LateInput label={label} value={panel[name]} onChange={(value) => onChange({ ...panel, [name]: value })} />
  )
  return (
    <div className="panel-fields">
      <LabelledSelect
        label={dashboardsText.kind}
        value={kind}
        values={panelKinds}
        textOf={(kind) => panelNames[kind]}
        onChange={(chosen) => onChange({ ...panel, kind: chosen })}
      />
      {field(dashboardsText.title, 'title')}
      {kind === 'sql' ? field(dashboardsText.statement, 'sql') : field(dashboardsText.filter, 'filter')}
      {(kind === 'series' || kind === 'top') && field(dashboardsText.group, 'group')}
      {kind !== 'sql' && kind !== 'table' && (
        <LabelledSelect
          label={dashboardsText.measure}
          value={by}
          values={measures}
          textOf={(text) => text}
          onChange={(chosen) => onChange({ ...panel, by: chosen })}
        />
      )}
      {kind === 'topology' && (
        <LabelledSelect
          label={topologyText.nodesAre}
          value={panel.scope}
          values={panelScopes}
          textOf={(part) => (part === auto ? dashboardsText.automatic : scopeParts[part].title)}
          onChange={(scope) => onChange({ ...panel, scope })}
        />
      )}
      {kind !== 'stat' && kind !== 'topology' && (
        <LabelledSelect
          label={dashboardsText.rows}
          value={String(limit)}
          values={[...new Set(['5', '10', '20', '50', '100', String(limit)])]}
          textOf={(text) => text}
          onChange={(chosen) => onChange({ ...panel, limit: Number(chosen) })}
        />
      )}
    </div>
  )
}

type VariableFieldsProps = Readonly<{
  variables: readonly Variable[]
  edit: boolean
  onChange: (variables: readonly Variable[]) => void
}>

export function VariableFields({ variables, edit, onChange }: VariableFieldsProps): React.ReactNode {
  const freeName = (): string => {
    for (let number = variables.length + 1; ; number++)
      if (!variables.some(({ name }) => name === `v${number}`)) return `v${number}`
  }
  return (
    <>
      {variables.map((variable, at) => (
        <span key={at} className="variable" title={dashboardsText.variableHint}>
          {edit && (
            <LateInput
              label={dashboardsText.variable}
              value={variable.name}
              pattern="[a-zA-Z]\w{0,39}"
              onChange={(name) => onChange(variables.with(at, { ...variable, name }))}
            />
          )}
          {edit && (
            <LabelledSelect
              label={dashboardsText.variableType(variable.name)}
              value={variable.type}
              values={variableTypes}
              textOf={(type) => variableTypeNames[type]}
              onChange={(type) => onChange(variables.with(at, { ...variable, type }))}
            />
          )}
          <LateInput
            label={edit ? dashboardsText.variableField : variable.name}
            value={variable.value}
            onChange={(value) => onChange(variables.with(at, { ...variable, value }))}
          />
          {edit && (
            <button
              type="button"
              className="quiet"
              aria-label={dashboardsText.remove(variable.name)}
              onClick={() => onChange(variables.toSpliced(at, 1))}
            >
              ✕
            </button>
          )}
        </span>
      ))}
      {edit && (
        <button type="button" onClick={() => onChange([...variables, { name: freeName(), value: '', type: 'string' }])}>
          {dashboardsText.addVariable}
        </button>
      )}
    </>
  )
}

type LateInputProps = Readonly<{
  label: string
  value: string
  pattern?: string
  onChange: (value: string) => void
}>

/** Applies a text on Enter or when the focus leaves, so that no query runs for half of a filter. */
function LateInput({ label, value, pattern, onChange }: LateInputProps) {
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  const apply = (input: HTMLInputElement) => {
    if (input.value !== value && input.reportValidity()) onChange(input.value)
  }
  return (
    <label className="control">
      {label}{' '}
      <input
        value={text}
        required={pattern !== undefined}
        {...(pattern === undefined ? {} : { pattern })}
        onChange={(event) => setText(event.target.value)}
        onBlur={(event) => apply(event.target)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') apply(event.currentTarget)
        }}
      />
    </label>
  )
}
