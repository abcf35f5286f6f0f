// Promises of proto/: buf's rules hold, generated code is current, and readers of published versions continue to
// work.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { installBuf } from './install/buf.ts'
import { generatedFolder, protoFolder, runBuf, texts } from './kit/buf.ts'

let home = ''
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'weir-proto-'))
})
afterAll(() => rm(home, { recursive: true, force: true }))

async function needBuf(context: TestContext): Promise<string> {
  const installed = await installBuf()
  return installed.path ?? context.skip(installed.path === undefined ? installed.reason : '')
}

describe('buf', () => {
  test('finds nothing against its standard rules, and nothing that breaks a reader', async (context) => {
    const bin = await needBuf(context)
    const lint = await runBuf(bin, ['lint'])
    expect([lint.code, lint.output]).toEqual([0, ''])
    const breaking = await runBuf(bin, ['breaking', '--against', 'baseline.json'])
    expect([breaking.code, breaking.output]).toEqual([0, ''])
  })

  test('finds a renumbered field, which proves that the baseline is compared', async (context) => {
    const bin = await needBuf(context)
    const copy = join(home, 'changed')
    await cp(protoFolder, copy, { recursive: true })
    const file = join(copy, 'kollect/resource/event/v1/event.proto')
    await writeFile(file, (await readFile(file, 'utf8')).replace('bytes now = 3;', 'bytes now = 5;'))
    const broken = await runCommand(join(bin, 'buf'), ['breaking', '--against', 'baseline.json'], {
      cwd: copy,
      limit: 120_000,
    })
    expect(broken.code).not.toBe(0)
    expect(broken.output).toContain('ResourceUpdatedEvent')
  })

  test('the committed code is what the files give', async (context) => {
    const bin = await needBuf(context)
    const out = join(home, 'generated')
    const generated = await runBuf(bin, ['generate', '-o', out])
    expect([generated.code, generated.output]).toEqual([0, ''])
    expect(await texts(ROOT, generatedFolder)).toEqual(await texts(home, 'generated'))
  })
})
