// NAME stands for any name.
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { anchor } from '../docs/markdown.ts'
import { isMain } from '../kit/main.ts'
import { ROOT } from '../kit/command.ts'
import { listFiles, runCheckAlone, type Problem } from '../kit/sources.ts'

const guarantees = 'docs/guarantees.md'
const NAMED = /`((?:src|test|tools|release|sim|bench|console|examples|docs|deploy)\/[\w./-]+\.(?:ts|tsx|json|mjs|md))`/g
const LINKED = /\]\(([^)\s]+)\)/g
/** `[name]: path` */
const DEFINED = /^\[[^\]]+\]: (\S+)$/g
const HEADING = /^#+ (.*)$/gm
const RUN = /npm run acceptance -- ([a-z][\w-]*)/g
/** The Node of users may be too old for TypeScript; `npm run` has the installed one. */
const BARE_NODE = /\bnode (?:[\w./<>-]+\/)?[\w-]+\.ts\b/
const TEST_PATH = /\.(?:test|browser)\.ts$|^test\/|^src\/codecs\//

const runFolders = ['bench/runs', 'test/attacks']

export async function documentPaths(root: string): Promise<Problem[]> {
  const roots = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'STYLE.md'].filter((file) =>
    existsSync(join(root, file)),
  )
  const folders = await Promise.all(
    ['docs', 'src', 'test', 'bench', 'examples', 'deploy', 'clients', 'proto', 'release'].map((folder) =>
      listFiles(root, folder, /\.md$/),
    ),
  )
  const pages = [...roots, ...folders.flat()]
  const texts = new Map(
    await Promise.all(pages.map(async (file) => [file, await readFile(join(root, file), 'utf8')] as const)),
  )
  return [...texts].flatMap(([file, text]) => problemsOf(root, file, text, texts))
}

function problemsOf(root: string, file: string, text: string, texts: ReadonlyMap<string, string>): Problem[] {
  const problems: Problem[] = []
  let fence = false
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*```/.test(line)) fence = !fence
    const problem = (message: string) => {
      problems.push({ file, line: index + 1, message })
    }
    const links = (fence ? [] : [LINKED, DEFINED].flatMap((pattern) => pathsIn(line, pattern)))
      .filter((link) => !/^[a-z]+:/.test(link))
      .map((link) => link.split('#'))
      .map(([path = '', heading]) => ({ path: path === '' ? file : join(dirname(file), path), heading }))
    const named = [...pathsIn(line, NAMED), ...links.map(({ path }) => path)]
    for (const path of named)
      if (!path.includes('NAME') && !existsSync(join(root, path))) problem(`${path} does not exist`)
    for (const { path, heading } of links)
      if (heading !== undefined && !headingsOf(texts.get(path) ?? '').includes(heading))
        problem(`${path} has no heading #${heading}`)
    if (BARE_NODE.test(line))
      problem('`node FILE.ts` needs a new Node: write `npm run ts FILE.ts` or a script of package.json')
    const runs = pathsIn(line, RUN)
    for (const run of runs)
      if (!runFolders.some((folder) => existsSync(join(root, folder, `${run}.ts`))))
        problem(`acceptance test ${run} is in none of ${runFolders.join(', ')}`)
    if (file !== guarantees) continue
    const promise = /^\| (?:\d+ )?\| (.*?) \|/.exec(line)?.[1] ?? ''
    if (promise === '' || promise === 'Promise') continue
    if (runs.length === 0 && !named.some((path) => TEST_PATH.test(path)))
      problem('this promise has no test: name one, or an acceptance test as `npm run acceptance -- NAME`')
  }
  return problems
}

function headingsOf(text: string) {
  return pathsIn(text, HEADING).map(anchor)
}

function pathsIn(line: string, pattern: RegExp) {
  return [...line.matchAll(pattern)].map(([, path = '']) => path)
}

if (isMain(import.meta.url)) {
  process.argv[2] ??= ROOT
  await runCheckAlone(documentPaths, 'documents')
}
