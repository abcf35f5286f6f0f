import { generalText } from '../../text/general.ts'

export function LiveLink({ state }: { state: string }): React.ReactNode {
  const isLive = state === 'live'
  return (
    <span className={`link ${isLive ? 'good' : 'warning'}`} role="status">
      {isLive ? generalText.liveInText : generalText.reconnecting}
    </span>
  )
}
