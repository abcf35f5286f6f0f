import { useProgress } from '../api/progress.ts'
import { count } from './format.ts'
import { generalText } from '../text/general.ts'
import { partsText } from '../text/parts.ts'

/** That the page is loading; after two seconds, how far. Screen readers announce it once. */
export function LoadingText({ text = generalText.loading }: { text?: string }): React.ReactNode {
  const progress = useProgress()
  if (progress === undefined) return text
  const { state, done, total, remainingMs } = progress
  const left = remainingMs === undefined ? '' : partsText.timeLeft(count(Math.max(1, Math.round(remainingMs / 1000))))
  const amounts = done === undefined || total === undefined ? '' : partsText.partOf(count(done), count(total))
  return (
    <>
      {text}
      <span className="progress number" aria-live="off">
        {' '}
        {state === 'waiting'
          ? partsText.waitingForQueries
          : amounts === ''
            ? partsText.reading(left)
            : state === 'verifying'
              ? partsText.verifyingFiles(amounts)
              : partsText.readingRows(amounts, left)}
      </span>
    </>
  )
}
