// Trees with packages of each kind: the package database of this Debian, this checkout's npm packages, Kafka's jars,
// and a Python environment.
import { copyFile, mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ROOT } from '../../../tools/kit/command.ts'
import { installKafka } from '../install/kafka.ts'
import { installPythonBuses } from '../install/python-buses.ts'

/** The least packages that a tree has. */
export const leastPackages: Readonly<Record<string, number>> = { debian: 100, npm: 300, maven: 60, python: 20 }

export const packageTrees = Object.keys(leastPackages)

/** The folder with the tree, or why there is none. `home`: for copies. */
export async function packageTree(name: string, home: string): Promise<string | { readonly missing: string }> {
  if (name === 'debian') {
    if (!existsSync('/var/lib/dpkg/status')) return { missing: 'this is no Debian' }
    const root = join(home, 'debian')
    await mkdir(join(root, 'var/lib/dpkg'), { recursive: true })
    await mkdir(join(root, 'etc'), { recursive: true })
    for (const file of ['var/lib/dpkg/status', 'etc/os-release', 'etc/debian_version'])
      await copyFile(join('/', file), join(root, file))
    return root
  }
  if (name === 'maven') {
    const kafka = await installKafka()
    return kafka.path ?? { missing: kafka.reason }
  }
  if (name === 'python') {
    const python = await installPythonBuses()
    return python.path === undefined ? { missing: python.reason } : dirname(dirname(python.path))
  }
  return join(ROOT, 'node_modules')
}
