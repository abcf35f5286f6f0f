// The Debian package in a separate Debian: lintian, installation, the hardened unit, removal.
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand, type CommandResult } from '../../tools/kit/command.ts'
import { askInstalled, expectFound } from '../kit/installed-commands.ts'
import { buildDebian } from '../../release/debian.ts'
import { findDebianRoot } from './install/debian-root.ts'

const system = findDebianRoot()

/** Each with the reason. */
const accepted: Readonly<Record<string, string>> = {
  'embedded-library': 'Node contains its libraries',
  'bogus-mail-host': 'the package is not distributed by an archive with a maintainer',
  'copyright-file-contains-full-apache-2-license': 'the licences are those of the npm packages, in full',
  'copyright-not-using-common-license-for-apache2': 'as above',
  'library-not-linked-against-libc': 'prebuilt files of npm packages',
  'missing-dep-for-interpreter': 'scripts of npm packages, which nothing runs',
  'package-contains-eslint-config-file': 'files of npm packages',
  'package-contains-npm-ignore-file': 'files of npm packages',
  'unstripped-binary-or-object': 'prebuilt files of npm packages keep their checksums',
}

describe.skipIf(system.path === undefined)('the Debian package', () => {
  let folder = ''
  let root = ''
  let file = ''

  const inside = (...command: readonly string[]): Promise<CommandResult> =>
    runCommand('chroot', [root, ...command], {
      limit: 900_000,
      env: { DEBIAN_FRONTEND: 'noninteractive', PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    })
  const fine = async (...command: readonly string[]): Promise<string> => {
    const ran = await inside(...command)
    expect(ran.code, `${command.join(' ')}\n${ran.output}`).toBe(0)
    return ran.stdout
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weir-debian-'))
    root = join(folder, 'root')
    await mkdir(root)
    const unpacked = await runCommand('tar', ['-xpf', system.path ?? 'none', '-C', root], { limit: 900_000 })
    expect(unpacked.code, unpacked.output).toBe(0)
    const mounted = await runCommand('mount', ['-t', 'proc', 'proc', join(root, 'proc')], { limit: 10_000 })
    expect(mounted.code, mounted.output).toBe(0)
    const [built = ''] = await buildDebian(['linux-x64'], join(folder, 'debian'))
    file = `/${basename(built)}`
    await cp(built, join(root, file))
  }, 1_800_000)
  afterAll(async () => {
    await runCommand('umount', [join(root, 'proc')], { limit: 10_000 })
    await rm(folder, { recursive: true, force: true })
  })

  test('lintian finds no error', async () => {
    const found = await inside('lintian', '--allow-root', '--no-cfg', '--fail-on', 'none', file)
    const errors = found.stdout.split('\n').filter((line) => line.startsWith('E: '))
    expect(errors.filter((line) => !Object.keys(accepted).some((tag) => line.split(' ')[2] === tag))).toEqual([])
  }, 900_000)

  test('it installs, its unit is valid and hardened, and its user runs it', async () => {
    await fine('dpkg', '--install', file)
    expect(await fine('getent', 'passwd', 'weir')).toContain('/var/lib/weir')
    expect(await fine('stat', '-c', '%a %U %G', '/etc/weir/weir.yaml', '/etc/default/weir')).toBe(
      '640 root weir\n640 root weir\n',
    )
    // ExecReload runs `kill`, which a minimal root lacks.
    if (!existsSync(join(root, 'bin/kill'))) await fine('apt-get', 'install', '-y', '-qq', 'procps')
    await fine('systemd-analyze', 'verify', '/lib/systemd/system/weir.service')
    // The threshold is ten times the exposure level.
    await fine('systemd-analyze', 'security', '--offline=true', '--threshold=30', 'weir.service')
    const checked = await fine('setpriv', '--reuid=weir', '--regid=weir', '--clear-groups', 'weir', 'validate')
    expect(checked).toContain('/etc/weir is valid.')
  }, 300_000)

  test('its commands find the service, as root and as a user who cannot read its data', async () => {
    const as = (user: string, group: string): string =>
      `chroot ${root} setpriv --reuid=${user} --regid=${group} --clear-groups env -i PATH=/usr/bin:/bin`
    const unit = await readFile(join(root, 'usr/lib/systemd/system/weir.service'), 'utf8')
    await mkdir(join(root, 'var/lib/weir'), { recursive: true })
    await fine('chown', 'weir:weir', '/var/lib/weir')
    await fine('chmod', '0700', '/var/lib/weir')
    const found = await askInstalled({
      server: `exec ${/^ExecStart=(.+)$/m.exec(unit)?.[1] ?? 'none'}`,
      weir: 'cd / && exec weir',
      as: { server: as('weir', 'weir'), root: as('root', 'root'), other: as('nobody', 'nogroup') },
    })
    expectFound(found)
    expect(found.before.other['status']?.output).toContain('/var/lib/weir: cannot be read: permission denied')
    expect(found.before.other['status']?.output).toContain('use sudo')
    expect(found.before.other['status']?.output).toContain('systemctl start weir')
    expect(found.running.root['doctor']?.output).toContain('/etc/weir')
    for (const path of ['man/man1/weir.1.gz', 'zsh/vendor-completions/_weir', 'fish/vendor_completions.d/weir.fish'])
      expect(existsSync(join(root, 'usr/share', path)), path).toBe(true)
    expect(await fine('weir', 'help', 'topics')).toContain('guide')
    expect(await inside('weir', 'sink', 'forget', 'bus')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('the folder belongs to user') as unknown,
    })
  }, 600_000)

  test('purge leaves neither data nor configuration', async () => {
    await mkdir(join(root, 'var/lib/weir/journal'), { recursive: true })
    await fine('dpkg', '--purge', 'weir')
    for (const path of ['var/lib/weir', 'etc/weir', 'etc/default/weir', 'usr/lib/weir', 'usr/bin/weir'])
      expect(existsSync(join(root, path)), path).toBe(false)
  }, 300_000)
})
