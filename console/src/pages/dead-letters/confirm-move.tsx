import type { DeadLetterReason } from '../../../../src/api/published.ts'
import { Confirm } from '../../parts/confirm.tsx'
import { count, counted } from '../../parts/format.ts'
import { bySink, type Verb } from './letters.ts'
import { deadLettersText } from './text.ts'

/** `group`: all its letters; then `keys` are the shown ones. */
export type Confirmation = Readonly<{
  verb: Verb
  keys: readonly string[]
  group?: DeadLetterReason
}>

type ConfirmMoveProps = Readonly<{ of: Confirmation; onNo: () => void; onYes: () => void }>

export function ConfirmMove({ of: { verb, keys, group }, onNo, onYes }: ConfirmMoveProps): React.ReactNode {
  const letters = counted(group?.open ?? keys.length, 'letter')
  return (
    <Confirm
      title={verb === 'retry' ? deadLettersText.confirmRetry(letters) : deadLettersText.confirmDrop(letters)}
      act={verb === 'retry' ? deadLettersText.retry : deadLettersText.drop}
      final={verb === 'drop'}
      onNo={onNo}
      onYes={onYes}
    >
      <p className="confirm-what">
        {group === undefined
          ? [...bySink(keys)].map(([sink, ids]) => `${sink}: ${count(ids.length)}`).join(', ')
          : deadLettersText.allOfReason(group.sink, group.reason)}
      </p>
      <p>{verb === 'retry' ? deadLettersText.retryConsequence : deadLettersText.dropConsequence}</p>
    </Confirm>
  )
}
