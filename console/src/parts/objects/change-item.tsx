import type { Change } from '../../api/objects.ts'
import { generalText } from '../../text/general.ts'
import { shortTime } from '../format.ts'
import { Operation } from './change.tsx'

type ChangeItemProps = Readonly<{
  change: Change
  selected: string
  onOpen: (change: Change) => void
  children: React.ReactNode
}>

export function ChangeItem({ change, selected, onOpen, children }: ChangeItemProps): React.ReactNode {
  const { pos, time, operation } = change
  return (
    <li className={pos === selected ? 'chosen' : undefined}>
      <button
        type="button"
        className="link-like"
        onClick={() => onOpen(change)}
        aria-label={generalText.beforeAndAfter(operation ?? generalText.change, shortTime(time))}
      >
        <span className="mono" title={time}>
          {shortTime(time)}
        </span>
      </button>
      <Operation of={operation} />
      {children}
    </li>
  )
}
