import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isMain } from '../kit/main.ts'
import { isTestFile, listFiles, runCheckAlone, TYPESCRIPT, type Problem } from '../kit/sources.ts'

const LONGEST_FILE = 420
const LONGEST_INDEX = 30
const REASON = /^\/\/ Long because \S/
const JUNK_DRAWER = /^(?:utils?|helpers?|misc|common)$/i
const LOOPS = ['source.ts', 'sink.ts', 'journal.ts', 'store.ts']
/** Larger parts: `map-templates.ts`, `client-tls.ts`; in a connector of many files, `map/templates.ts`. */
const CONNECTOR_FILE =
  /^(?:config|index|metrics|(?:source|sink|journal|store|client|map)(?:-[a-z0-9-]+|\/[a-z0-9-]+)?)\.ts$/

export async function folderShape(root: string): Promise<Problem[]> {
  return [...(await connectorFolders(root)), ...(await longFiles(root)), ...(await junkDrawers(root))]
}

async function connectorFolders(root: string): Promise<Problem[]> {
  const folders = new Map<string, string[]>()
  const problems: Problem[] = []
  for (const path of await listFiles(root, 'src/connectors', /./)) {
    const [, , system = '', ...rest] = path.split('/')
    if (rest.length === 0) {
      problems.push({ file: path, message: 'a connector lives in a folder named after its system' })
      continue
    }
    folders.set(system, [...(folders.get(system) ?? []), rest.join('/')])
  }
  for (const [system, files] of folders) {
    const folder = `src/connectors/${system}`
    for (const needed of ['config.ts', 'index.ts', 'README.md']) {
      if (!files.includes(needed)) problems.push({ file: folder, message: `${needed} is missing` })
    }
    if (!LOOPS.some((loop) => files.includes(loop))) {
      problems.push({ file: folder, message: `a connector has at least one of ${LOOPS.join(', ')}` })
    }
    for (const file of files) {
      if (!TYPESCRIPT.test(file) || isTestFile(file) || CONNECTOR_FILE.test(file)) continue
      problems.push({
        file: `${folder}/${file}`,
        message:
          'not a name of the connector shape: the loop is source or sink, the wire client, pure mapping map ' +
          '(a split part is map-<what>.ts or map/<what>.ts)',
      })
    }
    if (files.includes('index.ts')) {
      const lines = await countLines(join(root, folder, 'index.ts'))
      if (lines > LONGEST_INDEX) {
        problems.push({
          file: `${folder}/index.ts`,
          message: `${lines} lines; an index only declares the component, in at most ${LONGEST_INDEX}`,
        })
      }
    }
  }
  return problems
}

async function longFiles(root: string): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const path of await listFiles(root, 'src', TYPESCRIPT)) {
    if (isTestFile(path)) continue
    const lines = await countLines(join(root, path))
    if (lines <= LONGEST_FILE) continue
    const head = (await readFile(join(root, path), 'utf8')).split('\n', 5)
    if (head.some((line) => REASON.test(line))) continue
    problems.push({
      file: path,
      message: `${lines} lines: split it, or add in its first five lines "// Long because …"`,
    })
  }
  return problems
}

async function junkDrawers(root: string): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const folder of ['src', 'console', 'test', 'tools', 'release', 'sim', 'bench']) {
    for (const path of await listFiles(root, folder, TYPESCRIPT)) {
      const junk = path.split('/').find((part) => JUNK_DRAWER.test(part.split('.')[0] ?? ''))
      if (junk !== undefined)
        problems.push({ file: path, message: `"${junk}" is too general: name the file after its content` })
    }
  }
  return problems
}

async function countLines(path: string): Promise<number> {
  const text = await readFile(path, 'utf8')
  return text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
}

if (isMain(import.meta.url)) await runCheckAlone(folderShape, 'folder shape')
