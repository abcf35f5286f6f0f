import { installAlone, type Program } from './apt.ts'

export const alertmanager: Program = {
  name: 'prometheus-alertmanager',
  package: 'prometheus-alertmanager',
  version: '0.25.0',
  versionArguments: ['--version'],
}

await installAlone(alertmanager, import.meta.url)
