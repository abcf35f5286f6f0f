import { useState } from 'react'
import { useFields } from '../../../api/queries.ts'
import { panelScopes, panelUnits, stackings, type Panel } from '../../../parts/dashboards/definition.ts'
import { FilterBox } from '../../../parts/filter-box.tsx'
import { scopeParts } from '../../../parts/graph/scope.ts'
import { topologyText } from '../../../parts/graph/text.ts'
import { LabelledSelect } from '../../../parts/labelled-select.tsx'
import { measureNames } from '../../../parts/measure-names.ts'
import { measures } from '../../../parts/measures.ts'
import { auto } from '../../../state/auto.ts'
import { range, type Range } from '../../../state/range.ts'
import { kinds, ofKind } from '../../../app/panel-kinds.ts'
import type { FieldName } from '../../../parts/dashboards/kind.ts'
import { dashboardsText, selectNames, stackNames, unitNames, viewNames } from '../text.ts'
import { newPanel, panelKinds, type Variable } from '../../../parts/dashboards/definition.ts'
import { CompletedInput } from './completed-input.tsx'
import { LateInput } from './late-input.tsx'
import { Queries } from './queries.tsx'
import { readThresholds, thresholdText } from './thresholds.ts'
import { useGroups, useStatement, useValues } from './use-suggested.ts'

export type FieldsProps = Readonly<{
  panel: Panel
  variables: readonly Variable[]
  t: Range
  onChange: (panel: Panel) => void
}>

export function PanelFields({ panel, variables, t, onChange }: FieldsProps): React.ReactNode {
  const kind = kinds[panel.kind]
  const lists = variables.filter(({ type }) => type === 'list').map(({ name }) => name)
  return (
    <div className="panel-fields">
      <LabelledSelect
        label={dashboardsText.kind}
        value={panel.kind}
        values={panelKinds}
        textOf={(name) => kinds[name].title}
        onChange={(chosen) => onChange(ofKind(panel, chosen, newPanel))}
      />
      <LateInput label={dashboardsText.title} value={panel.title} onChange={(title) => onChange({ ...panel, title })} />
      {kind.fieldsOf(panel).map((name) => (
        <Field key={name} name={name} panel={panel} variables={variables} t={t} onChange={onChange} />
      ))}
      {Object.keys(kind.select ?? {}).map((name) => (
        <SelectField key={name} name={name} panel={panel} variables={variables} t={t} onChange={onChange} />
      ))}
      {panel.kind !== 'text' && <RangeField panel={panel} onChange={onChange} />}
      {(lists.length > 0 || panel.repeat !== '') && (
        <LabelledSelect
          label={dashboardsText.repeat}
          value={panel.repeat}
          values={[...new Set(['', ...lists, panel.repeat])]}
          textOf={(name) => (name === '' ? dashboardsText.noRepeat : name)}
          onChange={(repeat) => onChange({ ...panel, repeat })}
        />
      )}
    </div>
  )
}

type FieldProps = FieldsProps & Readonly<{ name: FieldName }>

function Field({ name, ...props }: FieldProps): React.ReactNode {
  const { panel, t, onChange } = props
  const set = (changed: Partial<Panel>) => onChange({ ...panel, ...changed })
  switch (name) {
    case 'view':
      return <ViewField {...props} />
    case 'filter':
      return <FilterField {...props} />
    case 'group':
      return (
        <CompletedInput
          label={dashboardsText.group}
          value={panel.group}
          useSuggested={(text, caret) => useGroups(panel, text, caret)}
          onChange={(group) => set({ group: group.replaceAll(/\s+/g, '').replace(/,$/, '') })}
        />
      )
    case 'by':
      return (
        <LabelledSelect
          label={dashboardsText.measure}
          value={panel.by}
          values={measures}
          textOf={(measure) => measureNames[measure]}
          onChange={(by) => set({ by })}
        />
      )
    case 'limit':
      return <LimitField {...props} />
    case 'scope':
      return (
        <LabelledSelect
          label={topologyText.nodesAre}
          value={panel.scope}
          values={panelScopes}
          textOf={(part) => (part === auto ? dashboardsText.automatic : scopeParts[part].title)}
          onChange={(scope) => set({ scope })}
        />
      )
    case 'sql':
      return (
        <CompletedInput
          label={dashboardsText.statement}
          value={panel.sql}
          useSuggested={useStatement}
          onChange={(sql) => set({ sql })}
        />
      )
    case 'queries':
      return <Queries panel={panel} t={t} onChange={onChange} />
    case 'text':
      return <MarkdownField {...props} />
    default:
      return <LookField name={name} {...props} />
  }
}

