// Syft, which lists the packages of images and folders, built by the machine's Go from its ordinary module proxy: some
// minutes, once, kept in the cache.
import { goProgram } from './go-program.ts'
import { sayInstalled } from './say.ts'

const version = '1.57.0'

export const installSyft = goProgram({
  cache: 'syft',
  program: 'syft',
  version,
  source: 'test/real/install/syft.ts',
  inputs: () => [version],
  flags: '-mod=mod',
  limitMs: 1_800_000,
  async build(_folder, run) {
    await run('go', ['mod', 'init', 'example.test/syft'])
    await run('go', ['get', `github.com/anchore/syft/cmd/syft@v${version}`])
    const flags = `-s -w -X main.version=${version}`
    await run('nice', [
      '-n',
      '19',
      'go',
      'build',
      '-trimpath',
      '-ldflags',
      flags,
      '-o',
      'syft',
      'github.com/anchore/syft/cmd/syft',
    ])
  },
})

await sayInstalled(import.meta.url, 'syft', installSyft)
