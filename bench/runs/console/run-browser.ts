import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { runVitest } from '../../../tools/kit/vitest.ts'
import type { AcceptanceContext } from '../../harness.ts'
import type { Figure } from '../../../test/browser/kit/figures.ts'

interface BrowserTest {
  readonly title: string
  readonly passed: boolean
  readonly skipped: boolean
  readonly failure: string
}

/**
 * Runs browser tests (all, or those chosen by vitest arguments), reports finished files and failed tests on stderr,
 * and prints their figures. `limit` in ms.
 */
export async function runBrowserTests(
  context: AcceptanceContext,
  args: readonly string[],
  limit: number,
): Promise<BrowserTest[]> {
  const figures = join(context.folder, `figures-${performance.now()}.jsonl`)
  const before = process.env['WEIR_FIGURES']
  process.env['WEIR_FIGURES'] = figures
  try {
    const { report, output } = await runVitest(['--config', 'test/browser/vitest.config.ts', ...args], {
      limit,
      onOutput: fileLines((line) => process.stderr.write(`${line}\n`)),
    })
    if (report === undefined) throw new Error(`the browser tests ended without a report: ${output.slice(-3000)}`)
    const text = await readFile(figures, 'utf8').catch(() => '')
    for (const line of text.split('\n').filter((each) => each !== '')) {
      const { name, value, unit, below, least } = JSON.parse(line) as Figure
      context.figure(name, value, unit)
      if (below !== undefined) context.expectSpeed(Number(value) < below, `${name}: below ${below} ${unit}`)
      if (least !== undefined) context.expectSpeed(Number(value) >= least, `${name}: at least ${least} ${unit}`)
    }
    for (const { name, status, message } of report.testResults)
      if (status === 'failed' && message !== '') context.expect(false, `${name} runs: ${firstLine(message)}`)
    return report.testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .map(({ title, status, failureMessages = [] }) => ({
        title,
        passed: status === 'passed',
        skipped: status === 'skipped' || status === 'pending',
        failure: status === 'passed' ? '' : firstLine(failureMessages[0] ?? status),
      }))
  } finally {
    if (before === undefined) delete process.env['WEIR_FIGURES']
    else process.env['WEIR_FIGURES'] = before
  }
}

/** Calls back for the line of each finished test file and each failed test. */
export function fileLines(onLine: (line: string) => void): (text: string) => void {
  let rest = ''
  return (text) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const plain = stripVTControlCharacters(line).trim()
      if (/^\S\s+\S+\.browser\.ts\s+\(|^×\s/.test(plain)) onLine(plain)
    }
  }
}

function firstLine(text: string) {
  return text.split('\n', 1)[0]?.slice(0, 300) ?? ''
}
