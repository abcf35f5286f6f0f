import type { Expression } from '../ast.ts'

export type Meaning = boolean | Expression

export function negated(meaning: Meaning): Meaning {
  if (typeof meaning === 'boolean') return !meaning
  return meaning.is === 'not' ? meaning.part : { is: 'not', part: meaning }
}

export function joined(is: 'and' | 'or', meanings: readonly Meaning[]): Meaning {
  const settles = is === 'or'
  if (meanings.includes(settles)) return settles
  const parts = meanings.flatMap((meaning) => {
    if (typeof meaning === 'boolean') return []
    return meaning.is === is ? meaning.parts : [meaning]
  })
  const [first] = parts
  if (first === undefined) return !settles
  return parts.length === 1 ? first : { is, parts }
}

export function test(name: string, operator: '=' | '!=' | '~' | '<' | '<=' | '>' | '>=', ...texts: string[]): Meaning {
  return {
    is: 'test',
    subject: { name },
    operator,
    values: texts.map((text) => ({ is: 'literal', text, quoted: operator === '~' })),
  }
}

export function textEquals(name: string, text: string): Meaning {
  return { is: 'test', subject: { name }, operator: '=', values: [{ is: 'literal', text, quoted: true }] }
}

export function fieldsEqual(name: string, compared: string): Meaning {
  return { is: 'test', subject: { name }, operator: '=', values: [{ is: 'field', name: compared }] }
}

export function exists(name: string): Meaning {
  return { is: 'exists', subject: { name } }
}
