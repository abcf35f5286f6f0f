// exoscale-exporter, the program that Weir replaces for Exoscale. Its module has a private path, which the Go proxy
// does not serve: it is built once from a checkout, and the program is cached.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

/** `version`: the commit, from the name of the file. */
export function findExoscaleExporter(): Installed {
  const folder = cacheFolder('exoscale-exporter')
  const name = readdirSync(folder).find((file) => /^exoscale-exporter-[0-9a-f]+$/.test(file))
  return name === undefined
    ? {
        path: undefined,
        reason:
          'exoscale-exporter has no module on the Go proxy: build it from a checkout of ' +
          `zabdelillah/exoscale-exporter with \`go build .\`, and copy it to ${folder}/exoscale-exporter-COMMIT`,
      }
    : { path: join(folder, name), version: name.slice('exoscale-exporter-'.length) }
}
