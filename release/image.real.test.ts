// Builds the image without a container engine, validates its layout, and runs it in namespaces from its own config.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { freePorts } from '../test/kit/free-port.ts'
import { askInstalled, expectFound } from '../test/kit/installed-commands.ts'
import { sharedArchive } from '../test/kit/shared-build.ts'
import { ROOT, runCommand } from '../tools/kit/command.ts'
import { done } from './archives.ts'
import { buildImage, replacedCommands, type Architecture, type Built } from './image.ts'
import type { Descriptor, ImageConfig } from './oci-layout.ts'

const MB = 1024 * 1024
const architecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
const able =
  process.getuid?.() === 0 &&
  ['/usr/bin/apt-get', '/usr/bin/dpkg-deb', '/usr/bin/unshare', '/etc/debian_version'].every((path) =>
    existsSync(path),
  ) &&
  (await runCommand('unshare', ['--mount', 'true'], { limit: 10_000 })).code === 0

type Manifest = Readonly<{ config: Descriptor; layers: readonly Descriptor[] }>
type Document = Readonly<{ architecture: string; config: ImageConfig; rootfs: { diff_ids: readonly string[] } }>

type Running = Readonly<{ pid: number; uid: number }>

/** Processes of Node below one. */
async function nodesBelow(parent: number): Promise<readonly Running[]> {
  const children = await readFile(`/proc/${parent}/task/${parent}/children`, 'utf8')
  const found = await Promise.all(
    children
      .trim()
      .split(' ')
      .filter((pid) => pid !== '')
      .map(async (pid) => {
        const own = (await readlink(`/proc/${pid}/exe`)).endsWith('/node')
          ? [{ pid: Number(pid), uid: (await stat(`/proc/${pid}`)).uid }]
          : []
        return [...own, ...(await nodesBelow(Number(pid)))]
      }),
  )
  return found.flat()
}

