import type { Expression, Subject, Value } from './ast.ts'
import { swappedName, type NameTable } from './names.ts'

/** `any.` and `either(…)` stay as they are. */
export function swapEnds(expression: Expression, names: NameTable): Expression {
  const ofSubject = (subject: Subject): Subject =>
    subject.end === undefined ? { ...subject, name: swappedName(subject.name, names) } : subject
  const ofValue = (value: Value): Value =>
    value.is === 'field' ? { ...value, name: swappedName(value.name, names) } : value
  switch (expression.is) {
    case 'and':
    case 'or':
      return { ...expression, parts: expression.parts.map((part) => swapEnds(part, names)) }
    case 'not':
    case 'either':
      return { ...expression, part: swapEnds(expression.part, names) }
    case 'exists':
      return { ...expression, subject: ofSubject(expression.subject) }
    case 'test':
      return { ...expression, subject: ofSubject(expression.subject), values: expression.values.map(ofValue) }
  }
}

export function bothWays(expression: Expression, names: NameTable): Expression {
  if (expression.is === 'and' && expression.parts.length === 0) return expression
  return { is: 'or', parts: [expression, swapEnds(expression, names)] }
}
