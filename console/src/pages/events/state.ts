import { codecOf } from '../../state/codec.ts'
import { frameParts, type Frame } from '../../state/frame.ts'
import { oneOf, text, textList } from '../../state/parts.ts'
import { range } from '../../state/range.ts'
import { allOf, conditionFor, conditionWithout } from '../../parts/filter-text.ts'
import { lists, type EventList } from '../../parts/events/lists.ts'

/** Points have their own page. */
const filters: Readonly<Record<EventList, string>> = {
  events: allOf([conditionWithout('family', 'log'), conditionWithout('family', 'point')]),
  logs: conditionFor('family', 'log'),
  all: '',
}

export interface EventsState extends Frame {
  readonly list: EventList
  readonly q: string
  /** Empty: those of the list. */
  readonly cols: readonly string[]
  readonly sort: string
  /** Field of the chart; empty: that of the list. */
  readonly by: string
  /** The list of fields; `auto`: on wide screens. */
  readonly fields: 'auto' | 'shown' | 'hidden'
  /** Open fields of the list. */
  readonly open: readonly string[]
  /** `pos` of the open event, and its time, by which it is found fast. */
  readonly sel: string
  readonly at: string
}

export const newestFirst = '-time'

export const eventsCodec = codecOf<EventsState>({
  ...frameParts,
  t: range({ from: 'now-1h', to: 'now' }),
  list: oneOf(lists, 'events'),
  q: text(),
  cols: textList(),
  sort: text(newestFirst),
  by: text(),
  fields: oneOf(['auto', 'shown', 'hidden'], 'auto'),
  open: textList(),
  sel: text(),
  at: text(),
})

export const filterOf = ({ list, q }: Pick<EventsState, 'list' | 'q'>): string => allOf([filters[list], q])
