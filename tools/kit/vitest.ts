import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCommand, ROOT } from './command.ts'
import type { VitestReport } from './counts.ts'

type VitestRun = Readonly<{
  code: number
  timedOut: boolean
  report: VitestReport | undefined
  output: string
}>

export async function runVitest(
  args: readonly string[],
  options: { root?: string; limit: number; echo?: boolean; onOutput?: (text: string) => void },
): Promise<VitestRun> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-vitest-'))
  try {
    const file = join(folder, 'report.json')
    const reporters = ['--reporter=json', `--outputFile.json=${file}`, '--reporter=default']
    const result = await runCommand(
      process.execPath,
      [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', ...reporters, ...args],
      {
        cwd: options.root ?? ROOT,
        limit: options.limit,
        echo: options.echo ?? false,
        ...(options.onOutput === undefined ? {} : { onOutput: options.onOutput }),
        // Hides the outer run from the inner one.
        env: { VITEST: undefined, VITEST_WORKER_ID: undefined, VITEST_POOL_ID: undefined, NODE_ENV: 'test' },
      },
    )
    const text = await readFile(file, 'utf8').catch(() => undefined)
    return {
      code: result.code,
      timedOut: result.timedOut,
      output: result.output,
      report: text === undefined ? undefined : (JSON.parse(text) as VitestReport),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
