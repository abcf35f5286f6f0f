// Telegraf with the plugins of the comparison, built by the machine's own Go from its module: two minutes, once.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'
import { buildGoModule } from './go-module.ts'
import { sayInstalled } from './say.ts'

export const telegraf = { name: 'telegraf', version: '1.37.2' } as const

const built = (): string => join(cacheFolder('telegraf'), `telegraf-${telegraf.version}`)

/** An earlier build. Builds nothing. */
export function findTelegraf(): Installed {
  const path = built()
  if (existsSync(path)) return { path, version: telegraf.version }
  return {
    path: undefined,
    reason: 'there is no Telegraf; `npm run ts test/real/install/telegraf.ts` builds it with Go',
  }
}

const plugins = ['inputs.amqp_consumer', 'outputs.opensearch', 'outputs.influxdb', 'parsers.json_v2']

/** Builds it if it is missing. */
export function installTelegraf(): Promise<Installed> {
  return buildGoModule({
    cache: 'telegraf',
    path: built(),
    module: `github.com/influxdata/telegraf@v${telegraf.version}`,
    command: './cmd/telegraf',
    tags: ['custom', ...plugins],
    stamp: `github.com/influxdata/telegraf/internal.Version=${telegraf.version}`,
    find: findTelegraf,
  })
}

await sayInstalled(import.meta.url, telegraf.name, installTelegraf)
