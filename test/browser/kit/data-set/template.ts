// Data set D is created once; each stage copies it.
import { spawn } from 'node:child_process'
import { cp, link, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../../../tools/kit/command.ts'

/** Time range in Unix ms, and rows. */
export interface SpanOfD {
  readonly from: number
  readonly to: number
  readonly rows: number
}

/** Set by the test run, which removes the folder; a folder set from outside is kept. */
export const folderVariable = 'WEIR_DATA_SET'

/** Undefined until the data set in the folder is complete. */
export async function spanOf(folder: string): Promise<SpanOfD | undefined> {
  return readFile(join(folder, 'span.json'), 'utf8').then(
    (text) => JSON.parse(text) as SpanOfD,
    () => undefined,
  )
}

/** *Home* shows the last hour. */
const maxAgeMs = 30 * 60_000

/** Fills FOLDER/store, unless it is complete with this number of flows and ends now. */
export async function makeD(folder: string, flows = 1_000_000): Promise<SpanOfD> {
  const made = await spanOf(folder)
  if (made?.rows === flows && Date.now() - made.to < maxAgeMs) return made
  if (made !== undefined) await rm(folder, { recursive: true })
  await mkdir(folder, { recursive: true })
  const args = [join(ROOT, 'test/browser/kit/data-set/make.ts'), folder, String(flows)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`data set D was not made: exit code ${code}`)),
    )
  })
  const span = await spanOf(folder)
  if (span === undefined) throw new Error(`data set D in ${folder} has no time range`)
  return span
}

/** The first caller creates the data set; others wait. */
export async function copyOfD(data: string): Promise<SpanOfD> {
  const template = process.env[folderVariable]
  if (template === undefined)
    throw new Error(`${folderVariable} names no folder: run by vitest with test/browser/vitest.config.ts`)
  let span = await spanOf(template)
  if (span === undefined) {
    await mkdir(template, { recursive: true })
    const first = await mkdir(join(template, 'making')).then(
      () => true,
      () => false,
    )
    if (first) {
      try {
        await makeD(template)
      } catch (error) {
        await rm(template, { recursive: true, force: true })
        throw error
      }
    }
    while ((span = await spanOf(template)) === undefined) await sleep(200)
  }
  const [from, to] = [join(template, 'store'), join(data, 'store')]
  await mkdir(to, { recursive: true, mode: 0o700 })
  for (const name of await readdir(from)) {
    // Parquet files are immutable, the manifest is not.
    if (name.endsWith('.parquet'))
      await link(join(from, name), join(to, name)).catch(() => cp(join(from, name), join(to, name)))
    else await cp(join(from, name), join(to, name), { recursive: true })
  }
  return span
}
