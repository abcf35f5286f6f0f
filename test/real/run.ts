// `npm run test:real`: Weir against real programs, then every acceptance run at CI scale. `npm run test:real --
// NAME` runs the test files with NAME in their path, without acceptance runs. `npm run test:real -- --write [NAME
// …]` also writes the proven results (docs/support-results.json), without acceptance runs.
import { countVitest } from '../../tools/count-vitest.ts'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { addCounts, findCounts, formatCounts } from '../../tools/kit/counts.ts'
import { installAll } from './install/all.ts'

// Together with the other stages below 85 minutes (.ci/run).
const VITEST_LIMIT = 45 * 60_000
const RUNS_LIMIT = 18 * 60_000
const write = process.argv.includes('--write')
const filters = process.argv.slice(2).filter((one) => one !== '--write')
const recording = write ? ['--reporter=test/kit/support-reporter.ts'] : []

// Before the tests, so that no test pays for a download.
await installAll()

const tests = await countVitest(
  ['--config', 'test/real/vitest.config.ts', ...recording, ...filters, ...(write ? ['--passWithNoTests'] : [])],
  VITEST_LIMIT,
)
const all = [tests]
if (write) {
  // Suites that need nothing but the checkout.
  all.push(
    await countVitest(
      [...recording, ...(filters.length === 0 ? ['conformance'] : filters), '--passWithNoTests'],
      VITEST_LIMIT,
    ),
  )
} else if (filters.length === 0) {
  const runs = await runCommand(process.execPath, ['bench/run.ts', '--all', '--scale', 'ci', '--at-once', '6'], {
    cwd: ROOT,
    limit: RUNS_LIMIT,
    echo: true,
  })
  const counts = findCounts(runs.stdout)
  all.push(
    counts === undefined || (runs.code !== 0 && counts.failed === 0) ? { passed: 0, failed: 1, skipped: 0 } : counts,
  )
}
const sum = addCounts(all)
console.log(`test:real: ${formatCounts(sum)}`)
process.exitCode = sum.failed === 0 ? 0 : 1
