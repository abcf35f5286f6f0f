// Grafana's own code of its Prometheus datasource behind standard input, built by the machine's Go from the module
// that Grafana publishes; two minutes, once for each state of its source, kept in the cache.
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { goBuild, goProgram } from './go-program.ts'
import { sayInstalled } from './say.ts'

const module = 'github.com/grafana/grafana/pkg/promlib'
const version = 'v0.0.8'

export const installGrafanaDatasource = goProgram({
  cache: 'grafana-datasource',
  program: 'datasource',
  version,
  source: 'test/real/grafana-datasource/main.go',
  inputs: (source) => [version, source],
  flags: '-mod=mod -buildvcs=false',
  limitMs: 900_000,
  async build(folder, run, source) {
    await copyFile(source, join(folder, 'main.go'))
    await writeFile(join(folder, 'go.mod'), 'module datasource\n\ngo 1.25\n')
    await run('go', ['get', `${module}@${version}`])
    await run('go', goBuild('datasource', '.'))
  },
})

await sayInstalled(import.meta.url, 'grafana-datasource', installGrafanaDatasource)
