import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeTree } from '../tools/kit/tree.ts'
import { noticesOf, noticesText } from './notices.ts'

test('files of packages give one notice for each package, with the text of its licence', async () => {
  const root = await makeTree({
    'node_modules/@a/b/package.json': '{"name":"@a/b","version":"1.0.0","license":"MIT"}',
    'node_modules/@a/b/LICENSE.md': 'Text of MIT\n',
    'node_modules/@a/b/node_modules/c/package.json':
      '{"name":"c","version":"2.0.0","license":"ISC","author":{"name":"C"}}',
  })
  const files = [
    'node_modules/@a/b/index.js',
    'node_modules/@a/b/lib/x.js',
    'node_modules/@a/b/node_modules/c/index.js',
  ].map((file) => join(root, file))
  expect(await noticesOf(files)).toEqual([
    { name: '@a/b', version: '1.0.0', identifier: 'MIT', text: 'Text of MIT' },
    { name: 'c', version: '2.0.0', identifier: 'ISC', text: 'Copyright C' },
  ])
})

test('the notices are sorted and each package is in them once', () => {
  const notice = { version: '1', identifier: 'MIT', text: 'Text' }
  const text = noticesText([
    { ...notice, name: 'b' },
    { ...notice, name: 'a' },
    { ...notice, name: 'b' },
  ])
  expect(text.match(/^## .*/gm)).toEqual(['## a 1 (MIT)', '## b 1 (MIT)'])
})

test('a package without a licence cannot be bundled', () => {
  expect(() => noticesText([{ name: 'a', version: '1', text: 'Text' }])).toThrow('a 1 has no licence')
})
