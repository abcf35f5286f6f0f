import { LoadingText } from './read-progress.tsx'
import { RefreshButton } from './states.tsx'

type StatusLineProps = Readonly<{
  busy: boolean
  onRefresh: () => void
  /** Beside the button, at the end. */
  end: React.ReactNode
  children: React.ReactNode
}>

/** What a page shows, whether it is loading, and its actions. */
export function StatusLine({ busy, onRefresh, end, children }: StatusLineProps): React.ReactNode {
  return (
    <div className="page-line">
      {children}
      {busy && (
        <span className="dim asking">
          <LoadingText />
        </span>
      )}
      <div className="end">
        {end}
        <RefreshButton onClick={onRefresh} />
      </div>
    </div>
  )
}
