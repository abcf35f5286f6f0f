import type { Installed } from './apt.ts'
import { installPython } from './python.ts'
import { sayInstalled } from './say.ts'

export const moto = { name: 'moto', version: '5.2.5' } as const

export function installMoto(): Promise<Installed> {
  return installPython({ ...moto, packages: [`moto[server]==${moto.version}`], imports: ['moto.server'] })
}

await sayInstalled(import.meta.url, moto.name, installMoto)
