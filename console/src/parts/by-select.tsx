import { generalText } from '../text/general.ts'

export function BySelect<By extends string>({
  by,
  groupings,
  textOf = (grouping) => grouping,
  onChange,
}: {
  by: string
  groupings: readonly By[]
  textOf?: (grouping: By) => string
  onChange: (by: By) => void
}): React.ReactNode {
  return (
    <label className="by">
      {generalText.by}{' '}
      <select value={by} onChange={(event) => onChange(event.target.value as By)}>
        {groupings.map((grouping) => (
          <option key={grouping} value={grouping}>
            {textOf(grouping)}
          </option>
        ))}
      </select>
    </label>
  )
}
