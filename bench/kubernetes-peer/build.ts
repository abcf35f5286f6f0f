// Reflectors of client-go, built by the machine's Go from its ordinary module proxy: two minutes, once for each state
// of the source, kept in the cache.
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goBuild, goProgram } from '../../test/real/install/go-program.ts'
import { sayInstalled } from '../../test/real/install/say.ts'

const version = '0.37.0'
const modules = ['api', 'apimachinery', 'client-go'].map((name) => `k8s.io/${name}@v${version}`)

export const installReflector = goProgram({
  cache: 'kubernetes-peer',
  program: 'reflector',
  version,
  source: 'bench/kubernetes-peer/main.go',
  inputs: (source) => [modules, source],
  flags: '-mod=mod -p=1',
  limitMs: 900_000,
  async build(folder, run, source) {
    await copyFile(source, join(folder, 'main.go'))
    for (const args of [
      ['mod', 'init', 'example.test/reflector'],
      ['get', ...modules],
      ['mod', 'tidy'],
      goBuild('reflector', '.'),
    ])
      await run('go', args)
  },
})

await sayInstalled(import.meta.url, 'kubernetes-peer', installReflector)
