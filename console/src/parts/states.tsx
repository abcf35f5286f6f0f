/** Placeholders for missing data: empty, loading or failed. Each has a cause and one action. */
import { asRefused } from '../api/problem.ts'
import { partsText } from '../text/parts.ts'
import { generalText } from '../text/general.ts'

export function EmptyState({
  title,
  action,
  children,
}: {
  readonly title: string
  readonly action: React.ReactNode
  readonly children: React.ReactNode
}): React.ReactNode {
  return (
    <div className="state" data-state="empty">
      <h2>{title}</h2>
      <div>{children}</div>
      <p>{action}</p>
    </div>
  )
}

export function Loading({ what }: { readonly what: string }): React.ReactNode {
  return (
    <p className="state loading" role="status" data-state="loading">
      {partsText.loadingOf(what)}
    </p>
  )
}

export function ErrorState({
  error,
  onRetry,
}: {
  readonly error: unknown
  readonly onRetry: () => void
}): React.ReactNode {
  const refused = asRefused(error)
  const marks = [
    refused.code,
    refused.queryId === undefined ? partsText.noQueryId : generalText.queryId(refused.queryId),
  ].filter((mark) => mark !== '')
  return (
    <div className="state" role="alert" data-state="error">
      <h2 className="bad">{refused.message}</h2>
      {refused.hints.length > 0 && (
        <ul>
          {refused.hints.map((hint) => (
            <li key={hint}>{withCode(hint)}</li>
          ))}
        </ul>
      )}
      <p>
        <button type="button" onClick={onRetry}>
          {generalText.tryAgain}
        </button>
      </p>
      <p className="dim mono">{marks.join(' · ')}</p>
    </div>
  )
}

/** Text between backticks is code. */
function withCode(text: string): React.ReactNode {
  return text.split('`').map((part, index) => (index % 2 === 0 ? part : <code key={index}>{part}</code>))
}

export function ErrorNotice({
  error,
  onRetry,
  children,
}: {
  readonly error: unknown
  readonly onRetry: () => void
  readonly children?: React.ReactNode
}): React.ReactNode {
  const { message, queryId } = asRefused(error)
  return (
    <div className="notice bad" role="alert">
      <div>
        {message} {children}
        {queryId !== undefined && <span className="dim mono"> {generalText.queryId(queryId)}</span>}
      </div>
      <button type="button" onClick={onRetry}>
        {generalText.tryAgain}
      </button>
    </div>
  )
}

export function Notice({
  tone = 'warning',
  children,
  onClose,
}: {
  readonly tone?: 'warning' | 'bad' | 'plain'
  readonly children: React.ReactNode
  readonly onClose?: () => void
}): React.ReactNode {
  return (
    <div className={`notice ${tone}`} role="status">
      <div>{children}</div>
      {onClose !== undefined && (
        <button type="button" className="quiet" onClick={onClose} aria-label={generalText.close}>
          ✕
        </button>
      )}
    </div>
  )
}
