import { openAdding, type AddedPanel } from './adding.ts'
import { boardsText } from './text.ts'

/** `mark`: as a sign, where a chart has no room. */
export function AddToDashboard({
  of,
  as = 'text',
  onDone,
}: Readonly<{ of: AddedPanel; as?: 'text' | 'mark'; onDone?: () => void }>): React.ReactNode {
  return (
    <button
      type="button"
      className={as === 'mark' ? 'quiet' : undefined}
      title={boardsText.addHint}
      onClick={() => {
        onDone?.()
        openAdding(of)
      }}
    >
      {as === 'mark' ? (
        <>
          <span aria-hidden="true">⊞</span>
          <span className="spoken">{`${boardsText.add}: ${of.panel.title}`}</span>
        </>
      ) : (
        boardsText.add
      )}
    </button>
  )
}
