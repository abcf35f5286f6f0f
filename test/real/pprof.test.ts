import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../../tools/kit/command.ts'
import { startWeir } from '../kit/weir-process.ts'

/** Go is large, and is not installed for this. */
function findGo(): string | undefined {
  return [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/go/bin', '/usr/lib/go/bin']
    .map((folder) => join(folder, 'go'))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK)
        return true
      } catch {
        return false
      }
    })
}

describe('go tool pprof', () => {
  test('opens a profile of time and of memory of every thread of a running Weir', async (context) => {
    const go = findGo()
    if (go === undefined) return context.skip('go tool pprof: go is not installed')
    const folder = await mkdtemp(join(tmpdir(), 'weir-pprof-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await using weir = await startWeir({ folder })
    for (const thread of ['main', 'ingest', 'store']) {
      for (const [kind, type] of [
        ['profile', 'wall'],
        ['heap', 'inuse_space'],
      ] as const) {
        const answer = await fetch(`${weir.opsUrl}/debug/pprof/${kind}?seconds=1&thread=${thread}`)
        expect([thread, kind, answer.status]).toEqual([thread, kind, 200])
        const file = join(folder, `${thread}-${kind}.pb.gz`)
        await writeFile(file, new Uint8Array(await answer.arrayBuffer()))
        const shown = await runCommand(go, ['tool', 'pprof', '-top', file], { limit: 300_000 })
        expect([thread, kind, shown.code]).toEqual([thread, kind, 0])
        expect(shown.output).toContain(`Type: ${type}`)
        expect(shown.output).toContain('flat  flat%')
      }
    }
  })
})
