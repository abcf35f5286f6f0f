import { installAlone, type Program } from './apt.ts'

/** Asked for its version the server starts, and its tools leave a name service behind: the package is asked. */
export const rabbitmq: Program = {
  name: 'rabbitmq-server',
  package: 'rabbitmq-server',
  version: '3.10.8',
  versionProgram: 'dpkg-query',
  versionArguments: ['-W', '-f', '${Version}', 'rabbitmq-server'],
}

await installAlone(rabbitmq, import.meta.url)
