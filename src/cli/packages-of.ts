import { realHost } from '../host/index.ts'
import { collect } from './option-values.ts'

/** For commands that list types, and need no valid configuration. */
export const packagesOption = [
  '--config <FILE>',
  'configuration with `connectors`, to include their types; may be repeated',
  collect,
  [] as readonly string[],
] as const

/** Adds the types of packages that the configuration names. Throws WEIR_CONFIG_INVALID for an unusable one. */
export async function usePackagesOf(files: readonly string[]): Promise<void> {
  if (files.length === 0) return
  const { readConnectors } = await import('../app/load-config.ts')
  await readConnectors(realHost(), files)
}
