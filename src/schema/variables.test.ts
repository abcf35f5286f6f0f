import { expect, test } from 'vitest'
import {
  defineSchema,
  expandVariables,
  flag,
  formatProblems,
  integer,
  list,
  parseYaml,
  secret,
  text,
  validate,
} from './index.ts'

const schema = defineSchema({
  type: 'test',
  role: 'setting',
  summary: 'Settings of a test',
  fields: {
    name: text({ description: 'A name', default: 'none' }),
    names: list(text({ description: 'A name', required: true, example: 'a' }), { description: 'Names', default: [] }),
    count: integer({ description: 'A number', default: 1 }),
    isOn: flag({ description: 'Whether it is on', default: false }),
    token: secret({ description: 'A token', default: null, example: 'env:TOKEN' }),
  },
})

const env = { REGION: 'eu-de', COUNT: '7', ON: 'true', TOKEN: 'hidden', EMPTY: '', TWO: 'a, b' }
const expand = (written: string) => expandVariables(parseYaml(written, 'weir.yaml'), schema, env).document

test('variables are replaced in texts, numbers, flags and lists, and by their default where unset', () => {
  expect(expand('name: weir-${REGION}-${EMPTY:-x}${NONE:-}').value).toEqual({ name: 'weir-eu-de-x' })
  expect(expand('{count: "${COUNT}", isOn: "${ON}", names: ["${REGION}", b]}').value).toEqual({
    count: 7,
    isOn: true,
    names: ['eu-de', 'b'],
  })
  expect(expand('names: "${TWO}"').value).toEqual({ names: ['a', 'b'] })
})

test('`$${` is text', () => {
  expect(expand('name: a$${REGION}').value).toEqual({ name: 'a${REGION}' })
})

test('a secret stays a reference, and its value is in no document', () => {
  const document = expand('token: ${TOKEN}')
  expect(document.value).toEqual({ token: 'env:TOKEN' })
  expect(validate(schema, document).problems).toBeUndefined()
  const mixed = expand('token: Bearer ${TOKEN}')
  expect(JSON.stringify(mixed.value)).not.toContain('hidden')
  expect(formatProblems(mixed.problems, mixed.text)).toMatch(
    /weir\.yaml:1:8: error: token: a secret reference is one variable without further text/,
  )
})

test.each([
  [
    'a variable that is unset',
    'count: ${NO_SUCH}',
    /^weir\.yaml:1:8: error: count: the environment variable NO_SUCH is not set\n.*write a default: `\$\{NO_SUCH:-value\}`/s,
  ],
  ['a variable that is empty', 'count: ${EMPTY}', /EMPTY is not set/],
  ['no name', 'name: ${1x}', /`\$\{1x\}` is no variable/],
  ['no end', 'name: ${REGION', /`\$\{REGION` is no variable/],
])('%s is a problem with its location', (_, written, expected) => {
  const { problems, text: whole } = expand(written)
  expect(formatProblems(problems, whole)).toMatch(expected)
})
