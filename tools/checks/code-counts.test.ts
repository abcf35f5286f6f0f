import { expect, test } from 'vitest'
import { parseSource } from '../kit/sources.ts'
import { makeTree } from '../kit/tree.ts'
import { codeCounts, foldersOf, keptCounts } from './code-counts.ts'
import { castsOfRequests, functionsIn } from './counted-code.ts'
import { handWrittenResponses } from './response-types.ts'

const parsed = (text: string) => parseSource('src/api/a.ts', text)

test('functions have their lines, parameters and boolean parameters', () => {
  const text = `
export function first(a: boolean, { b }: B, c = false): void {
  a.map((d: number) => d)
}
const second = (
  ...rest: string[]
) => rest`
  expect(
    functionsIn(parsed(text)).map(({ at, lines, parameters, flags }) => [at.name, lines, parameters, flags]),
  ).toEqual(
    expect.arrayContaining([
      ['first', 3, 3, ['a', 'c']],
      ['', 1, 1, []],
      ['second', 3, 1, []],
    ]),
  )
})

test.each([
  ['const { a } = request.query as A', 1],
  ['app.get<{ Querystring: A }>(url, handler)', 1],
  ['const { a } = request.query', 0],
  ['app.get(url, { schema }, handler)', 0],
  ['const a = answer.body as A', 0],
])('%s has %i casts of requests', (text, count) => {
  expect(castsOfRequests(parsed(text))).toHaveLength(count)
})

const own = 'export type Own = Readonly<{ rows: number }>\n'

test.each([
  ['a literal', "request<{ rows: number }>('/a')"],
  ['a list of literals', "request<readonly Readonly<{ a: string }>[]>('/a')"],
  ['a type of the file', `${own}request<Own>('/a')`],
  ['a type of another file', "import type { Row } from './b.ts'\nrequest<Row>('/a')"],
  ['the result of the function', `${own}const read = (): Promise<Own> => request('/a')`],
  ['a cast', 'const { rows } = (await answer.json()) as { rows: number }'],
])('%s is a response type by hand', (_, text) => {
  const files = new Map([
    ['console/src/api/a.ts', text],
    ['console/src/api/b.ts', 'export type Row = Item\ntype Item = { a: string }'],
  ])
  expect(handWrittenResponses(files)).toHaveLength(1)
})

test.each([
  ['a type of the schema', "import type { Rows } from '../../../src/topics/a/schema.ts'\nrequest<Rows>('/a')"],
  ['a part of it', "import type { Rows } from '../../../src/topics/a/schema.ts'\nrequest<Rows['items'][]>('/a')"],
  ['a type parameter', "const read = <T>(): Promise<T> => request<T>('/a')"],
  ['another result', `${own}async function read(): Promise<Own> { const a = await request('/a'); return of(a) }`],
])('%s is none', (_, text) => {
  expect(handWrittenResponses(new Map([['console/src/api/a.ts', text]]))).toEqual([])
})

test('the folders of a topic are those with its name, and one for its page', () => {
  const paths = [
    'src/topics/problems/schema.ts',
    'src/topics/problems/sums/index.ts',
    'src/api/routes/problems.ts',
    'src/store/problems/rows.ts',
    'src/cli/problem.ts',
    'console/src/pages/problems/index.tsx',
    'console/src/pages/problems/text.ts',
    'console/src/api/problem-queries.ts',
    'console/src/parts/problematic.ts',
  ]
  expect(foldersOf('problems', paths)).toEqual([
    'console/src/api',
    'console/src/pages/problems',
    'src/api/routes',
    'src/cli',
    'src/topics/problems',
  ])
})

test('a count above its limit is a problem', async () => {
  const cast = 'const { a } = request.query as A\n'
  const root = await makeTree({ 'src/api/a.ts': cast, 'src/b.ts': 'export const g = (a: boolean) => a\n' })
  expect(await keptCounts(root)).toEqual([
    { file: 'src/api/a.ts', line: 1, message: 'request.query: casts of requests: 1, at most 0' },
  ])
  const values = Object.fromEntries((await codeCounts(root)).map(({ name, value }) => [name, value]))
  expect(values).toMatchObject({ 'boolean parameters': 1, 'casts of requests': 1, 'lines outside tests': 2 })
})
