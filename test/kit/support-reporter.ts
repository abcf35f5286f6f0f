// Records the evidence of a test run (proof.ts) in docs/support-results.json.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Reporter, TestCase, TestModule } from 'vitest/node'
import { ROOT } from '../../tools/kit/command.ts'
import { readResults, resultsFile, type SupportResult } from '../../tools/kit/support-results.ts'
import './proof.ts'

export interface FileOutcome {
  /** A test file or rig, relative to the root. */
  readonly file: string
  readonly failed: boolean
  /** Every test ran. */
  readonly whole: boolean
  readonly results: readonly SupportResult[]
}

/** Merges results. A file that did not run completely keeps its earlier results. */
export function merged(
  known: readonly SupportResult[],
  outcomes: readonly FileOutcome[],
): { readonly results: readonly SupportResult[]; readonly notes: readonly string[] } {
  const notes: string[] = []
  let results = known
  for (const { file, failed, whole, results: found } of outcomes) {
    const before = results.filter(({ proved_by }) => proved_by === file)
    if (failed) {
      notes.push(`${file} failed: its results are removed`)
      results = results.filter((one) => !before.includes(one))
    } else if (whole) {
      results = [...results.filter((one) => !before.includes(one)), ...found]
    } else if (before.length > 0) {
      notes.push(`${file} did not run completely: its earlier results are kept`)
    }
  }
  return { results: results.toSorted((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)), notes }
}

const orderOf = ({ system, role, server, part = '', proved_by }: SupportResult): string =>
  [system, role, server, part, proved_by].join('\0')

/** Each rig has an outcome, and the remaining tests of the file have one. */
function outcomesOf(module: TestModule): FileOutcome[] {
  const file = relative(ROOT, module.moduleId)
  const byFile = Map.groupBy(module.children.allTests(), (test) => rigOf(test) ?? file)
  const hasErrors = module.errors().length > 0
  if (byFile.size === 0) byFile.set(file, [])
  return [...byFile].map(([path, tests]) => outcomeOf(path, tests, hasErrors))
}

/** The outermost suite of a rig is named by its path. */
function rigOf(test: TestCase): string | undefined {
  let suite = test.parent
  while (suite.type === 'suite' && suite.parent.type === 'suite') suite = suite.parent
  return suite.type === 'suite' && suite.name.endsWith('/testing/rig.ts') ? suite.name : undefined
}

function outcomeOf(file: string, tests: readonly TestCase[], hasErrors: boolean): FileOutcome {
  const groups = new Map<string, SupportResult>()
  for (const test of tests) {
    const { proofs = [], order } = test.meta()
    for (const { unordered, standIn: isStandIn, ...proof } of proofs) {
      const key = JSON.stringify([proof.system, proof.role, proof.server, proof.part])
      const before = groups.get(key)
      const kept = unordered === true ? undefined : (order ?? before?.order)
      groups.set(key, {
        system: proof.system,
        role: proof.role,
        ...(proof.part === undefined ? {} : { part: proof.part }),
        server: proof.server,
        ...(proof.version === undefined ? {} : { version: proof.version }),
        ...(isStandIn === true ? { stand_in: true } : {}),
        ...(kept === undefined ? {} : { order: kept }),
        tests_passed: (before?.tests_passed ?? 0) + 1,
        proved_by: file,
      })
    }
  }
  const states = tests.map((test) => test.result().state)
  return {
    file,
    failed: states.includes('failed') || hasErrors,
    whole: states.length > 0 && states.every((state) => state === 'passed'),
    results: [...groups.values()],
  }
}

export default class SupportReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const path = join(ROOT, resultsFile)
    const known = readResults(readFileSync(path, 'utf8'))
    const { results, notes: remarks } = merged(known, modules.flatMap(outcomesOf))
    for (const line of remarks) console.log(`support table: ${line}`)
    writeFileSync(path, `[\n${results.map((one) => `  ${JSON.stringify(one)}`).join(',\n')}\n]\n`)
    console.log(`support table: ${results.length} results in ${resultsFile}; now \`npm run docs\``)
  }
}
