// Issue 24, item 17: started by an old Node, Weir runs as the child of it, and outlived it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ROOT, runCommand } from '../../tools/kit/command.ts'

/** A Node of this machine that is too old for Weir. */
async function oldNode(): Promise<string | undefined> {
  const { stdout } = await runCommand('sh', ['-c', 'which -a node || true'], { limit: 10_000 })
  for (const path of new Set(
    stdout.split('\n').filter((line) => line.startsWith('/') && !line.includes('node_modules')),
  )) {
    const { stdout: version } = await runCommand(path, ['--version'], { limit: 10_000 })
    const major = Number(/^v(\d+)/.exec(version)?.[1] ?? Infinity)
    if (major >= 20 && major < 24) return path
  }
  return undefined
}

const node = await oldNode()

it('Weir ends when the Node process that started it is killed, and frees the folder', async (context) => {
  if (node === undefined) return context.skip('old Node')
  const folder = await mkdtemp(join(tmpdir(), 'weir-parent-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const start = async (): Promise<{ parent: ReturnType<typeof spawn>; child: number }> => {
    const parent = spawn(
      node,
      [
        join(ROOT, 'bin/weir.mjs'),
        'run',
        '--data',
        join(folder, 'data'),
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
      ],
      { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    onTestFinished(() => void parent.kill('SIGKILL'))
    let output = ''
    for await (const piece of parent.stderr as AsyncIterable<Buffer>) {
      output += piece.toString()
      if (output.includes('weir is ready')) break
    }
    expect(output).toContain('weir is ready')
    return { parent, child: (JSON.parse(readFileSync(join(folder, 'data/lock'), 'utf8')) as { pid: number }).pid }
  }
  const { parent, child } = await start()
  expect(child).not.toBe(parent.pid)
  // The memory options of `weir run` apply to the child too.
  expect(readFileSync(`/proc/${child}/cmdline`, 'utf8')).toContain('--max-semi-space-size')
  parent.kill('SIGKILL')
  await expect.poll(() => existsSync(`/proc/${child}`), { timeout: 10_000 }).toBe(false)
  const next = await start()
  next.parent.kill('SIGTERM')
  expect(await once(next.parent, 'exit')).toEqual([0, null])
})
