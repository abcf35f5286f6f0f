// insights-remote of Lagoon, the program that Weir replaces for insights. Its module and its fork of the client of
// Dependency-Track are not on the Go proxy: it is built once from checkouts of both, and the program is cached.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

/** `version`: the commit, from the name of the file. */
export function findInsightsRemote(): Installed {
  const folder = cacheFolder('insights-remote')
  const name = (existsSync(folder) ? readdirSync(folder) : []).find((file) => /^insights-remote-[0-9a-f]+$/.test(file))
  return name === undefined
    ? {
        path: undefined,
        reason:
          'insights-remote has no module on the Go proxy: build it from a checkout with `go mod edit -replace ` the ' +
          'DependencyTrack client by a checkout of its fork and `go build ./cmd`, and copy it to ' +
          `${folder}/insights-remote-COMMIT`,
      }
    : { path: join(folder, name), version: name.slice('insights-remote-'.length) }
}
