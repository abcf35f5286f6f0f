// moto, a stand-in for AWS, is fetched from PyPI.
import type { Installed } from './apt.ts'
import { installPython } from './python.ts'
import { sayInstalled } from './say.ts'

export const moto = { name: 'moto', version: '5.2.5' } as const

/** A Python that has it as `path`, or the reason why it cannot be had here. */
export function installMoto(): Promise<Installed> {
  return installPython({ ...moto, packages: [`moto[server]==${moto.version}`], imports: ['moto.server'] })
}

await sayInstalled(import.meta.url, moto.name, installMoto)
