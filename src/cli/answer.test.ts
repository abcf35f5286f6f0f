import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { answerText } from './answer.ts'

const rows = [
  { name: 'a', count: 1200, note: null },
  { name: 'b, "c"', count: 2, note: { deep: ['x\n'] } },
]
const given = { whole: { rows }, rows, columns: ['name', 'count', 'note'] }

test('a table has aligned columns, and no line break of a value', async () => {
  expect(await answerText('table', given)).toBe(
    'name    count  note\na       1,200\nb, "c"      2  {"deep":["x\\n"]}\n',
  )
})

test('JSON and YAML have the whole answer, NDJSON a row on each line', async () => {
  expect(JSON.parse(await answerText('json', given))).toEqual({ rows })
  expect(parse(await answerText('yaml', given))).toEqual({ rows })
  expect(
    (await answerText('ndjson', given))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(rows)
})

test('CSV quotes values where necessary, and prints the columns also without rows', async () => {
  expect(await answerText('csv', given)).toBe('name,count,note\r\na,1200,\r\n"b, ""c""",2,"{""deep"":[""x\\n""]}"\r\n')
  expect(await answerText('csv', { ...given, rows: [] })).toBe('name,count,note\r\n')
})
