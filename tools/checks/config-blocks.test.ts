import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { blocksOf, configBlocks } from './config-blocks.ts'
import { ROOT } from '../kit/command.ts'

const fence = '```'

test('every configuration of the documents, examples and installations is valid', async () => {
  expect(await configBlocks(ROOT)).toEqual([])
})

test('a wrong block is reported with the line of its page', async () => {
  const root = await mkdtemp(join(tmpdir(), 'weir-blocks-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  await mkdir(join(root, 'docs'))
  await writeFile(
    join(root, 'docs/page.md'),
    `# Page\n\n${fence}yaml\nsinks:\n  out: {type: stdout, from: [nosuch]}\nbogus: 1\n${fence}\n\n` +
      `- item\n\n  ${fence}yaml\n  listen: 5\n  ${fence}\n\n${fence}yml\nkind: Pod\n${fence}\n\n` +
      `${fence}yaml\nauth: {tokens: [{name: a, token: short}]}\nlisten: \${ADDRESS}\n${fence}\n`,
  )
  const found = await configBlocks(root)
  expect(found.map(({ file, line }) => [file, line])).toEqual([
    ['docs/page.md', 5],
    ['docs/page.md', 6],
    ['docs/page.md', 12],
    ['docs/page.md', 20],
  ])
  expect(found.map(({ message }) => message).join('\n')).toMatch(
    /no source `nosuch`\n.*unknown field\n.*expected host:port.*\n.*at least 8/,
  )
})

test('blocks of other languages are not read', () => {
  expect(blocksOf(`${fence}yml\na: 1\n${fence}\n${fence}sh\nb\n${fence}\n`)).toEqual([])
})
