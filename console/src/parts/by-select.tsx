import { generalText } from '../text/general.ts'

export function BySelect<By extends string>({
  by,
  groupings,
  onChange,
}: {
  by: string
  groupings: readonly By[]
  onChange: (by: By) => void
}): React.ReactNode {
  return (
    <label className="by">
      {generalText.by}{' '}
      <select value={by} onChange={(event) => onChange(event.target.value as By)}>
        {groupings.map((grouping) => (
          <option key={grouping} value={grouping}>
            {grouping}
          </option>
        ))}
      </select>
    </label>
  )
}
