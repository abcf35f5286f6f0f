import { realHost } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import type { ConnectorPackage } from './contract.ts'
import { findPackage, PackageProblem, type FoundPackage } from './find.ts'
import { importModule } from './import-module.ts'
import { verifyManifest } from './verify.ts'

const limitMs = 10_000

// Node never replaces a loaded module.
const loaded = new Map<string, Readonly<{ version: string; loaded: ConnectorPackage }>>()

/** Loads the manifest of a package for a configuration in `folder`. Throws PackageProblem. */
export async function loadPackage(name: string, folder: string): Promise<ConnectorPackage> {
  const installed = findPackage(name, folder)
  const shown = `\`${name}\` ${installed.version}`
  const entry = installed.exported('.')
  if (entry === undefined)
    throw new PackageProblem(
      `${shown} exports no manifest, or the exported file is missing`,
      'its package.json needs the export `.` with the condition `default`, and the package must be built',
    )
  const existing = loaded.get(entry)
  if (existing?.version === installed.version) return existing.loaded
  if (existing !== undefined)
    throw new PackageProblem(
      `${shown} was installed while Weir runs version ${existing.version} of it`,
      'restart Weir to use the new version',
    )
  const manifest = verifyManifest(shown, (await importPackage(shown, entry))['default'])
  const result: ConnectorPackage = {
    name,
    version: installed.version,
    manifest,
    ...(manifest.source === undefined ? {} : { source: moduleOf(shown, installed, 'source', 'source') }),
    sinks: new Map(
      (manifest.sinks ?? []).map(({ type }, at, { length }) => [
        type,
        moduleOf(shown, installed, at === 0 && length === 1 ? 'sink' : `sink-${type}`, 'sink'),
      ]),
    ),
  }
  loaded.set(entry, { version: installed.version, loaded: result })
  return result
}

async function importPackage(shown: string, entry: string): Promise<Readonly<Record<string, unknown>>> {
  const done = new AbortController()
  try {
    return await Promise.race([importModule(entry), late(done.signal)])
  } catch (error) {
    throw new PackageProblem(
      `${shown} cannot be loaded: ${messageOf(error)}`,
      hasNoJavaScript(error)
        ? 'Node runs no TypeScript in node_modules: build the package, and export JavaScript'
        : 'correct or replace the package, and start Weir again: Node does not repeat a failed import',
      error,
    )
  } finally {
    done.abort()
  }
}

/** Keeps the process alive, which Node would end if the package waits for nothing. */
async function late(done: AbortSignal): Promise<never> {
  await realHost().timers.sleep(limitMs, done)
  throw new Error(`its code did not end within ${limitMs / 1000} s`)
}

function hasNoJavaScript(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING'
}

function moduleOf(shown: string, installed: FoundPackage, module: string, role: string): string {
  const file = installed.exported(`./${module}`)
  if (file !== undefined) return file
  throw new PackageProblem(
    `${shown} has a ${role}, and does not export \`./${module}\``,
    `add it to \`exports\` of its package.json, with the condition \`default\``,
  )
}
