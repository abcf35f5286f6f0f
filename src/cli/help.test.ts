import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { docsIndex } from '../../console/docs-index.ts'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { listFiles } from '../../tools/kit/sources.ts'
import { errorTable } from '../model/errors.ts'
import { commandTree, flatten } from './command-tree.ts'
import { manualPage } from './help/manual-page.ts'
import { pageText } from './help/page-text.ts'
import { listTopics, nameOf, readTopic, topicOf } from './help/topics.ts'
import { program } from './program.ts'
import { temporaryFolder } from './testing/command.ts'
import { launch } from './testing/launch.ts'

const topics = await listTopics()
const commands = program().commands.map((command) => command.name())

describe('weir help', () => {
  test('shows a command, also one below another, and what weir --help shows without a name', async () => {
    expect((await launch(['help', 'query'])).stdout).toBe((await launch(['query', '--help'])).stdout)
    expect((await launch(['help', 'journal', 'check'])).stdout).toContain('Usage: weir journal check')
    expect((await launch(['help'])).stdout).toBe((await launch([])).stdout)
  })

  test('shows a document, as Markdown for a pipe', async () => {
    const text = await readFile(join(ROOT, 'docs/explain/query.md'), 'utf8')
    for (const name of ['filters', 'explain/query'])
      expect(await launch(['help', name])).toEqual(expect.objectContaining({ code: 0, stdout: text, stderr: '' }))
  })

  test('lists the documents with names that it accepts', async () => {
    const { stdout } = await launch(['help', 'topics'])
    expect(topics.length).toBeGreaterThan(40)
    for (const topic of topics) {
      expect(stdout).toContain(topic.title)
      expect(commands).not.toContain(nameOf(topic, commands))
      expect(topicOf(nameOf(topic, commands), topics)).toEqual(topic)
    }
  })

  test('an unknown name is refused with the nearest one', async () => {
    const { code, stdout, stderr } = await launch(['help', 'filtres'])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('`filtres` is neither a command nor a document.')
    expect(stderr).toContain('Did you mean `weir help filters`?')
  })

  test('has the documents of the page of the console, which are those of the package', () => {
    const [, sections = '[]'] = /= (\[.*\])$/s.exec(docsIndex().load('\0virtual:docs-index') ?? '') ?? []
    const pages = (JSON.parse(sections) as readonly { page: string }[]).map(({ page }) => page)
    expect(topics.map(({ path }) => path).toSorted()).toEqual([...new Set(pages)].toSorted())
  })

  test('an installation without documents has none, and no error', async () => {
    expect(await listTopics(`${await temporaryFolder()}/`)).toEqual([])
  })
})

describe('the documents that help and errors name', () => {
  const helps = flatten(commandTree(program())).map(({ words }) => {
    const command = words.reduce((one, word) => one.commands.find((below) => below.name() === word)!, program())
    let text = ''
    command.configureOutput({ writeOut: (piece) => (text += piece) })
    command.outputHelp()
    return [words.join(' '), text] as const
  })
  const errors = Object.entries(errorTable).map(([code, row]) => [code, JSON.stringify(row)] as const)

  test('are no files of a checkout', async () => {
    // `weir create --connector` writes into a checkout.
    for (const [name, text] of [...helps, ...errors].filter(([one]) => one !== 'create'))
      expect([name, /\b(?:docs|deploy|tools|src|test)\/[\w{}$/.-]+/.exec(text)?.[0]]).toEqual([name, undefined])
    for (const file of await listFiles(ROOT, 'src', /(?<!\.test)\.ts$/))
      expect([
        file,
        /^(?! *(?:\/\/|\/?\*)).*\b(?:docs\/(?:guide|explain|reference))\/[\w{}$/-]+\.md/m.exec(
          await readFile(join(ROOT, file), 'utf8'),
        )?.[0],
      ]).toEqual([file, undefined])
  })

  test('exist', async () => {
    const sources = await Promise.all(
      (await listFiles(ROOT, 'src', /(?<!\.test)\.ts$/)).map((file) => readFile(join(ROOT, file), 'utf8')),
    )
    const named = [...[...helps, ...errors].map(([, text]) => text), ...sources].flatMap((text) =>
      [...text.matchAll(/`weir help ([a-z][\w/-]+)\\?`/g)].map(([, name = '']) => name),
    )
    expect(named.length).toBeGreaterThan(20)
    const known = (name: string) => name === 'topics' || commands.includes(name) || topicOf(name, topics) !== undefined
    expect([...new Set(named)].filter((name) => !known(name))).toEqual([])
  })
})

describe('a document in a terminal', () => {
  const shown = (markdown: string, width = 40): string =>
    pageText(markdown, { width, heading: (text) => text.toUpperCase() })

  test('has its headings, paragraphs, lists and code, each within the width', () => {
    expect(
      shown(`# A page

A **paragraph** with a [link](other.md#part) that is longer than the width of a line.

- an item with a text that is longer than a line of the terminal
- [one more](https://example.com/)

\`\`\`sh
weir run
\`\`\`
`),
    ).toBe(`A PAGE

A paragraph with a link that is longer
than the width of a line.

- an item with a text that is longer
  than a line of the terminal
- one more (https://example.com/)

    weir run
`)
  })

  test('wraps the cells of a table', () => {
    expect(shown('| Name | Meaning |\n|---|---|\n| `a` | a text that is longer than the table may be wide |')).toBe(
      `Name  Meaning
----  ----------------------------------
\`a\`   a text that is longer than the
      table may be wide
`,
    )
  })

  test('every document has lines of at most the width, except code and long words', async () => {
    for (const { path } of topics) {
      const text = shown(await readTopic(path), 80)
      const long = text.split('\n').filter((line) => line.length > 80 && !line.startsWith('    '))
      expect([path, long.filter((line) => /\S .*\S/.test(line.slice(0, 80).trim()) && line.length > 120)]).toEqual([
        path,
        [],
      ])
    }
  })
})

test('the manual page has every command and flag, and man reads it without a warning', async () => {
  const page = manualPage(program(), topics)
  for (const { words, options } of flatten(commandTree(program()))) {
    expect(page).toContain(words.join(' ').replaceAll('-', '\\-'))
    for (const { flags } of options) expect(page).toContain((flags.at(-1) ?? '').replaceAll('-', '\\-'))
  }
  const file = join(await temporaryFolder(), 'weir.1')
  await writeFile(file, page)
  const groff = await runCommand('groff', ['-man', '-Tutf8', '-ww', '-k', file], { limit: 20_000 }).catch(
    () => undefined,
  )
  if (groff === undefined) return
  expect(groff.stderr).toBe('')
  expect((await launch(['man'])).stdout).toBe(page)
})
