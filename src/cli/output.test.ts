import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { outputText, type OutputFormat } from './output.ts'
import { RowText } from './row-text.ts'

const rows = [
  { name: 'a', count: 1200, note: null },
  { name: 'b, "c"', count: 2, note: { deep: ['x\n'] } },
]
const given = { whole: { rows }, rows, columns: ['name', 'count', 'note'] }

test('a table has aligned columns, and no line break of a value', async () => {
  expect(await outputText('table', given)).toBe(
    'name    count  note\na       1,200\nb, "c"      2  {"deep":["x\\n"]}\n',
  )
})

test('JSON and YAML have the whole answer, NDJSON a row on each line', async () => {
  expect(JSON.parse(await outputText('json', given))).toEqual({ rows })
  expect(parse(await outputText('yaml', given))).toEqual({ rows })
  expect(
    (await outputText('ndjson', given))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(rows)
})

test('CSV quotes values where necessary, and prints the columns also without rows', async () => {
  expect(await outputText('csv', given)).toBe('name,count,note\r\na,1200,\r\n"b, ""c""",2,"{""deep"":[""x\\n""]}"\r\n')
  expect(await outputText('csv', { ...given, rows: [] })).toBe('name,count,note\r\n')
})

async function streamed(format: OutputFormat, ...lines: readonly string[]): Promise<string> {
  const text = new RowText(format)
  const printed: string[] = []
  for (const line of lines) printed.push(await text.row(line))
  return printed.join('') + text.end()
}

test('a stream of rows is one JSON array or YAML list, and has a CSV header for each kind of row', async () => {
  const rows = ['{"_pos":"a","specversion":"1.0","id":"1"}', '{"_pos":"b","to":"x","body":"y"}']
  const objects = rows.map((row) => JSON.parse(row) as unknown)
  expect(JSON.parse(await streamed('json', ...rows))).toEqual(objects)
  expect(parse(await streamed('yaml', ...rows))).toEqual(objects)
  expect(await streamed('ndjson', ...rows)).toBe(`${rows.join('\n')}\n`)
  expect((await streamed('csv', ...rows)).split('\r\n')).toEqual([
    '_pos,specversion,id,source,type,subject,time,datacontenttype,data,data_base64',
    'a,1.0,1,,,,,,,',
    '_pos,to,body,body_base64,problem',
    'b,x,y,,',
    '',
  ])
  expect([await streamed('json'), await streamed('yaml'), await streamed('csv')]).toEqual(['[]\n', '[]\n', ''])
})
