// Prometheus 3, which receives remote write 2.0, built by the machine's own Go from its module without service
// discovery: five minutes, once, kept in the cache.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'
import { buildGoModule } from './go-module.ts'
import { sayInstalled } from './say.ts'

/** Module version 0.311.3 is Prometheus 3.11.3. */
export const prometheusGo = { name: 'prometheus-go', version: '3.11.3', module: 'v0.311.3' } as const

const built = (): string => join(cacheFolder('prometheus-go'), `prometheus-${prometheusGo.version}`)

/** An earlier build. Builds nothing. */
export function findPrometheusGo(): Installed {
  const path = built()
  if (existsSync(path)) return { path, version: prometheusGo.version }
  return {
    path: undefined,
    reason: 'there is no Prometheus 3; `npm run ts test/real/install/prometheus-go.ts` builds it with Go',
  }
}

/** Builds it if it is missing. */
export function installPrometheusGo(): Promise<Installed> {
  return buildGoModule({
    cache: 'prometheus-go',
    path: built(),
    module: `github.com/prometheus/prometheus@${prometheusGo.module}`,
    command: './cmd/prometheus',
    tags: ['remove_all_sd', 'netgo'],
    stamp: `github.com/prometheus/common/version.Version=${prometheusGo.version}`,
    find: findPrometheusGo,
  })
}

await sayInstalled(import.meta.url, prometheusGo.name, installPrometheusGo)
