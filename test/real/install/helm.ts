// Helm and kubeconform, built by the machine's Go from the ordinary module proxy: minutes, once, kept in the cache.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'
import { buildGoModule } from './go-module.ts'
import { sayInstalled } from './say.ts'

const helmVersion = '3.22.0'
const kubeconformVersion = '0.8.0'

const file = (cache: string, version: string): string => join(cacheFolder(cache), `${cache}-${version}`)
const found = (cache: string, version: string): Installed => {
  const path = file(cache, version)
  return existsSync(path)
    ? { path, version }
    : { path: undefined, reason: `there is no ${cache}; \`npm run ts test/real/install/helm.ts\` builds it with Go` }
}

/** Finds an earlier build. */
export const findHelm = (): Installed => found('helm', helmVersion)
export const findKubeconform = (): Installed => found('kubeconform', kubeconformVersion)

/** Builds Helm if it is missing. */
export function installHelm(): Promise<Installed> {
  return buildGoModule({
    cache: 'helm',
    path: file('helm', helmVersion),
    module: `helm.sh/helm/v3@v${helmVersion}`,
    command: './cmd/helm',
    tags: [],
    stamp: `helm.sh/helm/v3/internal/version.version=v${helmVersion}`,
    find: findHelm,
  })
}

/** Builds kubeconform if it is missing. */
export function installKubeconform(): Promise<Installed> {
  return buildGoModule({
    cache: 'kubeconform',
    path: file('kubeconform', kubeconformVersion),
    module: `github.com/yannh/kubeconform@v${kubeconformVersion}`,
    command: './cmd/kubeconform',
    tags: [],
    stamp: `main.version=v${kubeconformVersion}`,
    find: findKubeconform,
  })
}

await sayInstalled(import.meta.url, 'helm', installHelm)
await sayInstalled(import.meta.url, 'kubeconform', installKubeconform)
