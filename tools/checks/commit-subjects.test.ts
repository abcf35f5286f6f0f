import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commitsSince, judge } from './commit-subjects.ts'
import { makeTree } from '../kit/tree.ts'

const check = (subject: string, lines = 1, body = ''): string[] =>
  judge({ id: '0123456789abcdef', subject, body, lines }).map(({ message }) => message)

test.for([
  'Add a check',
  'Bring back the limit',
  'Embed the font',
  'Process rows in batches',
  'Feed the tap from the journal',
])('"%s" is accepted', (subject) => {
  expect(check(subject)).toEqual([])
})

test.for([
  'Added a check',
  'Adds a check',
  'Adding a check',
  'Fixes the check',
  'The check is added',
  'A check for commits',
  'When the check fails, report it',
  'Who reads this',
  'What is new',
  'Console: a new page',
  'add a check',
])('"%s" is rejected as no imperative', (subject) => {
  expect(check(subject)).toEqual([expect.stringContaining('does not start an imperative')])
})

test('a subject of 72 characters is accepted, and one of 73 is rejected', () => {
  expect(check(`Add ${'x'.repeat(68)}`)).toEqual([])
  expect(check(`Add ${'x'.repeat(69)}`)).toEqual([expect.stringContaining('73 characters')])
})

test('a period at the end is rejected', () => {
  expect(check('Add a check.')).toEqual([expect.stringContaining('period')])
})

test('a large change requires a body', () => {
  expect(check('Add a check', 51)).toEqual([expect.stringContaining('reason')])
  expect(check('Add a check', 51, 'Subjects differed in form.')).toEqual([])
})

test('commits after the base are read with their bodies and changed lines', async () => {
  const root = await makeTree({ 'a.ts': 'one\n' })
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', root, '-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  git('init', '-q')
  git('add', '.')
  git('commit', '-qm', 'Add a')
  const base = git('rev-parse', 'HEAD')
  await writeFile(join(root, 'a.ts'), 'two\nthree\n')
  await writeFile(join(root, 'a.md'), 'text\n')
  git('add', '.')
  git('commit', '-qm', 'Change a', '-m', 'For a reason.')
  expect(await commitsSince(root, base)).toEqual([
    { id: git('rev-parse', 'HEAD'), subject: 'Change a', body: 'For a reason.\n', lines: 3 },
  ])
})

test('a folder without Git, or without the base in its history, is not checked', async () => {
  const root = await makeTree({ 'a.ts': '' })
  expect(await commitsSince(root, 'HEAD')).toBeUndefined()
  execFileSync('git', ['-C', root, 'init', '-q'])
  expect(await commitsSince(root, '0123456789012345678901234567890123456789')).toBeUndefined()
})
