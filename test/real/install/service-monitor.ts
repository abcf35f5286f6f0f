// The definition of ServiceMonitor, from the module of the Prometheus operator; fetched with Go once, and cached.
import { copyFileSync, existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'
import { sayInstalled } from './say.ts'

const version = '0.85.0'
const module = `github.com/prometheus-operator/prometheus-operator@v${version}`
const file = 'example/prometheus-operator-crd/monitoring.coreos.com_servicemonitors.yaml'

/** The YAML file as `path`, or the reason why it is unavailable. */
export async function installServiceMonitor(): Promise<Installed> {
  const path = join(cacheFolder('service-monitor'), `${version}.yaml`)
  if (existsSync(path)) return { path, version }
  const ran = await runCommand('go', ['mod', 'download', '-json', module], {
    cwd: cacheFolder('service-monitor'),
    limit: 600_000,
    env: { GOFLAGS: '-mod=mod', GOWORK: 'off' },
  })
  if (ran.code === 127) return { path: undefined, reason: 'the definition of ServiceMonitor is fetched with Go' }
  const { Dir: folder, Error: problem } = JSON.parse(ran.stdout) as { Dir?: string; Error?: string }
  if (folder === undefined) return { path: undefined, reason: `${module}: ${problem ?? 'it has no folder'}` }
  copyFileSync(join(folder, file), `${path}.new`)
  renameSync(`${path}.new`, path)
  return { path, version }
}

await sayInstalled(import.meta.url, 'ServiceMonitor', installServiceMonitor)
