type LabelledSelectProps<Value extends string> = Readonly<{
  label: string
  /** `spoken`: for screen readers only, where the values explain themselves. */
  labelAs?: 'text' | 'spoken'
  value: Value
  values: readonly Value[]
  textOf: (value: Value) => string
  onChange: (value: Value) => void
  disabled?: boolean
  title?: string | undefined
}>

export function LabelledSelect<Value extends string>({
  label,
  labelAs = 'text',
  value,
  values,
  textOf,
  onChange,
  disabled,
  title,
}: LabelledSelectProps<Value>): React.ReactNode {
  return (
    <label className="control" title={title ?? (labelAs === 'spoken' ? label : undefined)}>
      <span className={labelAs === 'spoken' ? 'spoken' : undefined}>{label} </span>
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
