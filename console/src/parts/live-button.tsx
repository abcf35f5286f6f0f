import { isMoving, type Range } from '../state/range.ts'
import { generalText } from '../text/general.ts'

type LiveButtonProps = Readonly<{
  live: boolean
  t: Range
  hint: string
  onClick: () => void
}>

export function LiveButton({ live, t, hint, onClick }: LiveButtonProps): React.ReactNode {
  return (
    <button
      type="button"
      aria-pressed={live}
      disabled={!isMoving(t)}
      title={isMoving(t) ? hint : generalText.spanEnded}
      onClick={onClick}
    >
      <span aria-hidden="true">{live ? '● ' : '○ '}</span>
      {generalText.live}
    </button>
  )
}
