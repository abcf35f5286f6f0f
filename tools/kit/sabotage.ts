// In a copy, breaks one line at a time; the named test must fail.
import { cp, lstat, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { runCommand, ROOT } from './command.ts'
import { runVitest } from './vitest.ts'

export type Breakage = Readonly<{
  name: string
  file: string
  /** Exactly once, within one line. */
  find: string
  replace: string
  test: string
}>

type Outcome =
  | Readonly<{ name: string; red: true; seconds: number }>
  | Readonly<{ name: string; red: false; seconds: number; why: string }>

const TEST_LIMIT = 180_000

export async function sabotage(
  root: string,
  breakages: readonly Breakage[],
  done: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const copy = await copyWorkTree(root)
  const green = new Map<string, string | undefined>()
  const outcomes: Outcome[] = []
  try {
    for (const breakage of breakages) {
      const started = performance.now()
      const why = await tryOne(copy, breakage, green).catch((error: unknown) => String(error))
      const seconds = (performance.now() - started) / 1000
      const outcome =
        why === undefined
          ? { name: breakage.name, red: true as const, seconds }
          : { name: breakage.name, red: false as const, seconds, why }
      outcomes.push(outcome)
      done(outcome)
    }
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
  return outcomes
}

async function tryOne(
  copy: string,
  breakage: Breakage,
  green: Map<string, string | undefined>,
): Promise<string | undefined> {
  const path = join(copy, breakage.file)
  const sound = await readFile(path, 'utf8')
  const times = sound.split(breakage.find).length - 1
  if (/\n/.test(breakage.find) || /\n/.test(breakage.replace)) return 'a breakage is one line'
  if (times !== 1) return `"${breakage.find}" occurs ${times} times in ${breakage.file}, not once`
  if (breakage.find === breakage.replace) return 'nothing is replaced'

  if (!green.has(breakage.test)) {
    const { passed, failed, trouble } = await runTest(copy, breakage.test)
    green.set(
      breakage.test,
      trouble ??
        (failed > 0
          ? 'its test fails without the breakage'
          : passed === 0
            ? `no such test: ${breakage.test}`
            : undefined),
    )
  }
  const unfit = green.get(breakage.test)
  if (unfit !== undefined) return unfit

  await writeFile(
    path,
    sound.replace(breakage.find, () => breakage.replace),
  )
  try {
    const { failed, trouble } = await runTest(copy, breakage.test)
    if (failed > 0) return undefined
    return trouble ?? 'the test stays green'
  } finally {
    await writeFile(path, sound)
  }
}

async function runTest(copy: string, test: string): Promise<{ passed: number; failed: number; trouble?: string }> {
  const [file = '', ...titles] = test.split(' > ')
  const pattern = `^${titles.join(' ').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`
  const run = await runVitest([file, '-t', pattern], { root: copy, limit: TEST_LIMIT })
  if (run.timedOut) return { passed: 0, failed: 0, trouble: `the test did not end within ${TEST_LIMIT / 1000} s` }
  const tests = run.report?.testResults.flatMap((result) => result.assertionResults) ?? []
  const count = (status: string) => tests.filter((candidate) => candidate.status === status).length
  const counts = { passed: count('passed'), failed: count('failed') }
  if (counts.passed + counts.failed === 0 && run.code !== 0) {
    return { ...counts, trouble: `the test file did not run: ${run.output.trim().slice(-600)}` }
  }
  return counts
}

async function copyWorkTree(root: string): Promise<string> {
  const listed = await runCommand('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    limit: 60_000,
  })
  if (listed.code !== 0) throw new Error(`git ls-files failed: ${listed.output}`)
  const copy = await mkdtemp(join(tmpdir(), 'weir-sabotage-'))
  for (const file of listed.stdout.split('\0').filter(Boolean)) {
    const exists = await lstat(join(root, file)).then(
      (entry) => entry.isFile(),
      () => false,
    )
    if (!exists) continue
    await mkdir(dirname(join(copy, file)), { recursive: true })
    await cp(join(root, file), join(copy, file))
  }
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  return copy
}
