/** Values that filters of a configuration compare with, so that simulated rows pass some of them. */
import type { ConfigDocument } from '../../schema/index.ts'
import type { FilterText } from '../../schema/filter-field.ts'
import { walkWritten } from '../../schema/descend.ts'
import { everything, parse, quantity, rowTables, toDouble, type Expression } from '../../query/index.ts'
import { weirSchema } from '../config.ts'

/** Values of each name, of one filter. */
export type Hint = ReadonlyMap<string, readonly string[]>

export type Hints = Readonly<{ flows: readonly Hint[]; events: readonly Hint[] }>

export function hintsOf(document: ConfigDocument): Hints {
  const flows: Hint[] = []
  const events: Hint[] = []
  walkWritten(weirSchema.info, document.value, (info, value, path) => {
    if (info.kind === 'filter' && value !== null) {
      for (const [kind, text] of textsOf(value as FilterText)) {
        const hint = hintOf(text, kind)
        if (hint.size > 0) (kind === 'flows' ? flows : events).push(hint)
      }
    }
    if (path.at(-2) === 'only' && path.at(-1) === 'type' && Array.isArray(value))
      events.push(new Map([['type', value.map((type) => String(type).replaceAll('*', 'simulated'))]]))
  })
  return { flows, events }
}

function textsOf(value: FilterText): readonly (readonly [keyof typeof rowTables, string])[] {
  if (typeof value === 'string')
    return [
      ['flows', value],
      ['events', value],
    ]
  return Object.entries(value) as [keyof typeof rowTables, string][]
}

function hintOf(text: string, kind: keyof typeof rowTables): Hint {
  const values = new Map<string, string[]>()
  const add = (name: string, value: string) => values.set(name, [...(values.get(name) ?? []), value])
  collect(parsedOr(text, kind), add)
  return values
}

/** A text that is no filter for rows of this kind selects none of them. */
function parsedOr(text: string, kind: keyof typeof rowTables): Expression {
  try {
    return parse(text, rowTables[kind])
  } catch {
    return everything
  }
}

function collect(expression: Expression, add: (name: string, value: string) => void) {
  switch (expression.is) {
    case 'and':
    case 'or':
      return expression.parts.forEach((part) => collect(part, add))
    case 'either':
      return collect(expression.part, add)
    case 'test': {
      const name = expression.subject.end === undefined ? expression.subject.name : `dst_${expression.subject.name}`
      for (const value of expression.values) {
        if (value.is !== 'literal') continue
        const fit = fitting(expression.operator, value.text)
        if (fit !== undefined) add(name, fit)
      }
      return
    }
    case 'exists':
    case 'not':
      return
  }
}

function fitting(operator: string, text: string): string | undefined {
  if (operator === '=') return text.replaceAll('*', 'simulated')
  const amount = quantity(text, 'By', { from: 0, to: text.length })
  if (amount === undefined) return undefined
  const bound = toDouble(amount)
  if (operator === '>=' || operator === '<=') return String(bound)
  if (operator === '>') return String(bound + 1)
  return operator === '<' ? String(Math.max(0, bound - 1)) : undefined
}
