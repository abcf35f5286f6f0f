// The folder that data set D is made in once; each stage takes a copy.
import { spawn } from 'node:child_process'
import { cp, link, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ROOT } from '../../../../tools/kit/command.ts'

/** What the data set covers, in Unix ms, and how many rows it has. */
export interface SpanOfD {
  readonly from: number
  readonly to: number
  readonly rows: number
}

/** Set by the run of the tests, which also removes the folder; one that is set from outside stays, for the next run. */
export const folderVariable = 'WEIR_DATA_SET'

async function spanOf(folder: string): Promise<SpanOfD | undefined> {
  return readFile(join(folder, 'span.json'), 'utf8').then(
    (text) => JSON.parse(text) as SpanOfD,
    () => undefined,
  )
}

function make(folder: string): Promise<void> {
  const child = spawn(process.execPath, [join(ROOT, 'test/browser/kit/data-set/make.ts'), folder], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`data set D was not made: exit code ${code}`)),
    )
  })
}

/** Puts the data set into a data folder; the first that asks makes it, others of the same run wait for it. */
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
        await make(template)
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
    // A Parquet file is never written to again; the manifest is.
    if (name.endsWith('.parquet'))
      await link(join(from, name), join(to, name)).catch(() => cp(join(from, name), join(to, name)))
    else await cp(join(from, name), join(to, name), { recursive: true })
  }
  return span
}
