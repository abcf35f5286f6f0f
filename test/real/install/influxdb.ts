import { install, installAlone, type Installed, type Program } from './apt.ts'

export const influxdb: Program = {
  name: 'influxd',
  package: 'influxdb',
  version: '1.6',
  versionArguments: ['version'],
}

export const installInfluxdb = (): Promise<Installed> => install(influxdb)

await installAlone(influxdb, import.meta.url)
