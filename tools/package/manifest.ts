// The manifest of the published package. Bundled packages are no dependencies, and no Node is installed.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The fields of package.json that are used here. */
export interface Manifest {
  readonly version: string
  readonly description: string
  readonly license: string
  readonly dependencies: Readonly<Record<string, string>>
}

/** The name `weir` is taken on the registry. */
export const PACKAGE_NAME = 'weir-collector'

/**
 * Packages that a start or most commands load, and small ones: one file loads faster than a hundred. The others stay
 * dependencies, because they contain a binary, belong to one connector, or have a licence that requires more than its
 * text.
 */
export const BUNDLED: readonly string[] = [
  '@fastify/websocket',
  'commander',
  'fastify',
  'jose',
  'mmdb-lib',
  'openid-client',
  'prom-client',
  're2js',
  'ws',
  'yaml',
  'zod',
]

/** Name of the package that a module specifier names. */
export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** Packages that the built code imports when it runs, from the manifest of the checkout. */
export function externalDependencies({ dependencies }: Pick<Manifest, 'dependencies'>): Record<string, string> {
  return Object.fromEntries(Object.entries(dependencies).filter(([name]) => !BUNDLED.includes(name)))
}

export async function readManifest(root: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest
}

export function publishedManifest(checkout: Manifest): object {
  const { version, description, license } = checkout
  return {
    name: PACKAGE_NAME,
    version,
    description,
    license,
    type: 'module',
    bin: { weir: 'bin/weir.mjs' },
    exports: {
      './kollect': { types: './types/clients/kollect/index.d.ts', default: './dist/kollect.js' },
      './package.json': './package.json',
    },
    engines: { node: '>=24' },
    dependencies: externalDependencies(checkout),
  }
}
