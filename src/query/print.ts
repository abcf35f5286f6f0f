import type { Expression, Subject, Value } from './ast.ts'
import type { NameTable } from './names.ts'

const keywords = /^(?:and|or|not|in|exists)$/i

/** Normal form. Parsing it returns the same tree, also in later versions. */
export function print(expression: Expression, names: NameTable): string {
  if (expression.is === 'and' && expression.parts.length === 0) return ''
  return printed(expression, names)
}

function printed(expression: Expression, names: NameTable): string {
  switch (expression.is) {
    case 'and':
      return expression.parts.map((part) => inner(part, names, ['and', 'or'])).join(' and ')
    case 'or':
      return expression.parts.map((part) => inner(part, names, ['or'])).join(' or ')
    case 'not':
      return `not ${inner(expression.part, names, ['and', 'or'])}`
    case 'either':
      return `either(${printed(expression.part, names)})`
    case 'exists':
      return `exists(${subject(expression.subject)})`
    case 'test': {
      const { operator, values } = expression
      const list = values.map((literal) => value(literal, names)).join(', ')
      const left = subject(expression.subject)
      if (values.length === 1) return `${left} ${operator} ${list}`
      if (operator === '=') return `${left} in (${list})`
      return operator === '!=' ? `${left} not in (${list})` : `${left} ${operator} (${list})`
    }
  }
}

/** @param weak kinds that need parentheses. */
function inner(part: Expression, names: NameTable, weak: readonly Expression['is'][]) {
  const text = printed(part, names)
  return weak.includes(part.is) ? `(${text})` : text
}

function subject({ name, end }: Subject) {
  return end === 'any' ? `any.${name}` : name
}

function value(literal: Value, names: NameTable): string {
  if (literal.is === 'field') return literal.name
  const { text, quoted } = literal
  const bare =
    !quoted && text !== '' && !/[\s"'(),=!<>~]/u.test(text) && !keywords.test(text) && names.own(text) === undefined
  return bare ? text : quote(text)
}

export function quote(text: string): string {
  return `"${text.replace(/\\(?=["\\])|\\$|"/g, (match) => `\\${match}`)}"`
}
