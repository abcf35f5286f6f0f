import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8')
const cases = [...read('README.md').matchAll(/^\|.*\| `([a-z/.\d-]+\.test\.ts)` > (.+) \|$/gm)].map(
  ([, file = '', name = '']) => ({ file, name }),
)

test('each test that the README names is there, under that name', () => {
  expect(cases.length).toBeGreaterThan(30)
  expect(
    cases
      .filter(
        ({ file, name }) =>
          !read(file)
            .replaceAll(/\(\s+'/g, "('")
            .replaceAll("\\'", "'")
            .includes(`('${name}'`),
      )
      .map(({ name }) => name),
  ).toEqual([])
})
