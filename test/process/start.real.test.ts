// Issue 24, item 16: a signal during the start was ignored, and a data folder that cannot be used hung or printed a
// stack.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ROOT, runCommand, type CommandResult } from '../../tools/kit/command.ts'
import { prepareWeir, startWeir } from '../kit/weir-process.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weir-start-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a signal during the start', () => {
  it('stops it at any moment, and leaves no lock behind', async () => {
    await using weir = await prepareWeir({ folder })
    const ends: unknown[] = []
    for (const ms of [50, 150, 300, 450, 600, 750, 900, 1200]) {
      weir.launch()
      await sleep(ms)
      weir.signal('SIGTERM')
      const ended = await Promise.race([weir.exited(), sleep(20_000, 'ignored' as const, { ref: false })])
      if (ended === 'ignored') await weir.kill()
      // Before its first instruction Node ends by the signal.
      ends.push(
        ended !== 'ignored' && (ended.signal === 'SIGTERM' || ended.code === 0)
          ? 'stopped'
          : { ms, ended, log: weir.lastLog },
      )
    }
    expect(ends).toEqual(ends.map(() => 'stopped'))
    expect(await readdir(weir.data).catch(() => [])).not.toContain('lock')
  })

  it('stops process 1 of a container, which has no default signal action, before it is ready', async (context) => {
    if ((await runCommand('unshare', ['--pid', '--fork', '--mount-proc', 'true'], { limit: 10_000 })).code !== 0)
      context.skip('unshare')
    await using weir = await prepareWeir({
      folder,
      through: ['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'],
    })
    weir.launch()
    // Node's own handler resets the signal and raises it: that ends a process 1 or, more rarely, has no effect.
    await expect.poll(() => existsSync(weir.data), { interval: 5, timeout: 60_000 }).toBe(true)
    weir.signal('SIGTERM')
    expect({ ...(await weir.exited()), log: weir.log }).toEqual({
      code: 0,
      signal: null,
      log: expect.not.stringContaining('weir is ready') as string,
    })
  })
})

describe('a data folder that cannot be used', () => {
  it('that is a file, is in /proc or below a file is one sentence and a line of advice', async () => {
    await writeFile(join(folder, 'file'), '')
    for (const data of ['/proc/x', join(folder, 'file'), join(folder, 'file/below')])
      expectRefused(await run(data), data)
  })

  it.skipIf(process.getuid?.() !== 0)(
    'that is mounted read-only, or below such a mount, is one sentence and a line of advice',
    async () => {
      const mounted = join(folder, 'mounted')
      await mkdir(join(mounted, 'data'), { recursive: true })
      for (const data of [join(mounted, 'data'), join(mounted, 'new/data')]) {
        const script =
          `mount -t tmpfs none "${mounted}" && mkdir "${mounted}/data" && mount -o remount,ro ` +
          `"${mounted}" && exec "$@"`
        expectRefused(await run(data, ['unshare', '--mount', 'sh', '-c', script, 'sh']), data)
      }
    },
  )

  it.skipIf(process.getuid?.() !== 0)('that another user owns is one sentence and a line of advice', async () => {
    await mkdir(join(folder, 'existing'), { mode: 0o755 })
    await runCommand('chmod', ['755', folder], { limit: 10_000 })
    const data = join(folder, 'existing')
    for (const one of [data, join(data, 'new')])
      expectRefused(await run(one, ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups']), one)
  })

  it.skipIf(process.getuid?.() !== 0)('that is on a full disk is one sentence and a line of advice', async () => {
    const mounted = join(folder, 'mounted')
    await mkdir(mounted)
    const data = join(mounted, 'data')
    const full =
      `mount -t tmpfs -o size=3m none "${mounted}" && mkdir "${data}" && { dd if=/dev/zero ` +
      `of="${mounted}/fill" bs=4k 2>/dev/null; true; } && exec "$@"`
    expectRefused(await run(data, ['unshare', '--mount', 'sh', '-c', full, 'sh']), data)
  })
})

it('a start that is refused its folder leaves the one that runs there alone', async () => {
  await using weir = await startWeir({ folder })
  const second = await run(weir.data)
  expect(second.code).toBe(1)
  expect(second.stderr).toContain(`process ${weir.pid}`)
  await weir.events([{ specversion: '1.0', id: '1', source: '/s', type: 't' }])
})

function run(data: string, through: readonly string[] = []): Promise<CommandResult> {
  const [program, ...args] = [
    ...through,
    join(ROOT, 'node_modules/.bin/node'),
    join(ROOT, 'bin/weir.mjs'),
    'run',
    '--data',
    data,
    '--listen',
    '127.0.0.1:0',
    '--ops',
    '127.0.0.1:0',
    '--netflow',
    'off',
    '--ipfix-tcp',
    'off',
    '--sflow',
    'off',
  ]
  return runCommand(program, args, { limit: 20_000, cwd: folder })
}

function expectRefused({ code, timedOut, stderr }: CommandResult, data: string): void {
  expect({
    timedOut,
    code,
    lines: stderr
      .trim()
      .split('\n')
      .filter((line) => !/^\d{4}-/.test(line)).length,
    stderr,
  }).toMatchObject({ timedOut: false, code: 1, lines: 2 })
  expect(stderr).toContain(data)
  expect(stderr).not.toMatch(/\n\s+at /)
}
