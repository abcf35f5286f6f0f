import { importModule } from './import-module.ts'

/** Imports the source or sink of a package. Throws an error that names the missing export. */
export async function importCode(module: string, name: 'source' | 'sink'): Promise<unknown> {
  const found = (await importModule(module))[name]
  if (typeof found === 'object' && found !== null && 'build' in found) return found
  throw new Error(`${module} has no export \`${name}\` made by \`define${name === 'source' ? 'Source' : 'Sink'}\``)
}
