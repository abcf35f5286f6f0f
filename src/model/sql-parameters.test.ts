import { expect, test } from 'vitest'
import { parameterProblem } from './sql-parameters.ts'

test('texts, numbers and lists of one of them are values', () => {
  expect(parameterProblem({ text: '', number: -1.5, texts: ['a'], numbers: [1, 2.5], none: [] })).toBeUndefined()
})

test.each([
  [{ __proto__x: 'a' }, `"__proto__x" can't be the name of a parameter`],
  [{ 'a b': 1 }, `"a b" can't be the name of a parameter`],
  [{ port: 1, Port: 2 }, 'The parameters port and Port differ only in case.'],
  [{ a: null }, 'Parameter a is neither a text, a number nor a list of them.'],
  [{ a: true }, 'Parameter a is neither'],
  [{ a: ['x', 1] }, 'Parameter a is a list of texts and numbers; use one of them.'],
  [{ a: [['x']] }, 'Parameter a is neither'],
  [{ a: 2 ** 53 }, 'Parameter a is an integer beyond 2^53, which JSON rounds; send it as a text.'],
  [{ a: 'x\0y' }, 'Parameter a contains a NUL character.'],
  [{ a: 'x'.repeat(9000) }, 'the limit is 8192.'],
  [Object.fromEntries(Array.from({ length: 41 }, (_, n) => [`p${n}`, n])), 'There are 41 parameters; the limit is 40.'],
])('%j is refused', (parameters, problem) => {
  expect(parameterProblem(parameters)).toContain(problem)
})
