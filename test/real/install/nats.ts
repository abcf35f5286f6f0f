import { installAlone, type Program } from './apt.ts'

export const nats: Program = {
  name: 'nats-server',
  package: 'nats-server',
  version: '2.9.10',
  versionArguments: ['--version'],
}

await installAlone(nats, import.meta.url)
