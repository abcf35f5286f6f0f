// Files and acceptance tests that documents name exist, and each guarantee names its tests. NAME stands for any name.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isMain } from './kit/main.ts'
import { ROOT } from './kit/command.ts'
import { listFiles, runCheckAlone, type Problem } from './kit/sources.ts'

export const guarantees = 'docs/guarantees.md'
const NAMED = /`((?:src|test|tools|bench|console|examples|docs|deploy)\/[\w./-]+\.(?:ts|tsx|json|mjs|md))`/g
const LINKED = /\]\(([^)\s#]+)(?:#[^)\s]*)?\)/g
const RUN = /npm run bar -- ([a-z][\w-]*)/g
const TEST_PATH = /\.(?:test|browser)\.ts$|^test\/|^src\/codecs\//

/** Problems of every Markdown document below `root`, in the order of files and lines. */
export async function documentPaths(root: string): Promise<Problem[]> {
  const roots = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'STYLE.md'].filter((file) =>
    existsSync(join(root, file)),
  )
  const folders = await Promise.all(
    ['docs', 'src', 'test', 'bench', 'examples', 'deploy', 'clients', 'proto'].map((folder) =>
      listFiles(root, folder, /\.md$/),
    ),
  )
  const pages = await Promise.all(
    [...roots, ...folders.flat()].map(async (file) => problemsOf(root, file, await readFile(join(root, file), 'utf8'))),
  )
  return pages.flat()
}

function problemsOf(root: string, file: string, text: string): Problem[] {
  const problems: Problem[] = []
  let fence = false
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*```/.test(line)) fence = !fence
    const problem = (message: string): void => {
      problems.push({ file, line: index + 1, message })
    }
    const linked = fence ? [] : pathsIn(line, LINKED).filter((path) => !/^[a-z]+:/.test(path))
    const named = [...pathsIn(line, NAMED), ...linked.map((path) => join(dirname(file), path))]
    for (const path of named)
      if (!path.includes('NAME') && !existsSync(join(root, path))) problem(`${path} does not exist`)
    const runs = pathsIn(line, RUN)
    for (const run of runs)
      if (!existsSync(join(root, `bench/runs/${run}.ts`))) problem(`acceptance test ${run} is not in bench/runs`)
    if (file !== guarantees) continue
    const promise = /^\| (?:\d+ )?\| (.*?) \|/.exec(line)?.[1] ?? ''
    if (promise === '' || promise === 'Promise') continue
    if (runs.length === 0 && !named.some((path) => TEST_PATH.test(path)))
      problem('this promise has no test: name one, or an acceptance test as `npm run bar -- NAME`')
  }
  return problems
}

function pathsIn(line: string, pattern: RegExp): string[] {
  return [...line.matchAll(pattern)].map(([, path = '']) => path)
}

if (isMain(import.meta.url)) {
  process.argv[2] ??= ROOT
  await runCheckAlone(documentPaths, 'documents')
}