describe.skipIf(!able)('the image', () => {
  let folder = ''
  let built: Built
  let root = ''
  let config: ImageConfig

  const blob = (digest: string, layout = built.layout): string =>
    join(layout, 'blobs/sha256', digest.replace('sha256:', ''))
  const json = async <T>({ digest }: Descriptor): Promise<T> => JSON.parse(await readFile(blob(digest), 'utf8')) as T

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-image-'))
    built = await buildImage([architecture], folder, await sharedArchive())
    const manifest = await json<Manifest>(built.images[0]!)
    ;({ config } = await json<Document>(manifest.config))
    root = join(folder, 'root')
    await mkdir(root)
    for (const { digest } of manifest.layers) await done('tar', ['-xzpf', blob(digest), '-C', root], folder)
  }, 900_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** Runs the command as the config's user on a read-only root, with data in a tmpfs. */
  function container(command: readonly string[], env: readonly string[] = []): readonly string[] {
    const [user = '', group = ''] = config.User.split(':')
    const run = [...config.Env, ...env].concat(
      'unshare',
      `--root=${root}`,
      `--wd=${config.WorkingDir}`,
      `--setgid=${group}`,
      `--setuid=${user}`,
      ...command,
    )
    const script = `
      set -e
      mount --bind "$0" "$0"
      mount -o remount,ro,bind "$0"
      mount -t tmpfs -o mode=1777 tmpfs "$0/tmp"
      mount -t tmpfs -o mode=700,uid=${user},gid=${group} tmpfs "$0/data"
      mount --rbind /dev "$0/dev"
      mount -t proc proc "$0/proc"
      exec env -i "$@"`
    return ['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', script, root, ...run]
  }

  test('every blob has the stated digest and size, and each layer its uncompressed digest', async () => {
    expect(JSON.parse(await readFile(join(built.layout, 'oci-layout'), 'utf8'))).toEqual({
      imageLayoutVersion: '1.0.0',
    })
    const top = JSON.parse(await readFile(join(built.layout, 'index.json'), 'utf8')) as { manifests: Descriptor[] }
    const index = await json<{ manifests: Descriptor[] }>(top.manifests[0]!)
    const manifest = await json<Manifest>(index.manifests[0]!)
    const document = await json<Document>(manifest.config)
    const named = [...top.manifests, ...index.manifests, manifest.config, ...manifest.layers]
    for (const { digest, size } of named) {
      const bytes = await readFile(blob(digest))
      expect(bytes.length, digest).toBe(size)
      expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(digest)
    }
    expect((await readdir(join(built.layout, 'blobs/sha256'))).length).toBe(named.length)
    for (const [at, { digest }] of manifest.layers.entries())
      expect(document.rootfs.diff_ids[at]).toBe(
        `sha256:${createHash('sha256')
          .update(gunzipSync(await readFile(blob(digest))))
          .digest('hex')}`,
      )
    expect(document.architecture).toBe(architecture)
    expect(manifest.layers.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(180 * MB)
  }, 120_000)

  test('it has no other programs, an unprivileged user, and a command for each replaced tool', async () => {
    expect(config.User).toMatch(/^[1-9]\d+:[1-9]\d+$/)
    expect(await readdir(join(root, 'usr/bin'))).toEqual(['weir'])
    expect((await readdir(join(root, 'bin'))).toSorted()).toEqual(['cat', 'dash', 'kollect', 'sh'])
    for (const file of ['etc/ssl/certs/ca-certificates.crt', 'usr/share/zoneinfo/Europe/Zurich', 'usr/share/doc/libc6'])
      expect(existsSync(join(root, file)), file).toBe(true)
    expect((await stat(join(root, 'data'))).uid).toBe(Number(config.User.split(':')[0]))
    const launcher = await readFile(join(ROOT, 'deploy/image/launch.mjs'), 'utf8')
    for (const command of replacedCommands) {
      const preset = new RegExp(`'${command}', '([^']+)'`).exec(launcher)?.[1] ?? 'none'
      const help = await runCommand('unshare', container([command, '--help']), { limit: 60_000 })
      expect(help, command).toMatchObject({
        code: 0,
        stdout: expect.stringContaining(`Usage: weir ${preset} `) as unknown,
      })
    }
  }, 300_000)

  test('from its config, on a read-only root, it becomes ready and stores an event', async () => {
    const [api = 0, ops = 0] = await freePorts(2)
    const env = [`WEIR_LISTEN=127.0.0.1:${api}`, `WEIR_OPS=127.0.0.1:${ops}`, 'WEIR_SOURCES_SFLOW_LISTEN=off']
    const flows = ['WEIR_SOURCES_NETFLOW_LISTEN=off', 'WEIR_SOURCES_NETFLOW_TCP=off']
    const child = spawn('unshare', container([...config.Entrypoint, ...config.Cmd], [...env, ...flows]), {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    let log = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
    const exited = once(child, 'exit')
    const url = `http://127.0.0.1:${api}`
    while (!log.includes('weir is ready') && child.exitCode === null) await sleep(50)
    expect(log).toContain('weir is ready')
    expect((await fetch(`http://127.0.0.1:${ops}/readyz`)).status).toBe(200)
    const sent = await fetch(`${url}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify({ specversion: '1.0', id: '1', source: '/test', type: 'com.example.contained' }),
    })
    expect(await sent.json()).toEqual({ accepted: 1, duplicates: 0 })
    let found = ''
    while (!found.includes('com.example.contained')) {
      const answer = await fetch(`${url}/api/v1/sql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ sql: 'SELECT type FROM events' }),
      })
      expect(answer.status).toBe(200)
      found = await answer.text()
      await sleep(50)
    }
    const running = await nodesBelow(child.pid ?? 0)
    expect(new Set(running.map(({ uid }) => uid))).toEqual(new Set([Number(config.User.split(':')[0])]))
    // `unshare` ignores it while its child runs.
    process.kill(running[0]!.pid, 'SIGTERM')
    expect(await exited).toEqual([0, null])
  }, 300_000)

  test('its commands find the server in the same container, as its user and as root', async () => {
    const inside = (user: string): string =>
      `env -i ${config.Env.join(' ')} unshare --root=${root} --wd=/data --setgid=${user} --setuid=${user}`
    const user = config.User.split(':')[0] ?? ''
    const found = await askInstalled({
      prepare: `mount -t tmpfs -o mode=700,uid=${user},gid=${user} tmpfs ${root}/data
        mount -t tmpfs -o mode=1777 tmpfs ${root}/tmp
        mount --rbind /dev ${root}/dev
        mount -t proc proc ${root}/proc`,
      // The shell of the image would keep the signal from it.
      server: ['exec', ...config.Entrypoint, ...config.Cmd].join(' '),
      weir: 'weir',
      as: { server: inside(user), root: inside('0'), other: inside(user) },
    })
    expectFound(found)
    expect(found.running.other['doctor']?.output).toContain('/data')
  }, 600_000)

  test('a build of package and libraries from scratch has the same digest', async () => {
    const again = join(folder, 'again')
    expect((await buildImage([architecture], again)).digest).toBe(built.digest)
  }, 900_000)
})
