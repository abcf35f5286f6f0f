// For .ci/run. Skips not in test/skips.json count as failed. A few failed files run once more and count as unsteady.
import { relative } from 'node:path'
import { ROOT } from './kit/command.ts'
import {
  countReport,
  failedFiles,
  formatCounts,
  readAllowedSkips,
  type AllowedSkip,
  type Counts,
} from './kit/counts.ts'
import { isMain } from './kit/main.ts'
import { printLongest } from './kit/spans.ts'
import { runVitest } from './kit/vitest.ts'

/** More files than these, or this part of all, are a fault and not a busy machine. */
const few = { files: 3, part: 0.05 }

export async function countVitest(args: readonly string[], limit: number): Promise<Counts> {
  const run = await runVitest(args, { limit, echo: true })
  if (run.timedOut) console.log(`vitest was stopped after ${limit / 1000} s`)
  if (run.report === undefined) return { passed: 0, failed: 1, skipped: 0 }
  const allowed: readonly AllowedSkip[] = await readAllowedSkips(ROOT)
  const { counts, complaints } = countReport(run.report, allowed)
  printLongest(
    'test files',
    run.report.testResults.map(({ name, startTime, endTime }) => ({
      name: relative(ROOT, name),
      from: startTime,
      to: endTime,
    })),
  )
  const files = failedFiles(run.report, allowed)
  const limitOfFiles = Math.max(few.files, Math.floor(run.report.testResults.length * few.part))
  if (counts.failed > 0 && files.length > 0 && files.length <= limitOfFiles) {
    const again = await runVitest(
      [
        ...args.filter((arg, index) => arg.startsWith('-') || args[index - 1]?.startsWith('-') === true),
        '--no-file-parallelism',
        ...files,
      ],
      { limit, echo: true },
    )
    const second = again.report === undefined ? undefined : countReport(again.report, allowed)
    if (second !== undefined && again.code === 0 && second.counts.failed === 0) {
      for (const complaint of complaints) console.log(`unsteady: passed when run again: ${complaint}`)
      return { ...counts, passed: counts.passed + counts.failed, failed: 0 }
    }
  }
  for (const complaint of complaints) console.log(`failed: ${complaint}`)
  return run.code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts
}

if (isMain(import.meta.url)) {
  const counts = await countVitest(process.argv.slice(2), 600_000)
  console.log(`tests: ${formatCounts(counts)}`)
  process.exitCode = counts.failed === 0 ? 0 : 1
}
