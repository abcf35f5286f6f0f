import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { takeLock } from '../app/lock.ts'
import { realHost } from '../host/index.ts'
import { CommandError } from './command-error.ts'
import {
  defaultUrl,
  discover,
  discoverFolder,
  installedConfig,
  type Scene,
  type Selection,
  type Target,
} from './discover.ts'
import { installationOf } from './installation.ts'

let root = ''
let scene: Scene & { env: Record<string, string> }
const guessed: Target = { kind: 'url', url: defaultUrl, origin: 'guessed' }

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'weir-discover-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  scene = {
    env: {},
    installation: { ...installationOf('debian', root), places: [{ data: join(root, 'installed') }] },
    local: join(root, 'local'),
    probe: async () => undefined,
  }
})

/** A folder on which a server of another process answers. */
async function serve(name: string, url: string): Promise<Target> {
  const data = join(root, name)
  await mkdir(data)
  // In containers of before there was no kernel lock, and process 1 is not this one.
  const holder = { pid: 1, url }
  await writeFile(join(data, 'lock'), JSON.stringify(holder))
  return { kind: 'server', data, holder }
}

async function stopped(name: string, part: string): Promise<string> {
  await mkdir(join(root, name, part), { recursive: true })
  return join(root, name)
}

const failure = async (selection: Selection = {}, part?: 'journal' | 'store'): Promise<string> => {
  const error: unknown = await discover(selection, part, scene).catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(CommandError)
  return [(error as CommandError).message, ...(error as CommandError).hints].join('\n')
}

describe('a command finds the server', () => {
  test('of the first place in the documented order', async () => {
    const installed = await serve('installed', 'http://127.0.0.1:2')
    const local = await serve('local', 'http://127.0.0.1:1')
    scene.env['WEIR_DATA'] = installed.kind === 'server' ? installed.data : ''
    scene.env['WEIR_URL'] = 'http://a:1/'
    const found = (selection: Selection = {}): Promise<Target> => discover(selection, undefined, scene)
    expect(await found({ url: 'http://b:1' })).toEqual({ kind: 'url', url: 'http://b:1', origin: '--url' })
    expect(await found({ data: join(root, 'local') })).toEqual(local)
    expect(await found()).toEqual({ kind: 'url', url: 'http://a:1', origin: 'WEIR_URL' })
    scene.env['WEIR_URL'] = ''
    expect(await found()).toEqual(installed)
    scene.env['WEIR_DATA'] = ''
    expect(await found()).toEqual(local)
    await rm(join(root, 'local'), { recursive: true })
    expect(await found()).toEqual(installed)
    await rm(join(root, 'installed'), { recursive: true })
    expect(await found()).toEqual(guessed)
  })

  test('of the installation although a stopped one left its folder here', async () => {
    await stopped('local', 'store')
    expect(await discover({}, undefined, scene)).toEqual(guessed)
    const installed = await serve('installed', 'http://127.0.0.1:2')
    expect(await discover({}, undefined, scene)).toEqual(installed)
  })

  test('by its lock of the kernel', async () => {
    const data = join(root, 'local')
    await mkdir(data)
    const lock = await takeLock(realHost(), data)
    lock.announce({ url: 'http://127.0.0.1:3', ops: 'http://127.0.0.1:4' })
    const holder = { url: 'http://127.0.0.1:3', ops: 'http://127.0.0.1:4' }
    expect(await discover({}, undefined, scene)).toMatchObject({ kind: 'server', data, holder })
    lock.release()
    expect(await discover({}, undefined, scene)).toEqual(guessed)
  })
})

