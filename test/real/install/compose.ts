// A reader of Compose files on the library of Docker Compose, which has the schema of the Compose specification; built
// by the machine's Go, a minute once, kept in the cache.
import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goBuild, goProgram } from './go-program.ts'
import { sayInstalled } from './say.ts'

const version = '2.16.2'

export const installCompose = goProgram({
  cache: 'compose',
  program: 'compose',
  version,
  source: 'test/real/go-compose/main.go',
  inputs: (source) => [source, version],
  flags: '-mod=mod',
  limitMs: 1_200_000,
  async build(folder, run, source) {
    await copyFile(source, join(folder, 'main.go'))
    await run('go', ['mod', 'init', 'example.test/compose'])
    await run('go', ['get', `github.com/compose-spec/compose-go/v2@v${version}`])
    await run('go', ['mod', 'tidy'])
    await run('nice', ['-n', '19', 'go', ...goBuild('compose', '.')])
  },
})

await sayInstalled(import.meta.url, 'compose', installCompose)
