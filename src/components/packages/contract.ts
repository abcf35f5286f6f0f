import type { PackageManifest } from '../../engine/manifest.ts'

/** Version of what packages and Weir expect of each other. It increases when an existing package would break. */
export const contract = 1

export const packageName = /(?:@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*/

/** A loaded package: its manifest, and the modules of its components by type. */
export type ConnectorPackage = Readonly<{
  name: string
  version: string
  manifest: PackageManifest
  source?: string
  sinks: ReadonlyMap<string, string>
}>
