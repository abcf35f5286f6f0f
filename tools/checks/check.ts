import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bindingNames } from './binding-names.ts'
import { keptCounts } from './code-counts.ts'
import { commitSubjects } from './commit-subjects.ts'
import { configBlocks } from './config-blocks.ts'
import { consoleSize } from './console-size.ts'
import { consoleText } from './console-text.ts'
import { docsDrift } from './docs-drift.ts'
import { documentFilters } from './document-filters.ts'
import { documentPaths } from './document-paths.ts'
import { folderShape } from './folder-shape.ts'
import { formatting } from './formatting.ts'
import { hostRule } from './host-rule.ts'
import { importLaw } from './import-law.ts'
import { fewCollections, localBin, ROOT, runCommand } from '../kit/command.ts'
import { formatProblem, type Check, type Problem } from '../kit/sources.ts'
import { lineLength } from './line-length.ts'
import { lint } from './lint.ts'
import { plainWords } from './plain-words.ts'
import { supportTable } from './support-table.ts'

const checks: readonly (readonly [name: string, check: Check])[] = [
  ['types', types],
  ['lint', lint],
  ['formatting', formatting],
  ['host rule', hostRule],
  ['import law', importLaw],
  ['folder shape', folderShape],
  ['docs drift', docsDrift],
  ['documents', documentPaths],
  ['settings', async (root) => [...(await configBlocks(root)), ...(await documentFilters(root))]],
  ['support', supportTable],
  ['console text', consoleText],
  ['console size', consoleSize],
  ['commits', commitSubjects],
  ['plain words', plainWords],
  ['bindings', bindingNames],
  ['line length', lineLength],
  ['counts', keptCounts],
]

async function types(root: string): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const project of ['.', 'console']) {
    if (!existsSync(join(root, project, 'tsconfig.json'))) continue
    // Each checker checks the types that it shares with others again.
    const args = ['--noEmit', '--pretty', 'false', '--checkers', '1', '-p', project]
    const result = await runCommand(localBin('tsc'), args, { cwd: root, limit: 300_000, env: fewCollections })
    if (result.code === 0) continue
    const before = problems.length
    for (const line of result.output.split('\n')) {
      const match = /^(.+?)\((\d+),\d+\): (.*)$/.exec(line)
      if (match !== null) problems.push({ file: match[1] ?? '', line: Number(match[2]), message: match[3] ?? '' })
    }
    if (problems.length === before)
      problems.push({ file: project, message: `tsc failed (exit ${result.code}): ${result.output.trim()}` })
  }
  return problems
}

// `--without NAME,NAME`: for the test of a new connector, which changes nothing that these verify.
const { values } = parseArgs({ options: { without: { type: 'string', default: '' } } })
const without = values.without.split(',')
const chosen = checks.filter(([name]) => !without.includes(name))

type Judged = Readonly<{ name: string; problems: readonly string[]; seconds: number }>

async function judge([name, check]: (typeof checks)[number]): Promise<Judged> {
  const started = performance.now()
  const problems = await check(ROOT).then(
    (all) => all.map(formatProblem),
    (error: unknown) => [error instanceof Error ? error.message : String(error)],
  )
  return { name, problems, seconds: (performance.now() - started) / 1000 }
}

/** These wait for other programs. All others take turns in this process. */
const elsewhere = [['lint'], ['types', 'formatting', 'commits']]

async function inTurn(chosenChecks: readonly (typeof checks)[number][]): Promise<readonly Judged[]> {
  const judged: Judged[] = []
  for (const check of chosenChecks) judged.push(await judge(check))
  return judged
}

const turns = await Promise.all([
  ...elsewhere.map((names) => inTurn(chosen.filter(([name]) => names.includes(name)))),
  inTurn(chosen.filter(([name]) => !elsewhere.flat().includes(name))),
])
const failures: string[] = []
let failed = 0
for (const [wanted] of chosen) {
  const { problems = [], seconds = 0 } = turns.flat().find(({ name }) => name === wanted) ?? {}
  const verdict = problems.length === 0 ? 'ok    ' : 'failed'
  const count = problems.length === 0 ? '' : `  ${problems.length} problems`
  console.log(`${verdict}  ${wanted.padEnd(12)}  ${seconds.toFixed(1)} s${count}`)
  if (problems.length === 0) continue
  failed++
  failures.push(...problems.map((problem) => `failed: ${wanted}: ${problem}`))
}
for (const line of failures) console.log(line)
// The last line is for .ci/run, which adds up the counts of all stages.
console.log(`\ncheck: ${chosen.length - failed} passed, ${failed} failed, 0 skipped`)
process.exitCode = failed === 0 ? 0 : 1
