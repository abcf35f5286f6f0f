import { importModule } from './import-module.ts'

/** Imports the source or sink of a package. Throws an error that names the missing export. */
export async function importCode(module: string, name: 'source' | 'sink'): Promise<unknown> {
  const value = (await importModule(module))[name]
  if (typeof value === 'object' && value !== null && 'build' in value) return value
  throw new Error(`${module} has no export \`${name}\` made by \`define${name === 'source' ? 'Source' : 'Sink'}\``)
}
