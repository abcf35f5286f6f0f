import { generalText } from '../text/general.ts'
import { flowsText } from './flows/text.ts'
import { LoadingText } from './read-progress.tsx'
import { EmptyState } from './states.tsx'

export function Running({ onCancel }: { onCancel: () => void }): React.ReactNode {
  return (
    <span className="dim asking">
      <span role="status">
        <LoadingText />
      </span>{' '}
      <button type="button" className="quiet" onClick={onCancel}>
        {generalText.cancel}
      </button>
    </span>
  )
}

export function Cancelled({ onRun }: { onRun: () => void }): React.ReactNode {
  return (
    <EmptyState title={flowsText.queryCancelled} action={{ text: flowsText.runAgain, onClick: onRun }}>
      {flowsText.noResultYet}
    </EmptyState>
  )
}
