import { registerHooks } from 'node:module'

/** Packages get the modules of the running Weir, whichever copy is installed beside them. */
const provided: Readonly<Record<string, URL>> = {
  'weir-collector/connector': new URL('../api/connector.ts', import.meta.url),
  'weir-collector/settings': new URL('../api/settings.ts', import.meta.url),
}

let isProviding = false

/** Imports a module of a package. Each thread calls it for itself. */
export async function importModule(url: string): Promise<Readonly<Record<string, unknown>>> {
  if (!isProviding) {
    isProviding = true
    registerHooks({
      resolve(specifier, context, next) {
        const ownUrl = provided[specifier]
        return ownUrl === undefined ? next(specifier, context) : { url: ownUrl.href, shortCircuit: true }
      },
    })
  }
  return (await import(url)) as Readonly<Record<string, unknown>>
}
