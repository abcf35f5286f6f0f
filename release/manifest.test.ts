import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../tools/kit/command.ts'
import { BUNDLED, packageOf, publishedManifest, readManifest } from './manifest.ts'

const checkout = await readManifest(ROOT)
const published = publishedManifest(checkout)

test('the package is weir-collector, needs Node 24 and puts weir on PATH', () => {
  expect(published).toMatchObject({
    name: 'weir-collector',
    version: checkout.version,
    engines: { node: '>=24' },
    bin: { weir: 'bin/weir.mjs' },
    type: 'module',
  })
})

test('the checkout stays private, so that it cannot be published by mistake', async () => {
  expect(JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))).toMatchObject({ private: true })
  expect(published).not.toHaveProperty('private')
})

test('the package brings no Node, no scripts and no development packages', () => {
  expect(Object.keys(published).toSorted()).toEqual([
    'bin',
    'dependencies',
    'description',
    'engines',
    'exports',
    'license',
    'name',
    'type',
    'version',
  ])
})

test('each dependency of the checkout is either bundled or a dependency of the package, in the same version', () => {
  const { dependencies } = checkout
  const bundled = Object.fromEntries(BUNDLED.map((name) => [name, dependencies[name]]))
  expect({ ...bundled, ...(published as { dependencies: object }).dependencies }).toEqual(dependencies)
  expect(BUNDLED.filter((name) => dependencies[name] === undefined)).toEqual([])
})

test('a specifier names its package, with a scope and a path or without', () => {
  expect(['zod', 'zod/v4', '@nats-io/jetstream', '@bufbuild/protobuf/wire'].map(packageOf)).toEqual([
    'zod',
    'zod',
    '@nats-io/jetstream',
    '@bufbuild/protobuf',
  ])
})
