// What several test files of one run need is built by the first of them. The others wait for it.
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { inject } from 'vitest'
import type { TestProject } from 'vitest/node'
import { done, layOut } from '../../release/archives.ts'
import { buildPackage } from '../../release/build.ts'
import { ROOT } from '../../tools/kit/command.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of this run of Vitest, which is removed at its end. */
    readonly shared: string
  }
}

const limitMs = 600_000

/** Of the Vitest configuration. */
export function setup({ provide }: TestProject): () => Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-shared-'))
  provide('shared', folder)
  return () => rm(folder, { recursive: true, force: true })
}

/** Calls `build` with a new folder once in a run. Resolves with the folder, which no test may change. */
export async function shared(name: string, build: (folder: string) => Promise<unknown>): Promise<string> {
  const folder = join(inject('shared'), name)
  const [ended, failed] = [`${folder}.ended`, `${folder}.failed`]
  const isFirst = await mkdir(`${folder}.lock`).then(
    () => true,
    () => false,
  )
  if (isFirst)
    await build(folder).then(
      () => writeFile(ended, ''),
      (error: unknown) => writeFile(failed, String(error)),
    )
  for (let waited = 0; !existsSync(ended); waited += 50) {
    if (existsSync(failed)) throw new Error(readFileSync(failed, 'utf8'))
    if (waited > limitMs) throw new Error(`${name} was not built within ${limitMs / 1000} s`)
    await sleep(50)
  }
  return folder
}

/** The folder that npm packs. */
export function sharedPackage(): Promise<string> {
  return shared('package', buildPackage)
}

/** The file that npm installs. */
export async function sharedTarball(): Promise<string> {
  const built = await sharedPackage()
  const folder = await shared('tarball', async (into) => {
    await mkdir(into)
    await done('npm', ['pack', built, '--pack-destination', into], into)
  })
  return join(folder, (await readdir(folder))[0] ?? 'none')
}

export const archivePlatform = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64'

/** The folder that becomes the archive of this platform, and its time. */
export async function sharedArchive(): Promise<Readonly<{ archive: string; time: string }>> {
  const time = (await done('git', ['log', '-1', '--format=%cI'], ROOT)).trim()
  const built = await sharedPackage()
  return { archive: await shared('archive', (into) => layOut(archivePlatform, built, into, time)), time }
}
