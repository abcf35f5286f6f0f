interface LabelledSelectProps<Value extends string> {
  readonly label: string
  readonly value: Value
  readonly values: readonly Value[]
  readonly textOf: (value: Value) => string
  readonly onChange: (value: Value) => void
  readonly disabled?: boolean
  readonly title?: string | undefined
}

export function LabelledSelect<Value extends string>({
  label,
  value,
  values,
  textOf,
  onChange,
  disabled,
  title,
}: LabelledSelectProps<Value>): React.ReactNode {
  return (
    <label className="control" title={title}>
      {label}{' '}
      <select value={value} disabled={disabled} onChange={(event) => onChange(event.target.value as Value)}>
        {values.map((each) => (
          <option key={each} value={each}>
            {textOf(each)}
          </option>
        ))}
      </select>
    </label>
  )
}
