// Bundled packages are no dependencies.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

export type Manifest = Readonly<{
  version: string
  description: string
  license: string
  dependencies: Readonly<Record<string, string>>
}>

/** The name `weir` is taken on the registry. */
export const PACKAGE_NAME = 'weir-collector'

/** Small, or loaded by a start. Others contain a binary, belong to one connector, or have a stricter licence. */
export const BUNDLED: readonly string[] = [
  '@fastify/websocket',
  'commander',
  'fastify',
  'jose',
  'mmdb-lib',
  'openid-client',
  'prom-client',
  're2js',
  'typebox',
  'ws',
  'yaml',
  'zod',
]

export function packageOf(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

export function externalDependencies({ dependencies }: Pick<Manifest, 'dependencies'>): Record<string, string> {
  return Object.fromEntries(Object.entries(dependencies).filter(([name]) => !BUNDLED.includes(name)))
}

export async function readManifest(root: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest
}

function exported(source: string, built: string): object {
  return { types: `./types/${source}.d.ts`, default: `./dist/${built}.js` }
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
      './connector': exported('src/components/api/connector', 'components/api/connector'),
      './settings': exported('src/components/api/settings', 'components/api/settings'),
      './conformance': exported('test/conformance/package', 'conformance'),
      './kollect': exported('clients/kollect/index', 'kollect'),
      './package.json': './package.json',
    },
    engines: { node: '>=24' },
    dependencies: externalDependencies(checkout),
  }
}
