import { lazy, Suspense, useId } from 'react'
import type { TextProblem } from '../../../src/api/published.ts'
import { filterForm, usePreference } from '../state/preferences.ts'
import { filterText } from '../text/filter.ts'
import { generalText } from '../text/general.ts'
import { partsText } from '../text/parts.ts'
import { useFilterInput, useFilterKeys, type FilterInput, type FilterInputProps } from './filter-input.ts'
import { FilterPaint } from './filter-paint.tsx'
import { ErrorNotice } from './states.tsx'

const FilterConditions = lazy(() => import('./filter-conditions.tsx'))

export function FilterBox({ example, ...props }: FilterInputProps & { readonly example: string }): React.ReactNode {
  const { filter, onImport } = props
  const filterInput = useFilterInput(props)
  const { text, editing, errors, trouble, set, acts } = filterInput
  const form = usePreference(filterForm)
  const id = useId()
  const wrong = errors[0]
  return (
    <div
      className={editing ? 'filter editing' : 'filter'}
      role="search"
      onBlur={(event) => {
        if (event.currentTarget.contains(event.relatedTarget)) return
        set.caret(undefined)
        // A condition that was not begun.
        if (text === `${filter} and `) set.text(filter)
      }}
    >
      <TextInput of={filterInput} form={form} id={id} example={example} />
      {text !== '' && form === 'text' && <FilterPaint filter={text} />}
      {text !== '' && form === 'conditions' && (
        <Suspense fallback={<FilterPaint filter={text} />}>
          <FilterConditions
            filter={text}
            onChange={(next) => acts.tried(() => acts.apply(next))}
            onEdit={acts.edit}
            onAdd={acts.add}
          />
        </Suspense>
      )}
      {text !== '' && (
        <FilterActs
          form={form}
          onSwap={onImport === undefined ? undefined : () => acts.tried(acts.swap)}
          onClear={acts.clear}
        />
      )}
      <Completions of={filterInput} id={id} />
      {trouble !== undefined && <ErrorNotice error={trouble.error} onRetry={trouble.again} />}
      {wrong !== undefined && <FilterError id={`${id}wrong`} of={wrong} text={text} />}
    </div>
  )
}

type Form = ReturnType<typeof filterForm.get>

type TextInputProps = Readonly<{ of: FilterInput; form: Form; id: string; example: string }>

function TextInput({ of, form, id, example }: TextInputProps) {
  const { text, at, errors, input, editing, open, set } = of
  const onKeyDown = useFilterKeys(of)
  const isWrong = errors.length > 0
  return (
    <input
      ref={input}
      value={text}
      spellCheck={false}
      autoCapitalize="off"
      autoComplete="off"
      placeholder={example === '' ? undefined : partsText.filterExample(example)}
      role="combobox"
      aria-label={partsText.filter}
      aria-autocomplete="list"
      aria-expanded={open}
      aria-controls={`${id}list`}
      aria-activedescendant={open && at >= 0 ? `${id}${at}` : undefined}
      aria-invalid={isWrong}
      aria-describedby={isWrong ? `${id}wrong` : undefined}
      onFocus={() => set.editing(true)}
      onPointerDown={() => set.editing(true)}
      onChange={({ target: { value, selectionStart } }) => {
        const begun = !editing && form === 'conditions' && value.length === text.length + 1 && value.startsWith(text)
        const next = begun && text !== '' && !value.endsWith(' ') ? `${text} and ${value.slice(-1)}` : value
        set.text(next)
        set.editing(true)
        set.caret(next === value ? (selectionStart ?? value.length) : next.length)
        set.at(-1)
        set.errors([])
      }}
      onKeyDown={(event) => {
        if (!onKeyDown(event) && /^(?:Arrow|Home|End|Delete|Backspace)/.test(event.key)) set.editing(true)
      }}
    />
  )
}

type FilterActsProps = Readonly<{ form: Form; onSwap: (() => void) | undefined; onClear: () => void }>

function FilterActs({ form, onSwap, onClear }: FilterActsProps) {
  const showAs = form === 'text' ? filterText.showAsConditions : filterText.showAsText
  return (
    <div className="filter-acts">
      <button
        type="button"
        className="quiet"
        aria-label={showAs}
        title={showAs}
        onClick={() => filterForm.set(form === 'text' ? 'conditions' : 'text')}
      >
        {form === 'text' ? '▭' : filterText.textSign}
      </button>
      {onSwap !== undefined && (
        <button
          type="button"
          className="quiet"
          onClick={onSwap}
          aria-label={partsText.swapEnds}
          title={partsText.swapEnds}
        >
          ⇄
        </button>
      )}
      <button
        type="button"
        className="quiet"
        onClick={onClear}
        aria-label={generalText.clearFilter}
        title={generalText.clearFilter}
      >
        ✕
      </button>
    </div>
  )
}

function Completions({ of: { at, suggestions, open, acts }, id }: Readonly<{ of: FilterInput; id: string }>) {
  return (
    <div id={`${id}list`} className="filter-list" role="listbox" aria-label={partsText.completions} hidden={!open}>
      {open &&
        suggestions.map((suggestion, index) => (
          <div
            key={suggestion.insert}
            id={`${id}${index}`}
            role="option"
            aria-selected={index === at}
            onPointerDown={(event) => {
              event.preventDefault()
              acts.accept(suggestion)
            }}
          >
            <span>{suggestion.name}</span>
            <span>{suggestion.detail}</span>
          </div>
        ))}
    </div>
  )
}

function FilterError({ id, of, text }: Readonly<{ id: string; of: TextProblem; text: string }>) {
  const { message, hint, from, to } = of
  return (
    <p id={id} className="filter-error" role="alert">
      {message}
      {hint === undefined ? '' : ` ${hint}`}{' '}
      <code>
        {text.slice(Math.max(0, from - 20), from)}
        <mark>{text.slice(from, to) || '␣'}</mark>
        {text.slice(to, to + 20)}
      </code>
    </p>
  )
}
