import { useId } from 'react'
import { LabelledSelect } from '../../../parts/labelled-select.tsx'
import { newVariable, variableTypes, type Variable } from '../../../parts/dashboards/definition.ts'
import { inList } from './suggest.ts'
import { dashboardsText, variableTypeNames } from '../text.ts'
import { CompletedInput } from './completed-input.tsx'
import { LateInput } from './late-input.tsx'

type VariableFieldsProps = Readonly<{
  variables: readonly Variable[]
  /** Values that a variable can have, by its name. */
  offered: Readonly<Record<string, readonly string[]>>
  edit: boolean
  onChange: (variables: readonly Variable[]) => void
}>

export function VariableFields({ variables, offered, edit, onChange }: VariableFieldsProps): React.ReactNode {
  const freeName = (): string => {
    for (let number = variables.length + 1; ; number++)
      if (!variables.some(({ name }) => name === `v${number}`)) return `v${number}`
  }
  return (
    <>
      {variables.map((variable, at) => (
        <span key={at} className="variable" title={dashboardsText.variableHint}>
          {edit && (
            <Definition
              variable={variable}
              onChange={(changed) => onChange(variables.with(at, changed))}
              onRemove={() => onChange(variables.toSpliced(at, 1))}
            />
          )}
          <ValueField
            label={edit ? dashboardsText.variableField : variable.name}
            variable={variable}
            offered={offered[variable.name] ?? []}
            onChange={(value) => onChange(variables.with(at, { ...variable, value }))}
          />
        </span>
      ))}
      {edit && (
        <button type="button" onClick={() => onChange([...variables, { ...newVariable, name: freeName() }])}>
          {dashboardsText.addVariable}
        </button>
      )}
    </>
  )
}

type DefinitionProps = Readonly<{
  variable: Variable
  onChange: (variable: Variable) => void
  onRemove: () => void
}>

function Definition({ variable, onChange, onRemove }: DefinitionProps) {
  return (
    <>
      <LateInput
        label={dashboardsText.variable}
        value={variable.name}
        pattern="[a-zA-Z]\w{0,39}"
        onChange={(name) => onChange({ ...variable, name })}
      />
      <LabelledSelect
        label={dashboardsText.variableType(variable.name)}
        value={variable.type}
        values={variableTypes}
        textOf={(type) => variableTypeNames[type]}
        onChange={(type) => onChange({ ...variable, type })}
      />
      <LateInput
        label={dashboardsText.variableQuery}
        value={variable.query}
        hint={dashboardsText.variableQueryHint}
        onChange={(query) => onChange({ ...variable, query })}
      />
      <button type="button" className="quiet" aria-label={dashboardsText.remove(variable.name)} onClick={onRemove}>
        ✕
      </button>
    </>
  )
}

type ValueFieldProps = Readonly<{
  label: string
  variable: Variable
  offered: readonly string[]
  onChange: (value: string) => void
}>

function ValueField({ label, variable, offered, onChange }: ValueFieldProps) {
  const id = useId()
  if (variable.type === 'list' && offered.length > 0)
    return (
      <CompletedInput
        label={label}
        value={variable.value}
        useSuggested={(text, caret) => inList(text, caret, offered)}
        onChange={(value) => onChange(value.trim().replace(/,$/, ''))}
      />
    )
  return (
    <>
      <LateInput label={label} value={variable.value} list={offered.length > 0 ? id : undefined} onChange={onChange} />
      {offered.length > 0 && (
        <datalist id={id}>
          {offered.map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      )}
    </>
  )
}
