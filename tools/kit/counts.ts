import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type Counts = Readonly<{
  passed: number
  failed: number
  skipped: number
}>

/** A test, a `describe` with all its tests, or a test file by its path in the repository. */
export type AllowedSkip = Readonly<{
  name: string
  reason: string
}>

export type VitestReport = Readonly<{
  success: boolean
  testResults: readonly Readonly<{
    name: string
    status: string
    message: string
    /** Ms since the epoch. */
    startTime: number
    endTime: number
    assertionResults: readonly Readonly<{
      ancestorTitles: readonly string[]
      title: string
      status: string
      failureMessages?: readonly string[]
    }>[]
  }>[]
}>

export async function readAllowedSkips(root: string): Promise<AllowedSkip[]> {
  const skips = JSON.parse(await readFile(join(root, 'test/skips.json'), 'utf8')) as AllowedSkip[]
  for (const skip of skips) {
    if (!skip.name || !skip.reason)
      throw new Error(`test/skips.json: an entry needs a name and a reason: ${JSON.stringify(skip)}`)
  }
  return skips
}

export function isAllowedSkip(name: string, allowed: readonly AllowedSkip[], file = ''): boolean {
  return allowed.some(
    (skip) => name === skip.name || name.startsWith(`${skip.name} > `) || file.endsWith(`/${skip.name}`),
  )
}

/** An unlisted skip and a file that could not run count as failed. */
export function countReport(
  report: VitestReport,
  allowed: readonly AllowedSkip[],
): { counts: Counts; complaints: string[] } {
  let passed = 0
  let failed = 0
  let skipped = 0
  const complaints: string[] = []
  for (const file of report.testResults) {
    let failedHere = 0
    for (const test of file.assertionResults) {
      const name = [...test.ancestorTitles, test.title].join(' > ')
      if (test.status === 'passed') {
        passed++
      } else if (test.status === 'failed') {
        failedHere++
        complaints.push(`${name} in ${file.name}: ${inLine(test.failureMessages?.join(' ') ?? '')}`)
      } else if (isAllowedSkip(name, allowed, file.name)) {
        skipped++
      } else {
        failedHere++
        complaints.push(`skipped, and test/skips.json does not list it: ${name} (${test.status}) in ${file.name}`)
      }
    }
    if (file.status === 'failed' && failedHere === 0) {
      failedHere = 1
      complaints.push(`did not run: ${file.name}: ${inLine(file.message)}`)
    }
    failed += failedHere
  }
  if (!report.success && failed === 0) {
    failed = 1
    complaints.push('the run failed although no test did: check for unhandled errors above')
  }
  return { counts: { passed, failed, skipped }, complaints }
}

function inLine(message: string): string {
  return (
    message
      // eslint-disable-next-line no-control-regex -- colours of a terminal
      .replaceAll(/\u001B\[[\d;]*m/g, '')
      .replaceAll(/\s+/g, ' ')
      .slice(0, 800)
  )
}

/** An unhandled error belongs to no file. */
export function failedFiles(report: VitestReport, allowed: readonly AllowedSkip[]): string[] {
  return report.testResults
    .filter((file) => countReport({ success: true, testResults: [file] }, allowed).counts.failed > 0)
    .map(({ name }) => name)
}

export function addCounts(all: readonly Counts[]): Counts {
  return all.reduce(
    (sum, counts) => ({
      passed: sum.passed + counts.passed,
      failed: sum.failed + counts.failed,
      skipped: sum.skipped + counts.skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  )
}

export function formatCounts(counts: Counts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`
}

export function findCounts(text: string): Counts | undefined {
  const match = [...text.matchAll(/(\d+) passed, (\d+) failed, (\d+) skipped/g)].at(-1)
  return match && { passed: Number(match[1]), failed: Number(match[2]), skipped: Number(match[3]) }
}
