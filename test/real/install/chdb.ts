// chdb runs ClickHouse's engine within Python: 200 MB from PyPI.
import type { Installed } from './apt.ts'
import { installPython } from './python.ts'
import { sayInstalled } from './say.ts'

export const chdb = { name: 'chdb', version: '26.9.0' } as const

export function installChdb(): Promise<Installed> {
  return installPython({ ...chdb, packages: [`chdb-core==${chdb.version}`], imports: ['chdb'] })
}

await sayInstalled(import.meta.url, chdb.name, installChdb)
