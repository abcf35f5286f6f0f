import { expect, test } from 'vitest'
import { consoleText } from './console-text.ts'
import { makeTree } from '../kit/tree.ts'

async function findings(source: string, path = 'console/src/pages/a/index.tsx'): Promise<string[]> {
  const problems = await consoleText(await makeTree({ [path]: source }))
  return problems.map(({ line, message }) => `${line}: ${/"(.*)"/.exec(message)?.[1]}`)
}

test.for([
  ['text between tags', '<p>Loading</p>', 'Loading'],
  ['text in braces', "<p>{'Loading'}</p>", 'Loading'],
  ['one branch of a condition', "<p>{busy ? 'Loading' : ready}</p>", 'Loading'],
  ['a branch in parentheses', "<p>{busy ? ('Loading') : (<b>{rows}</b>)}</p>", 'Loading'],
  ['a word handed to the catalog', "rowsText.sorted(up ? 'ascending' : order)", 'ascending'],
  ['the title of a column', "{ id: 'time', title: 'Received' }", 'Received'],
  ['text beside values', '<p>{`${rows} rows`}</p>', '… rows'],
  ['a label', '<nav aria-label="Pages" />', 'Pages'],
  ['a label with values', '<nav aria-label={`Page ${page}`} />', 'Page …'],
  ['a placeholder', "<input placeholder={busy ? 'wait' : hint} />", 'wait'],
  ['the name of a component', '<Fact name="Lag">{lag}</Fact>', 'Lag'],
  ['the words of a choice', '<Choice words={{ light: "Light", dark: text.dark }} />', 'Light'],
  ['the heading of a table', "<TableHead columns={[text.sink, ['Rows', 'end']]} />", 'Rows'],
  ['the text of an action', "<EmptyState action={{ text: 'Retry', run }} />", 'Retry'],
  ['a message', "setMessage('Saved')", 'Saved'],
  [
    'the result of a function for texts',
    "() => { function stateText(ok) { if (ok) return 'fine'; return text.bad } }",
    'fine',
  ],
  [
    'the result of an arrow function for texts',
    "(() => { const rowLabel = () => ready ? 'ready' : text.no })",
    'ready',
  ],
  ['the text of a cell', "{ id: 'kind', cell: ({ kind }) => (kind === 'flows' ? 'flow' : text.event) }", 'flow'],
  ['a sentence in code', "(full: boolean) => (full ? 'it is full now' : '')", 'it is full now'],
] as const)('%s belongs in the catalog', async ([, code, text]) => {
  expect(await findings(`export const first = 1\nexport const second = ${code}`)).toEqual([`2: ${text}`])
})

test.for([
  ['a text of the catalog', '<p title={text.hint}>{text.rows(7)}</p>'],
  ['signs', '<p>· {rows} ▲</p>'],
  ['class names', '<p className={wide ? "state wide loading" : "state"} />'],
  ['an error for developers', "() => { throw new Error('the page has no element') }"],
  ['a condition of the filter language', '`(cluster = ${name} or not exists(cluster))`'],
  ['a unit', "(() => { const offsetText = () => 'UTC+0' })"],
  ['a tone beside a text', "{ link: { idle: [text.idle, 'dim'] } }"],
  ['a name in HTML', '<input name="token" type="text" />'],
] as const)('%s is allowed', async ([, code]) => {
  expect(await findings(`export const a = ${code}`)).toEqual([])
})

test('the catalog and tests contain literals', async () => {
  const source = "export const text = { hint: 'Press Enter to run it' }"
  expect(await findings(source, 'console/src/text/a.ts')).toEqual([])
  expect(await findings(source, 'console/src/pages/a/b/text.ts')).toEqual([])
  expect(await findings(source, 'console/src/pages/a/state.test.ts')).toEqual([])
})
