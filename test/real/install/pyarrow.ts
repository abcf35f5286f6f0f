import type { Installed } from './apt.ts'
import { installPython } from './python.ts'
import { sayInstalled } from './say.ts'

const version = '21.0.0'

export function installPyarrow(): Promise<Installed> {
  return installPython({ name: 'pyarrow', version, packages: [`pyarrow==${version}`], imports: ['pyarrow.parquet'] })
}

await sayInstalled(import.meta.url, 'pyarrow', installPyarrow)
