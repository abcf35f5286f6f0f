// A Python with protobuf, its compiler and a NATS client comes from PyPI into a virtual environment in the cache, by names and versions.
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runCommand } from '../../../tools/kit/command.ts'
import { isMain } from '../../../tools/kit/main.ts'
import { cacheFolder } from '../kit/cache.ts'
import type { Installed } from './apt.ts'

const packages = ['grpcio-tools==1.85.1', 'protobuf==7.36.2', 'nats-py==2.16.0']
const version = '1.85.1-7.36.2-2.16.0'

let known: Promise<Installed> | undefined

/** The Python as `path`, or the reason why it cannot be had here. Four minutes at most; asks once per process. */
export function installPythonProtobuf(): Promise<Installed> {
  known ??= findOrInstall()
  return known
}

async function findOrInstall(): Promise<Installed> {
  const home = join(cacheFolder('python-protobuf'), version)
  const path = join(home, 'bin/python')
  const has = async (): Promise<boolean> => existsSync(path) && (await runCommand(path, ['-c', 'import grpc_tools.protoc, google.protobuf, nats'], { limit: 60_000 })).code === 0
  if (await has()) return { path, version }
  rmSync(home, { recursive: true, force: true })
  for (const [command, ...args] of [['python3', '-m', 'venv', home], [path, '-m', 'pip', 'install', '-q', '--disable-pip-version-check', '--only-binary', ':all:', ...packages]] as const) {
    const ran = await runCommand(command, args, { limit: 120_000 }).catch((error: unknown) => ({ code: 1, output: String(error) }))
    if (ran.code !== 0) return { path: undefined, reason: `${command} ${args.slice(0, 3).join(' ')} failed: ${ran.output.trim().split('\n').at(-1) ?? ''}` }
  }
  return (await has()) ? { path, version } : { path: undefined, reason: 'pip brought packages that cannot be imported' }
}

if (isMain(import.meta.url)) {
  const result = await installPythonProtobuf()
  console.log(result.path === undefined ? result.reason : `Python with protobuf ${result.version} (${result.path})`)
  process.exitCode = result.path === undefined ? 1 : 0
}
