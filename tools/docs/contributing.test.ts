import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connectorForms } from '../../src/cli/create-connector.ts'
import { ROOT } from '../kit/command.ts'

const contributing = await readFile(join(ROOT, 'CONTRIBUTING.md'), 'utf8')
const examples = [...contributing.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code)

// test/process/create-connector.real.test.ts compiles and runs the templates.
test.each([
  ['poll/source.ts', 40],
  ['sink/sink.ts', 30],
])('CONTRIBUTING shows the template %s, of at most %i lines', async (template, mostLines) => {
  const forms = connectorForms('acme')
  const text = (await readFile(join(ROOT, `tools/connector-template/${template}.tmpl`), 'utf8')).replaceAll(
    /\{\{(\w+)\}\}/g,
    (_, form: string) => forms[form] ?? '',
  )
  expect(examples).toContain(text)
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(mostLines)
})
