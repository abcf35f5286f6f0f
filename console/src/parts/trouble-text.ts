import type { Trouble } from '../api/pipeline-health.ts'
import { statusText } from '../text/status.ts'
import { count, counted, duration } from './format.ts'

export function troubleText({ is, name, amount, error }: Trouble): string {
  switch (is) {
    case 'unbalanced':
      return statusText.unbalanced
    case 'unreadable':
      return statusText.unreadable(name, counted(amount, 'row'))
    case 'sink':
      return statusText.sinkDeliversNothing(name, error ?? statusText.pending(counted(amount, 'row')))
    case 'source':
      return statusText.sourceFails(name, error ?? '')
    case 'letters':
      return statusText.deadLetters(name, amount === 1 ? statusText.oneDeadLetter : statusText.letters(count(amount)))
    case 'behind':
      return statusText.sinkIsBehind(name, duration(amount))
    case 'silent':
      return statusText.sourceIsSilent(name, duration(amount))
  }
}

export function troublePage({ is }: Trouble): string {
  return is === 'letters' ? '/dead-letters' : '/pipeline'
}
