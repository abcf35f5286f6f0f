import { installAlone, type Program } from './apt.ts'

export const softflowd: Program = {
  name: 'softflowd',
  package: 'softflowd',
  version: '1.1.0',
  versionArguments: ['-h'],
}

await installAlone(softflowd, import.meta.url)
