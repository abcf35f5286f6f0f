import { useRef } from 'react'
import { useLocalKeys } from '../state/keys.ts'
import { filterText } from '../text/filter.ts'
import { conditionText } from './condition-text.ts'
import { conditionsOf, inverted, replaced, without, type Condition } from './filter-chips.ts'
import { partsOf } from './filter-paint.tsx'

type ConditionsProps = Readonly<{
  filter: string
  onChange: (filter: string) => void
  onEdit: (condition: Condition) => void
  onAdd: () => void
}>

/** The filter as chips. Each chip handles keys; the buttons of a chip are for the pointer only. */
export default function FilterConditions({ filter, onChange, onEdit, onAdd }: ConditionsProps): React.ReactNode {
  const list = useRef<HTMLDivElement>(null)
  const conditions = conditionsOf(filter)
  const chips = () => [...(list.current?.querySelectorAll<HTMLElement>('.condition-text') ?? [])]
  const current = () => chips().findIndex((chip) => chip === document.activeElement)
  const focus = (at: number) => {
    const chipList = chips()
    chipList[Math.max(0, Math.min(chipList.length - 1, at))]?.focus()
  }
  const onCurrent = (act: (condition: Condition, at: number) => void) => () => {
    const at = current()
    const condition = conditions[at]
    if (condition !== undefined) act(condition, at)
    return condition !== undefined
  }
  const invert = (condition: Condition) => onChange(replaced(filter, condition, inverted(condition.text)))
  const remove = (condition: Condition) => onChange(without(filter, condition))
  const onKeyDown = useLocalKeys(filterText.inAChip, [
    { keys: ['Enter'], does: filterText.editCondition, run: onCurrent(onEdit) },
    { keys: ['!'], does: filterText.invertCondition, run: onCurrent(invert) },
    {
      keys: ['Delete', 'Backspace'],
      does: filterText.removeCondition,
      run: onCurrent((condition, at) => {
        remove(condition)
        requestAnimationFrame(() => {
          if (conditions.length > 1) focus(Math.min(at, conditions.length - 2))
          else onAdd()
        })
      }),
    },
    { keys: ['ArrowRight'], does: filterText.nextCondition, run: onCurrent((_, at) => focus(at + 1)) },
    { keys: ['ArrowLeft'], does: filterText.previousCondition, run: onCurrent((_, at) => focus(at - 1)) },
  ])
  return (
    <div
      ref={list}
      className="conditions"
      role="group"
      aria-label={filterText.conditions}
      onKeyDown={onKeyDown}
      onClick={(event) => {
        if (event.target === event.currentTarget) onAdd()
      }}
    >
      {conditions.map((condition, at) => (
        <Chip
          key={at}
          condition={condition}
          onEdit={() => onEdit(condition)}
          onInvert={() => invert(condition)}
          onRemove={() => remove(condition)}
        />
      ))}
      <button
        type="button"
        className="quiet"
        aria-label={filterText.addCondition}
        title={filterText.addCondition}
        onClick={onAdd}
      >
        +
      </button>
    </div>
  )
}

type ChipProps = Readonly<{
  condition: Condition
  onEdit: () => void
  onInvert: () => void
  onRemove: () => void
}>

function Chip({ condition, onEdit, onInvert, onRemove }: ChipProps) {
  const conditionLabel = conditionText(condition.text)
  const name = conditionLabel ?? condition.text
  return (
    <span className="condition">
      <button
        type="button"
        className="condition-text"
        aria-label={filterText.condition(name)}
        title={`${condition.text}\n${filterText.chipKeys}`}
        onClick={onEdit}
      >
        {conditionLabel ??
          partsOf(condition.text).map((piece, index) => (
            <span key={index} className={`filter-${piece.is}`}>
              {piece.text}
            </span>
          ))}
      </button>
      <button
        type="button"
        tabIndex={-1}
        aria-label={filterText.invert(name)}
        title={filterText.invert(name)}
        onClick={onInvert}
      >
        ≠
      </button>
      <button
        type="button"
        tabIndex={-1}
        aria-label={filterText.remove(name)}
        title={filterText.remove(name)}
        onClick={onRemove}
      >
        ✕
      </button>
    </span>
  )
}
