// Debian's server is of 2018: it takes the wire format, and lacks most of what the tables of Weir need.
import { installAlone, type Program } from './apt.ts'

export const clickhouse: Program = {
  name: 'clickhouse-server',
  package: 'clickhouse-server',
  version: '18.16.1',
  versionArguments: ['-W', 'clickhouse-server'],
  versionProgram: 'dpkg-query',
}

await installAlone(clickhouse, import.meta.url)
