import { expect, test } from 'vitest'
import { parseYaml } from './document.ts'
import { formatProblems } from './problem.ts'

const deep: Readonly<Record<string, string>> = {
  brackets: '['.repeat(20_000),
  closed: `sources: ${'['.repeat(20_000)}${']'.repeat(20_000)}\n`,
  maps: `a: ${'{a: '.repeat(20_000)}\n`,
  lines: Array.from({ length: 3000 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
  dashes: `${'- '.repeat(20_000)}a\n`,
}

test('YAML that nests too deeply is one short message with its place', () => {
  for (const [name, text] of Object.entries(deep)) {
    const { problems, readable } = parseYaml(text, 'weir.yaml')
    expect([readable, problems.length], name).toEqual([false, 1])
    const shown = formatProblems(problems, text)
    expect(shown, name).toMatch(/^weir\.yaml:\d+:\d+: error: the YAML nests deeper than 100 levels\n/)
    expect(shown.length, name).toBeLessThan(2000)
  }
})

test('brackets in texts and comments do not nest', () => {
  const text = `a: "${'['.repeat(500)}"\nb: '${'{'.repeat(500)}'\n# ${'['.repeat(500)}\nc: 1\n`
  expect(parseYaml(text, 'weir.yaml')).toMatchObject({ problems: [], readable: true })
})
