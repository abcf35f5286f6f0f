// Two OCI registries, built by the machine's Go from the ordinary module proxy: minutes, once, kept in the cache.
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goBuild, goProgram } from './go-program.ts'
import { sayInstalled } from './say.ts'

const distribution = '3.0.0'
const containerRegistry = '0.22.1'
export const registryVersions = { distribution, containerRegistry } as const

export const installRegistry = goProgram({
  cache: 'registry',
  program: 'registry',
  version: `distribution ${distribution}, go-containerregistry ${containerRegistry}`,
  source: 'test/real/registry/main.go',
  inputs: (source) => [source, registryVersions],
  flags: '-mod=mod',
  limitMs: 1_200_000,
  async build(folder, run, source) {
    await copyFile(source, join(folder, 'main.go'))
    await run('go', ['mod', 'init', 'example.test/registry'])
    await run('go', [
      'get',
      `github.com/distribution/distribution/v3@v${distribution}`,
      `github.com/google/go-containerregistry@v${containerRegistry}`,
    ])
    await run('go', ['mod', 'tidy'])
    await run('nice', ['-n', '19', 'go', ...goBuild('registry', '.')])
  },
})

await sayInstalled(import.meta.url, 'registry', installRegistry)
