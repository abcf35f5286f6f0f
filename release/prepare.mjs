// The bundle that `bin/weir.mjs` runs in a checkout. Plain JavaScript, because an old Node may run it.
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sourcesState, stateFile } from '../bin/sources.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))

if (existsSync(join(root, 'node_modules/rolldown')) && Number(process.versions.node.split('.')[0]) >= 24) {
  const dist = join(root, 'dist')
  await rm(dist, { recursive: true, force: true })
  try {
    const [{ bundle }, { readManifest }] = await Promise.all([import('./bundle.ts'), import('./manifest.ts')])
    // Before the bundle: an edit while it is made must make it outdated.
    const state = sourcesState(root)
    await bundle(root, dist, await readManifest(root))
    await writeFile(stateFile(root), state)
  } catch (error) {
    console.error(`No bundle was made, so Weir starts slower, from its sources: ${error.message}`)
  }
}
