import { createRequire, findPackageJSON } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { self } from '../../host/process.ts'
import { isRecord } from '../../model/json.ts'
import { messageOf } from '../../model/errors.ts'
import { contract } from './contract.ts'

/** A reason not to use a package, and the action of the user. */
export class PackageProblem extends Error {
  readonly hint: string

  constructor(message: string, hint: string, cause?: unknown) {
    super(message, { cause })
    this.hint = hint
  }
}

export type FoundPackage = Readonly<{
  name: string
  version: string
  /** File of an export (`.`, `./source`); undefined: there is none. */
  exported(subpath: string): string | undefined
}>

/** Finds a package as a module in `folder` does, and verifies its contract. Runs none of its code. */
export function findPackage(name: string, folder: string): FoundPackage {
  const base = join(folder, 'weir.yaml')
  const file = packageFile(name, base)
  if (file === undefined)
    throw new PackageProblem(
      `the package \`${name}\` is not installed for ${folder}`,
      `run \`npm install ${name}\` in that folder`,
    )
  const description = readDescription(name, file)
  const version = typeof description['version'] === 'string' ? description['version'] : 'without a version'
  verifyContract(`\`${name}\` ${version}`, description)
  const { resolve } = createRequire(base)
  return {
    name,
    version,
    exported(subpath) {
      try {
        return pathToFileURL(resolve(`${name}${subpath.slice(1)}`)).href
      } catch {
        return undefined
      }
    },
  }
}

function packageFile(name: string, base: string): string | undefined {
  try {
    return findPackageJSON(name, pathToFileURL(base))
  } catch {
    return undefined
  }
}

function readDescription(name: string, file: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(self.readTextFile(file))
    if (isRecord(read)) return read
    throw new Error('it is no object')
  } catch (error) {
    throw new PackageProblem(`${file} is unreadable: ${messageOf(error)}`, `install \`${name}\` again`, error)
  }
}

function verifyContract(shown: string, description: Readonly<Record<string, unknown>>): void {
  const value = isRecord(description['weir']) ? description['weir']['contract'] : undefined
  if (value === contract) return
  if (typeof value !== 'number')
    throw new PackageProblem(
      `${shown} is no connector of Weir: its package.json has no \`weir.contract\``,
      `choose a package with a connector, or add \`"weir": { "contract": ${contract} }\` if it is yours`,
    )
  throw new PackageProblem(
    `${shown} needs contract ${value} of connectors; this Weir has contract ${contract}`,
    value > contract ? 'upgrade Weir, or install an older version of the package' : 'install a newer version of it',
  )
}
