import type { PackageManifest } from '../../engine/manifest.ts'
import type { AnyComponentSchema, ConfigOf, WrittenConfigOf } from '../../schema/component.ts'
import { configFrom as validated } from '../../schema/validate.ts'

/** The default export of a package. `./source`, `./sink` or `./sink-<type>` of the package export the code. */
export function defineConnector(manifest: PackageManifest): PackageManifest {
  return manifest
}

/** Settings as a configuration file gives them, with defaults. Throws with every problem. For tests. */
export function configFrom<S extends AnyComponentSchema>(schema: S, written: WrittenConfigOf<S>): ConfigOf<S> {
  return validated(schema, written)
}
