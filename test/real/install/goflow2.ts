// goflow2, built by the machine's Go from the ordinary module proxy: minutes, once, kept in the cache.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'
import { buildGoModule } from './go-module.ts'
import { sayInstalled } from './say.ts'

const version = '2.2.6'
const path = (): string => join(cacheFolder('goflow2'), `goflow2-${version}`)

/** Finds an earlier build. */
export function findGoflow2(): Installed {
  if (existsSync(path())) return { path: path(), version }
  return { path: undefined, reason: 'there is no goflow2; `npm run ts test/real/install/goflow2.ts` builds it with Go' }
}

/** Builds goflow2 if it is missing. */
export function installGoflow2(): Promise<Installed> {
  return buildGoModule({
    cache: 'goflow2',
    path: path(),
    module: `github.com/netsampler/goflow2/v2@v${version}`,
    command: './cmd/goflow2',
    tags: [],
    stamp: `main.version=v${version}`,
    find: findGoflow2,
  })
}

await sayInstalled(import.meta.url, 'goflow2', installGoflow2)
