// flowlogs-pipeline, the program that Weir replaces for flows. Its module is not on the Go proxy: it is built once from
// a checkout with its `vendor` folder, and the program is put into the cache.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

/** `version`: the commit, from the name of the file. */
export function findFlowlogsPipeline(): Installed {
  const folder = cacheFolder('flowlogs-pipeline')
  const name = (existsSync(folder) ? readdirSync(folder) : []).find((file) =>
    /^flowlogs-pipeline-[0-9a-f]+$/.test(file),
  )
  return name === undefined
    ? {
        path: undefined,
        reason:
          'flowlogs-pipeline has no module on the Go proxy: build it from a checkout with `go build -mod=vendor ' +
          `./cmd/flowlogs-pipeline\`, and copy it to ${folder}/flowlogs-pipeline-COMMIT`,
      }
    : { path: join(folder, name), version: name.slice('flowlogs-pipeline-'.length) }
}
