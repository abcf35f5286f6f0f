// Every configuration of the documents, examples and installations passes `weir validate --no-environment`. A block
// ```yaml is one of Weir, a block ```yml is of another program.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { verifyLiterals } from '../../src/app/config-machine.ts'
import { loadDocument } from '../../src/app/load-config.ts'
import { interfacesSchema } from '../../src/connectors/netflow/map-interfaces.ts'
import { networksSchema } from '../../src/identity/networks-file.ts'
import { messageOf } from '../../src/model/errors.ts'
import { fieldsOf } from '../../src/model/json.ts'
import { formatProblems, parseYaml, validate, type AnyComponentSchema } from '../../src/schema/index.ts'
import { isMain } from '../kit/main.ts'
import { listFiles, runCheckAlone, type Problem } from '../kit/sources.ts'

/** Files beside the configuration, by their only key. */
const files: ReadonlyMap<string, AnyComponentSchema> = new Map<string, AnyComponentSchema>([
  ['networks', networksSchema],
  ['interfaces', interfacesSchema],
])

const places = [
  ['.', /^(?:README|CONTRIBUTING|SECURITY|STYLE)\.md$/],
  ['docs', /\.md$/],
  ['deploy', /\.md$|(?:^|\/)weir\.yaml$/],
  ['examples', /\.md$|(?:^|\/)weir\.yaml$/],
  ['src', /^README\.md$|\/README\.md$/],
] as const

export async function configBlocks(root: string): Promise<Problem[]> {
  const results = await Promise.all(
    places.map(async ([folder, names]) =>
      folder === '.' ? ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'STYLE.md'] : listFiles(root, folder, names),
    ),
  )
  const problems: Problem[] = []
  // One after another: packages of connectors are shared.
  for (const file of results.flat()) {
    const text = await readFile(join(root, file), 'utf8').catch(() => '')
    const blocks = file.endsWith('.md') ? blocksOf(text) : [text]
    for (const block of blocks) problems.push(...(await problemsOf(file, block)))
  }
  return problems
}

/** Each with the lines before it as empty ones, so that a problem has the line of the page. */
export function blocksOf(page: string): readonly string[] {
  return [...page.matchAll(/^ *```yaml\n([\s\S]*?)^ *```$/gm)].map(({ index, 1: body = '' }) => {
    const before = page.slice(0, index).split('\n').length
    return `${'\n'.repeat(before)}${body}`
  })
}

async function problemsOf(file: string, text: string): Promise<readonly Problem[]> {
  const document = parseYaml(text, file)
  const keys = Object.keys(fieldsOf(document.value))
  const ofItsOwn = keys.length === 1 ? files.get(keys[0] ?? '') : undefined
  if (ofItsOwn !== undefined) {
    const { problems } = validate(ofItsOwn, document)
    return problems === undefined ? [] : linesOf(formatProblems(problems, text))
  }
  try {
    const loaded = await loadDocument(document, [], 'none')
    return linesOf(`${loaded.warnings}\n${verifyLiterals({ ...loaded, empty: [] })}`)
  } catch (error) {
    return linesOf(messageOf(error))
  }
}

function linesOf(report: string): readonly Problem[] {
  return [...report.matchAll(/^(\S+):(\d+):\d+: (?:error|warning): (.*)$/gm)].map(
    ([, file = '', line, message = '']) => ({
      file,
      line: Number(line),
      message,
    }),
  )
}

if (isMain(import.meta.url)) await runCheckAlone(configBlocks, 'configurations')
