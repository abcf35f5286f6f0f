import { posix } from 'node:path'
import { importsOf } from './imports.ts'
import { listFiles, readSource, TYPESCRIPT } from './sources.ts'

type Module = Readonly<{ text: string; imports: readonly string[] }>

/** By path in the repository. */
export type ImportGraph = ReadonlyMap<string, Module>

const folders = ['src', 'clients', 'proto', 'test', 'tools', 'release', 'sim', 'bench', 'deploy', 'examples']
/** These start Weir as a process. */
const starters = new Set(['test/kit/weir-process.ts', 'test/kit/weir-command.ts'])
const started = 'src/main.ts'
/** A change of these reaches everything. */
const everywhere = /^(?:package(?:-lock)?\.json|bin\/.*|test\/real\/vitest\.config\.ts)$/
const connector = /^src\/connectors\/([^/]+)\//

export async function readGraph(root: string): Promise<ImportGraph> {
  const files = (await Promise.all(folders.map((folder) => listFiles(root, folder, TYPESCRIPT)))).flat()
  const graph = new Map<string, Module>()
  for (const file of files) {
    const source = await readSource(root, file)
    const imports = importsOf(source).flatMap(({ target }) => (target === undefined ? [] : [posix.normalize(target)]))
    graph.set(file, { text: source.text, imports: starters.has(file) ? [...imports, started] : imports })
  }
  return graph
}

/** The files and all that they import, also indirectly. */
export function reachedFrom(graph: ImportGraph, files: readonly string[]): ReadonlySet<string> {
  const reached = new Set(files)
  for (const file of reached) for (const target of graph.get(file)?.imports ?? []) reached.add(target)
  return reached
}

/**
 * Those of `files` that a change reaches. Weir loads a connector by its name: one that a process runs is reached if a
 * test names it. A changed file that is no module is reached if a test names it or its folder (at least two names).
 */
export function affected(graph: ImportGraph, files: readonly string[], changed: readonly string[]): readonly string[] {
  if (changed.some((file) => everywhere.test(file))) return files
  return files.filter((file) => {
    const reached = reachedFrom(graph, [file])
    if (changed.some((text) => reached.has(text))) return true
    const texts = [...reached]
      .filter((text) => /^(?:test|bench|tools|release|sim|examples)\//.test(text) || text === file)
      .map((text) => graph.get(text)?.text ?? '')
    const isNamed = (name: string): boolean => texts.some((text) => text.includes(name))
    return changed.some((text) => {
      const type = connector.exec(text)?.[1]
      if (type !== undefined) return reached.has(started) && new RegExp(`['"\`/]${type}['"\`/]`).test(texts.join('\n'))
      return !TYPESCRIPT.test(text) && foldersOf(text).some(isNamed)
    })
  })
}

/** The path and its folders, without those at the top. */
function foldersOf(path: string): readonly string[] {
  const parts = path.split('/')
  return parts.slice(1).map((_, index) => parts.slice(0, index + 2).join('/'))
}
