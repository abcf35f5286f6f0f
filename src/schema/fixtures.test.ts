import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { weir } from './fixtures/schemas.ts'
import { formatProblems, parseYaml, validate } from './index.ts'

const folder = join(import.meta.dirname, 'fixtures')
const cases = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())

// A new case is a folder with in.yaml; `vitest run -u` writes expected.txt.
describe('an invalid configuration has the messages of fixtures/<case>/expected.txt:', () => {
  it.each(cases.map((entry) => entry.name))('%s', async (name) => {
    const text = readFileSync(join(folder, name, 'in.yaml'), 'utf8')
    const { problems } = validate(weir, parseYaml(text, 'weir.yaml'))
    expect(problems?.length).toBeGreaterThan(0)
    const printed = formatProblems(problems ?? [], text)
    expect(printed).not.toContain('hunter2')
    await expect(`${printed}\n`).toMatchFileSnapshot(join(folder, name, 'expected.txt'))
  })
})