describe('a command that needs no server', () => {
  test('reads the first folder with the part', async () => {
    await stopped('local', 'journal')
    const installed = await stopped('installed', 'store')
    expect(await discover({}, 'store', scene)).toEqual({ kind: 'folder', data: installed })
    expect(await discoverFolder(undefined, 'store', scene)).toBe(installed)
    expect(await discoverFolder(undefined, 'journal', scene)).toBe(join(root, 'local'))
  })

  test('uses a named folder as it is', async () => {
    scene.env['WEIR_DATA'] = '/elsewhere'
    expect(await discoverFolder(undefined, 'store', scene)).toBe('/elsewhere')
    expect(await discoverFolder('/given', 'store', scene)).toBe('/given')
  })

  test('names the folders that it tried', async () => {
    const error: unknown = await discoverFolder(undefined, 'journal', scene).catch((cause: unknown) => cause)
    expect(error).toMatchObject({
      message: 'No data folder with a journal was found. Tried:',
      hints: [
        `${join(root, 'local')}: does not exist`,
        `${join(root, 'installed')}: does not exist`,
        'Select the folder with --data or WEIR_DATA.',
      ],
    })
  })
})

describe('a command that reads the configuration', () => {
  test('uses that of the installation, unless another data folder is selected', async () => {
    const places = [{ data: join(root, 'first') }, { data: join(root, 'installed'), config: join(root, 'etc') }]
    const installation = { ...installationOf('debian', root), places }
    await mkdir(join(root, 'etc'))
    await mkdir(join(root, 'installed'))
    expect(await installedConfig(undefined, installation)).toEqual([])
    await writeFile(join(root, 'etc/.hidden.yaml'), '')
    expect(await installedConfig(undefined, installation)).toEqual([])
    await writeFile(join(root, 'etc/weir.yaml'), '')
    expect(await installedConfig(undefined, installation)).toEqual([join(root, 'etc')])
    expect(await installedConfig(join(root, 'installed'), installation)).toEqual([join(root, 'etc')])
    expect(await installedConfig(join(root, 'first'), installation)).toEqual([])
    expect(await installedConfig('/elsewhere', installation)).toEqual([])
  })
})

describe('the error', () => {
  beforeEach(() => {
    scene = { ...scene, probe: async () => 'connection refused' }
  })

  test('names each place with the reason, and fits the installation', async () => {
    await stopped('local', 'journal')
    await writeFile(join(root, 'installed'), '')
    expect(await failure()).toBe(`No Weir was found. Tried:
${join(root, 'local')}: no Weir runs there
${join(root, 'installed')}: is not a folder
http://127.0.0.1:8080: connection refused
Start it with \`sudo systemctl start weir\`. Select another with --url, --data, WEIR_URL or WEIR_DATA.`)
    expect(await failure({}, 'store')).toContain('no Weir runs there, and it has no store')
    for (const kind of ['package', 'archive', 'debian', 'image'] as const)
      expect(installationOf(kind, '/opt/weir/lib/weir').start).not.toContain('npm')
  })

  test('names the only place of a flag or variable', async () => {
    expect(await failure({ data: join(root, 'none') })).toMatch(/^No Weir runs on \S+\/none: does not exist\.\n/)
    expect(await failure({ url: 'a', data: 'b' })).toContain('use one of them')
    expect(await failure({ url: 'ftp://a' })).toContain('--url ftp://a is not the address of a server.')
    scene.env['WEIR_URL'] = 'localhost'
    expect(await failure()).toContain('WEIR_URL localhost is not the address of a server.')
  })
})

test('a package looks in the folders of its service', () => {
  const dataOf = (kind: Parameters<typeof installationOf>[0], at: string): string[] =>
    installationOf(kind, at).places.map(({ data }) => data)
  expect(dataOf('checkout', '/src/weir')).toEqual(['/src/weir/weir-data'])
  expect(dataOf('archive', '/opt/weir/lib/weir')).toEqual(['/opt/weir/weir-data', '/var/lib/weir'])
  expect(dataOf('debian', '/usr/lib/weir')).toEqual(['/var/lib/weir'])
  expect(dataOf('package', '/usr/lib/node_modules/weir-collector')).toEqual(['/var/lib/weir'])
  expect(dataOf('image', '/usr/lib/weir')).toEqual(['/data'])
})
