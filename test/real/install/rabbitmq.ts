import { installAlone, type Program } from './apt.ts'

/** The version is read from the package: the server would start, and its tools leave a name service behind. */
export const rabbitmq: Program = {
  name: 'rabbitmq-server',
  package: 'rabbitmq-server',
  version: '3.10.8',
  versionProgram: 'dpkg-query',
  versionArguments: ['-W', '-f', '${Version}', 'rabbitmq-server'],
}

await installAlone(rabbitmq, import.meta.url)
