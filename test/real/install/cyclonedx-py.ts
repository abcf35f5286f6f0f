// The generator of the CycloneDX project for Python environments.
import type { Installed } from './apt.ts'
import { installPython } from './python.ts'
import { sayInstalled } from './say.ts'

const cyclonedx = { name: 'cyclonedx-py', version: '7.5.0' } as const

export function installCyclonedxPy(): Promise<Installed> {
  return installPython({ ...cyclonedx, packages: [`cyclonedx-bom==${cyclonedx.version}`], imports: ['cyclonedx_py'] })
}

await sayInstalled(import.meta.url, cyclonedx.name, installCyclonedxPy)
