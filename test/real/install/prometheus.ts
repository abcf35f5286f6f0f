import { installAlone, type Program } from './apt.ts'

/** Prometheus with promtool. */
export const prometheus: Program = {
  name: 'prometheus',
  package: 'prometheus',
  version: '2.42.0',
  versionArguments: ['--version'],
}

await installAlone(prometheus, import.meta.url)
