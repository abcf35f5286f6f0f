import { asApiError, hintText } from '../api/problem.ts'
import { LoadingText } from './read-progress.tsx'
import { partsText } from '../text/parts.ts'
import { generalText } from '../text/general.ts'
import { PageLink } from '../app/page-link.tsx'

type Action = Readonly<{
  text: string
  to?: string
  onClick?: () => void
}>

export function EmptyState({
  title,
  action,
  children,
}: {
  title: string
  action: Action | React.ReactElement | undefined
  children: React.ReactNode
}): React.ReactNode {
  return (
    <div className="state" data-state="empty">
      <h2>{title}</h2>
      <div>{children}</div>
      <p>{action !== undefined && 'text' in action ? <ActionButton {...action} /> : action}</p>
    </div>
  )
}

function ActionButton({ text, to, onClick }: Action) {
  if (to === undefined)
    return (
      <button type="button" onClick={onClick}>
        {text}
      </button>
    )
  return (
    <PageLink to={to} className="button">
      {text}
    </PageLink>
  )
}

export function NoStore({ title }: { title: string }): React.ReactNode {
  return (
    <EmptyState title={title} action={{ text: generalText.seeEvents, to: '/events' }}>
      {generalText.noStoreFixed}
    </EmptyState>
  )
}

/** Reserves the height of a chart. The table below announces the state. */
export function LoadingChart(): React.ReactNode {
  return (
    <div className="panel volume" aria-hidden="true">
      <p className="dim pad">{partsText.loadingOf(partsText.theChart)}</p>
    </div>
  )
}

export function Loading({ what }: { what: string }): React.ReactNode {
  return (
    <p className="state loading" role="status" data-state="loading">
      <LoadingText text={partsText.loadingOf(what)} />
    </p>
  )
}

export function ErrorState({ error, onRetry }: { error: unknown; onRetry: () => void }): React.ReactNode {
  const refused = asApiError(error)
  const marks = [
    refused.code,
    refused.queryId === undefined ? partsText.noQueryId : generalText.queryId(refused.queryId),
  ].filter((mark) => mark !== '')
  const hints = refused.hints.map((hint) => hintText(hint, refused.message)).filter((hint) => hint !== '')
  return (
    <div className="state" role="alert" data-state="error">
      <h2 className="bad">{refused.message}</h2>
      {hints.length > 0 && (
        <ul>
          {hints.map((hint) => (
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

type Query = Readonly<{
  isError: boolean
  error: unknown
  refetch: () => Promise<unknown>
}>

export function Pending({ of, what, notFound }: { of: Query; what: string; notFound?: string }): React.ReactNode {
  if (!of.isError) return <Loading what={what} />
  if (notFound !== undefined && asApiError(of.error).status === 404) return <p className="pad dim">{notFound}</p>
  return <QueryError of={of} />
}

export function QueryError({ of }: { of: Query }): React.ReactNode {
  return <ErrorState error={of.error} onRetry={() => void of.refetch().catch(reportError)} />
}

function withCode(text: string) {
  return text.split('`').map((part, index) => (index % 2 === 0 ? part : <code key={index}>{part}</code>))
}

export function ErrorNotice({
  error,
  onRetry,
  children,
}: {
  error: unknown
  onRetry: () => void
  children?: React.ReactNode
}): React.ReactNode {
  const { message, queryId } = asApiError(error)
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

export function StaleNotice(props: Readonly<{ error: unknown; onRetry: () => void }>): React.ReactNode {
  return <ErrorNotice {...props}>{generalText.showingPrevious}</ErrorNotice>
}

export function UnreadNotice({ unread, onClose }: { unread: readonly string[]; onClose: () => void }): React.ReactNode {
  if (unread.length === 0) return null
  return (
    <Notice onClose={onClose}>
      {unread.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
    </Notice>
  )
}

export function RefreshButton({ onClick }: { onClick: () => void }): React.ReactNode {
  return (
    <button
      type="button"
      className="sign"
      aria-label={generalText.refresh}
      title={generalText.refresh}
      onClick={onClick}
    >
      <span aria-hidden="true">↻</span>
    </button>
  )
}

export function Notice({
  tone = 'warning',
  children,
  onClose,
}: {
  tone?: 'warning' | 'bad' | 'plain'
  children: React.ReactNode
  onClose?: () => void
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

/** For a page without an answer: the store or a permission is missing, or the request failed. */
export function NoAnswer({
  error,
  needsStore,
  onRetry,
}: Readonly<{ error: unknown; needsStore: string; onRetry: () => void }>): React.ReactNode {
  const { code, status, message } = asApiError(error)
  if (code === 'WEIR_API_NO_STORE') return <NoStore title={needsStore} />
  if (status === 403)
    return (
      <EmptyState title={partsText.forbidden} action={{ text: generalText.goToFlows, to: '/flows' }}>
        {message}
      </EmptyState>
    )
  return <ErrorState error={error} onRetry={onRetry} />
}
