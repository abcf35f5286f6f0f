import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../kit/command.ts'
import { programs } from './command-marks.ts'
import { commandsIn } from './run-commands.ts'

test('only shell blocks are commands, with continued lines joined and comments left out', () => {
  const page =
    'Text.\n\n```yaml\na: 1\n```\n\nrm -r all\n\n```sh\nweir a \\\n  --b   # why\n```\n\nText.\n\n```\nnpm start\n```\n'
  expect(commandsIn('README.md', page).map(({ text }) => text)).toEqual(['weir a --b', 'npm start'])
})

test('every command of the guides begins with a program that a reader can have', async () => {
  const guides = (await readdir(join(ROOT, 'docs/guide'))).filter((name) => name.endsWith('.md'))
  const pages = ['README.md', ...guides.map((name) => `docs/guide/${name}`)]
  for (const page of pages)
    for (const { text } of commandsIn(page, await readFile(join(ROOT, page), 'utf8'))) expect(text).toMatch(programs)
})
