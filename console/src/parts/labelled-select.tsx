type LabelledSelectProps<Value extends string> = Readonly<{
  label: string
  value: Value
  values: readonly Value[]
  textOf: (value: Value) => string
  onChange: (value: Value) => void
  disabled?: boolean
  title?: string | undefined
}>

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
        {values.map((value) => (
          <option key={value} value={value}>
            {textOf(value)}
          </option>
        ))}
      </select>
    </label>
  )
}
