/**
 * The folders of connectors and their modules. In the package a list takes the place of this file, because it has no
 * folders (release/bundle.ts).
 */
import { namesIn } from '../host/folder-names.ts'

export const connectorFolders: readonly string[] = namesIn(new URL('../connectors', import.meta.url))

/** Rejects when there is no such module. */
export function importConnector(folder: string, module: string): Promise<Readonly<Record<string, unknown>>> {
  return import(`../connectors/${folder}/${module}.ts`) as Promise<Readonly<Record<string, unknown>>>
}
