/**
 * Runs a test suite of another project from a folder outside the checkout: `npm run foreign -- SUITE FOLDER`.
 * `--all` prints each case, `--record VERSION` stores the figures for `docs/reference/compliance.md`.
 */
import { readdir, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { ROOT } from '../kit/command.ts'
import { resultFile, type Figures } from './results.ts'
import type { Outcome, Suite, Verdict } from './suite.ts'

const shownAtMost = 50
const suitesFolder = join(ROOT, 'tools/foreign/suites')

async function suiteNames(): Promise<readonly string[]> {
  return (await readdir(suitesFolder))
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => name.slice(0, -'.ts'.length))
    .toSorted()
}

async function loadSuite(name: string): Promise<Suite> {
  const { suite } = (await import(join(suitesFolder, `${name}.ts`))) as { suite: Suite }
  return suite
}

async function usage(): Promise<string> {
  const lines = ['npm run foreign -- SUITE FOLDER [--all] [--record VERSION]', '']
  for (const name of await suiteNames()) {
    const { summary, source } = await loadSuite(name)
    lines.push(`  ${name}`, `      ${summary}`, `      ${source}`)
  }
  return lines.join('\n')
}

/** A folder within the checkout is refused: files of others have licences of their own. */
async function outsideFolder(given: string): Promise<string> {
  const folder = resolve(given)
  if (folder === ROOT || folder.startsWith(`${ROOT}/`))
    throw new Error(`${folder} lies in the checkout: files of other projects stay outside it`)
  const stats = await stat(folder).catch(() => undefined)
  if (stats?.isDirectory() !== true) throw new Error(`${folder} is no folder`)
  return folder
}

function printed({ name, verdict, detail }: Outcome): string {
  const lines = [`${verdict.padEnd(7)} ${name}`, ...(detail?.split('\n') ?? [])]
  return lines.join('\n        ')
}

async function runSuite(suite: Suite, folder: string, shows: (verdict: Verdict) => boolean): Promise<Figures> {
  const counts: Record<Verdict, number> = { right: 0, refused: 0, wrong: 0 }
  let shown = 0
  for await (const outcome of suite.outcomes(folder)) {
    counts[outcome.verdict] += 1
    if (!shows(outcome.verdict)) continue
    shown += 1
    if (shown <= shownAtMost || shows('right')) console.log(printed(outcome))
  }
  if (shown > shownAtMost && !shows('right')) console.log(`… and ${shown - shownAtMost} more; --all prints each`)
  return counts
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { all: { type: 'boolean' }, record: { type: 'string' }, help: { type: 'boolean' } },
  })
  const [name, given] = positionals
  if (name === undefined || given === undefined || values.help === true) {
    console.log(await usage())
    return
  }
  if (!(await suiteNames()).includes(name)) throw new Error(`no suite ${name}: ${(await suiteNames()).join(', ')}`)
  const figures = await runSuite(
    await loadSuite(name),
    await outsideFolder(given),
    (verdict) => values.all === true || verdict === 'wrong',
  )
  const total = figures.right + figures.refused + figures.wrong
  console.log(`${figures.right} right, ${figures.refused} refused with a reason, ${figures.wrong} wrong, of ${total}`)
  if (total === 0) throw new Error(`no case of ${name} in ${given}`)
  if (values.record !== undefined) {
    const date = new Date().toISOString().slice(0, 10)
    await writeFile(resultFile(name), `${JSON.stringify({ version: values.record, date, ...figures }, undefined, 2)}\n`)
  }
  if (figures.wrong > 0) process.exitCode = 1
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
