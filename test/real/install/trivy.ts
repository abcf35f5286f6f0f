// Trivy, which lists the packages of images and folders, built by the machine's Go from its ordinary module proxy:
// once, in ten minutes to half an hour, kept in the cache. It needs Go's second JSON package, an experiment.
import { goProgram } from './go-program.ts'
import { sayInstalled } from './say.ts'

const version = '0.74.0'

export const installTrivy = goProgram({
  cache: 'trivy',
  program: 'trivy',
  version,
  source: 'test/real/install/trivy.ts',
  inputs: () => [version],
  flags: '-mod=mod',
  env: { GOEXPERIMENT: 'jsonv2' },
  limitMs: 3_600_000,
  async build(_folder, run) {
    await run('go', ['mod', 'init', 'example.test/trivy'])
    await run('go', ['get', `github.com/aquasecurity/trivy/cmd/trivy@v${version}`])
    const flags = `-s -w -X github.com/aquasecurity/trivy/pkg/version/app.ver=${version}`
    await run('nice', [
      '-n',
      '19',
      'go',
      'build',
      '-trimpath',
      '-ldflags',
      flags,
      '-o',
      'trivy',
      'github.com/aquasecurity/trivy/cmd/trivy',
    ])
  },
})

await sayInstalled(import.meta.url, 'trivy', installTrivy)
