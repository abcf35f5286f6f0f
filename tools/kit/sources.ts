import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { parseSync, type ParseResult } from 'oxc-parser'

export type Problem = Readonly<{
  file: string
  line?: number
  message: string
}>

export type Check = (root: string) => Promise<Problem[]>

const NEVER_READ = new Set(['node_modules', 'dist', 'fixtures', 'weir-data', 'coverage'])

export async function listFiles(root: string, folder: string, matches: RegExp): Promise<string[]> {
  const files: string[] = []
  const walk = async (dir: string) => {
    const entries = await readdir(dir, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
      // Deleted during the check.
      if (error.code === 'ENOENT') return []
      throw error
    })
    for (const entry of entries) {
      if (entry.isDirectory()) {
        if (!NEVER_READ.has(entry.name) && !entry.name.startsWith('.')) await walk(join(dir, entry.name))
      } else if (entry.isFile() && matches.test(entry.name)) {
        files.push(relative(root, join(dir, entry.name)).split(sep).join('/'))
      }
    }
  }
  await walk(join(root, folder))
  return files.toSorted()
}

export const TYPESCRIPT = /\.(?:ts|tsx|mts)$/

export function isTestFile(path: string): boolean {
  return /\.(?:test|soak|bench)\.tsx?$/.test(path) || /(?:^|\/)(?:test|fixtures|testing)\//.test(path)
}

export type Source = Readonly<{
  path: string
  text: string
  tree: ParseResult
  line(offset: number): number
}>

export async function readSource(root: string, path: string): Promise<Source> {
  const text = await readFile(join(root, path), 'utf8')
  return parseSource(path, text)
}

export function parseSource(path: string, text: string): Source {
  const tree = parseSync(path, text)
  const first = tree.errors.find((error) => error.severity === 'Error')
  if (first !== undefined) throw new Error(`${path} does not parse: ${first.message}`)
  return {
    path,
    text,
    tree,
    line: (offset) => {
      let line = 1
      for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line++
      return line
    },
  }
}

export function formatProblem(problem: Problem): string {
  return `${problem.file}${problem.line === undefined ? '' : `:${problem.line}`}  ${problem.message}`
}

export async function runCheckAlone(check: Check, what: string): Promise<void> {
  const problems = await check(process.argv[2] ?? process.cwd())
  for (const problem of problems) console.error(formatProblem(problem))
  console.error(problems.length === 0 ? `${what}: ok` : `${what}: ${problems.length} problems`)
  process.exitCode = problems.length === 0 ? 0 : 1
}
