import { count } from '../../parts/format.ts'
import { deadLettersText } from './text.ts'

type SinkSelectProps = Readonly<{
  counts: readonly Readonly<{ name: string; rows: number }>[]
  sink: string
  onChange: (sink: string) => void
}>

export function SinkSelect({ counts, sink, onChange }: SinkSelectProps): React.ReactNode {
  const isListed = sink === '' || counts.some(({ name }) => name === sink)
  return (
    <label className="of-sink">
      {deadLettersText.sink}{' '}
      <select value={sink} onChange={(event) => onChange(event.target.value)}>
        <option value="">{deadLettersText.all}</option>
        {[...counts, ...(isListed ? [] : [{ name: sink, rows: 0 }])].map(({ name, rows }) => (
          <option key={name} value={name}>
            {name} ({count(rows)})
          </option>
        ))}
      </select>
    </label>
  )
}
