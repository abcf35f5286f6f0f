import type { DeadLetter } from '../../../../src/api/published.ts'
import { count, time } from '../../parts/format.ts'
import type { GridColumn } from '../../parts/grid.tsx'
import { deadLettersText } from './text.ts'
import { generalText } from '../../text/general.ts'
import { keyOf } from './letters.ts'

/** @param toggle selects an open letter by the first column; undefined: the user may not move letters. */
export function columnsOf(
  letters: readonly DeadLetter[],
  chosen: ReadonlySet<string>,
  toggle: ((key: string) => void) | undefined,
): readonly GridColumn<DeadLetter>[] {
  const longest = letters.reduce((most, letter) => Math.max(most, timeOf(letter).length), 0)
  return [
    ...(toggle === undefined
      ? []
      : [
          {
            id: 'chosen',
            title: '',
            hint: deadLettersText.selected,
            width: 36,
            cell: (letter: DeadLetter) => (
              <input
                type="checkbox"
                tabIndex={-1}
                aria-label={deadLettersText.selectLetter(letter.id, letter.sink)}
                disabled={letter.state !== 'open'}
                checked={chosen.has(keyOf(letter))}
                onClick={(event) => event.stopPropagation()}
                onChange={() => toggle(keyOf(letter))}
              />
            ),
          },
        ]),
    {
      id: 'time',
      title: deadLettersText.rejected,
      width: longest > 12 ? 192 : 116,
      cell: (letter) => <span className="mono">{timeOf(letter)}</span>,
    },
    {
      id: 'reason',
      title: deadLettersText.reason,
      width: 240,
      grow: 4,
      cell: ({ reason }) => <span title={reason}>{reason}</span>,
    },
    { id: 'sink', title: deadLettersText.sink, width: 90, grow: 1, cell: ({ sink }) => sink },
    {
      id: 'attempts',
      title: deadLettersText.attempts,
      width: 80,
      end: true,
      cell: ({ attempts }) => count(attempts),
    },
    {
      id: 'state',
      title: deadLettersText.state,
      width: 90,
      cell: ({ state }) => (state === 'retrying' ? deadLettersText.retrying : deadLettersText.open),
    },
    {
      id: 'kind',
      title: generalText.kind,
      width: 64,
      cell: ({ kind }) => (kind === 'flows' ? deadLettersText.flow : deadLettersText.eventInText),
    },
    {
      id: 'id',
      title: deadLettersText.id,
      width: 150,
      grow: 1,
      cell: ({ id }) => <span className="mono dim">{id}</span>,
    },
  ]
}

const timeOf = ({ time: at }: DeadLetter) => time(new Date(at).toISOString())