function LookField({ name, panel, onChange }: FieldProps): React.ReactNode {
  const set = (changed: Partial<Panel>) => onChange({ ...panel, ...changed })
  switch (name) {
    case 'unit':
      return (
        <LabelledSelect
          label={dashboardsText.unit}
          value={panel.unit}
          values={['', ...panelUnits]}
          textOf={(unit) => unitNames[unit]}
          onChange={(unit) => set({ unit })}
        />
      )
    case 'stack':
      return (
        <LabelledSelect
          label={dashboardsText.stack}
          value={panel.stack}
          values={stackings}
          textOf={(stack) => stackNames[stack]}
          onChange={(stack) => set({ stack })}
        />
      )
    case 'bounds':
      return (['min', 'max'] as const).map((bound) => (
        <LateInput
          key={bound}
          label={dashboardsText[bound]}
          value={panel[bound] === null ? '' : String(panel[bound])}
          onChange={(text) => {
            const number = text.trim() === '' ? null : Number(text)
            if (number === null || Number.isFinite(number)) set({ [bound]: number })
          }}
        />
      ))
    default:
      return <ThresholdField panel={panel} onChange={onChange} />
  }
}

type OwnProps = Pick<FieldsProps, 'panel' | 'onChange'>

function ViewField({ panel, onChange }: OwnProps) {
  const { views } = kinds[panel.kind]
  const [usual] = views
  if (usual === undefined) return null
  return (
    <LabelledSelect
      label={dashboardsText.view}
      value={panel.view === '' ? usual : panel.view}
      values={views}
      textOf={(view) => viewNames[view]}
      onChange={(view) => onChange({ ...panel, view: view === usual ? '' : view })}
    />
  )
}

function FilterField({ panel, t, onChange }: FieldsProps) {
  const { names, table } = kinds[panel.kind]
  const fields = useFields()
  // Insights have another filter, and variables are no part of the language before they have values.
  if (names === undefined || table === undefined || panel.filter.includes('$'))
    return (
      <LateInput
        label={dashboardsText.filter}
        value={panel.filter}
        onChange={(filter) => onChange({ ...panel, filter })}
      />
    )
  return (
    <div className="filter-field">
      <span aria-hidden="true">{dashboardsText.filter}</span>
      <FilterBox
        names={names}
        example=""
        fields={fields.data?.views[table] ?? []}
        filter={panel.filter}
        range={t}
        onChange={(filter) => onChange({ ...panel, filter })}
      />
    </div>
  )
}

function LimitField({ panel, onChange }: OwnProps) {
  const limit = String(panel.limit)
  return (
    <LabelledSelect
      label={dashboardsText.rows}
      value={limit}
      values={[...new Set(['5', '8', '10', '20', '50', '100', limit])]}
      textOf={(text) => text}
      onChange={(chosen) => onChange({ ...panel, limit: Number(chosen) })}
    />
  )
}

function SelectField({ name, panel, t, onChange }: FieldsProps & Readonly<{ name: string }>) {
  const value = panel.select[name] ?? ''
  const set = (chosen: string) => {
    const { [name]: _before, ...others } = panel.select
    onChange({ ...panel, select: chosen === '' ? others : { ...others, [name]: chosen } })
  }
  return (
    <CompletedInput
      label={kinds[panel.kind].selectLabel?.(name) ?? selectNames[name] ?? name}
      value={value}
      useSuggested={(text, caret) => useValues(panel, name, t, text, caret)}
      onChange={(text) => set(text.trim().replace(/,$/, ''))}
    />
  )
}

const ownRange = range({ from: 'now-1h', to: 'now' })

function RangeField({ panel, onChange }: OwnProps) {
  return (
    <LateInput
      label={dashboardsText.range}
      value={panel.range}
      hint={dashboardsText.rangeHint}
      onChange={(text) => {
        if (text.trim() === '' || ownRange.read(text.trim()) !== undefined) onChange({ ...panel, range: text.trim() })
      }}
    />
  )
}

function ThresholdField({ panel, onChange }: OwnProps) {
  const [isWrong, setWrong] = useState(false)
  return (
    <>
      <LateInput
        label={dashboardsText.thresholds}
        value={thresholdText(panel.thresholds)}
        hint={dashboardsText.thresholdsHint}
        onChange={(text) => {
          const thresholds = readThresholds(text)
          setWrong(thresholds === undefined)
          if (thresholds !== undefined) onChange({ ...panel, thresholds })
        }}
      />
      {isWrong && (
        <p role="alert" className="bad">
          {dashboardsText.wrongThreshold}
        </p>
      )}
    </>
  )
}

function MarkdownField({ panel, onChange }: OwnProps) {
  const [text, setText] = useState(panel.text)
  return (
    <label className="control markdown-field">
      {dashboardsText.text}{' '}
      <textarea
        rows={6}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={() => {
          if (text !== panel.text) onChange({ ...panel, text })
        }}
      />
    </label>
  )
}
