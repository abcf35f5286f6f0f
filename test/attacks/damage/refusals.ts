// States in which Weir refuses to start: it exits with one line and changes nothing.
import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { AcceptanceContext } from '../../../bench/harness.ts'
import { prepareWeir, startWeir, type WeirProcess } from '../../kit/weir-process.ts'
import { makeEvents, settled, storedIds } from './base.ts'
import { mountTemporary, remountReadOnly } from './disk.ts'

/** The exit code of a refused start, and its lines without hints. */
async function refused(weir: WeirProcess): Promise<{ code: number | null; lines: readonly string[] }> {
  weir.launch()
  const { code } = await weir.exited()
  return {
    code,
    lines: weir.lastLog.split('\n').filter((line) => line.startsWith('weir: ') || / at .*\.ts:\d+/.test(line)),
  }
}

export async function readOnlyFolder(context: AcceptanceContext): Promise<void> {
  const folder = join(context.folder, 'read-only')
  const data = join(folder, 'data')
  mkdirSync(data, { recursive: true })
  const mounted = process.getuid?.() === 0 ? await mountTemporary(data, '16m') : undefined
  if (process.getuid?.() === 0 && mounted === undefined) {
    context.figure('read-only folder', 'not shown: root heeds no modes, and nothing can be mounted here')
    return
  }
  try {
    if (mounted === undefined) chmodSync(data, 0o500)
    else await remountReadOnly(data)
    const weir = await prepareWeir({ folder, data })
    const { code, lines } = await refused(weir)
    context.expect(
      code === 1 && lines.length === 1 && lines[0]?.includes(data) === true,
      `a read-only folder: it reports this in one line and exits with 1 (${code}: ${lines.join(' | ')})`,
    )
  } finally {
    await mounted?.()
    chmodSync(data, 0o700)
  }
}

export async function twoProcesses(context: AcceptanceContext): Promise<void> {
  const folder = join(context.folder, 'two')
  await using first = await startWeir({ folder })
  const second = await prepareWeir({ folder: join(folder, 'second'), data: first.data })
  const { code, lines } = await refused(second)
  const message = lines.length === 1 && lines[0]?.includes(String(first.pid)) === true && lines[0].includes(first.url)
  context.expect(
    code === 1 && message,
    `two processes on one folder: the second names the first's number and URL in one line and exits with 1 ` +
      `(${code}: ${lines.join(' | ')})`,
  )
  await first.events(makeEvents('two', 5))
  await settled(first)
  context.expect((await storedIds(first)).length === 5, 'two processes on one folder: the first continues')
}
