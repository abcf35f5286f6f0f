import { cp, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { generatedFiles } from '../../tools/docs/generate-docs.ts'
import { resultsFile } from '../../tools/kit/support-results.ts'
import { freePorts } from '../kit/free-port.ts'
import { startWeir } from '../kit/weir-process.ts'

const notCopied = new Set(['.git', 'node_modules', 'weir-data', 'coverage'])

test(
  'a new connector passes conformance, documents and checks, and brings an event, with no other file written by hand',
  { timeout: 900_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-create-connector-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const root = join(folder, 'checkout')
    for (const name of await readdir(ROOT))
      if (!notCopied.has(name)) await cp(join(ROOT, name), join(root, name), { recursive: true })
    await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'))
    const run = async (command: string, ...args: string[]): Promise<string> => {
      const { code, output } = await runCommand(command, args, { cwd: root, limit: 480_000 })
      expect(code, output).toBe(0)
      return output
    }
    const git = (...args: string[]): Promise<string> =>
      run('git', '-c', 'user.name=test', '-c', 'user.email=test@example.org', ...args)
    await git('init', '--quiet')
    await git('add', '--all')
    await git('commit', '--quiet', '--message', 'Before')
    const node = join(root, 'node_modules/.bin/node')

    await run(node, 'src/main.ts', 'create', '--connector', 'toy')
    for (const kind of ['poll', 'stream', 'sink'])
      await run(node, 'src/main.ts', 'create', '--connector', `toy-${kind}`, '--template', kind)
    await run(join(root, 'node_modules/.bin/oxfmt'))
    expect(
      await run(
        node,
        'node_modules/vitest/vitest.mjs',
        'run',
        '--reporter=default',
        '--reporter=test/kit/support-reporter.ts',
        'test/conformance/connectors.test.ts',
        '--testNamePattern=toy',
      ),
      // Of each source 7, of the sink 14.
    ).toMatch(/35 passed/)
    await run(node, 'tools/checks/docs-drift.ts', '--write')
    // The documents were just generated, and a connector has no console and no commit. No other file can be linted
    // differently because of it.
    const without = 'docs drift,console text,console size,commits,lint'
    expect(await run(node, 'tools/checks/check.ts', '--without', without)).toMatch(/check: \d+ passed, 0 failed/)
    const created = ['toy', 'toy-poll', 'toy-sink', 'toy-stream'].map((name) => `src/connectors/${name}`)
    await run(join(root, 'node_modules/.bin/oxlint'), '--type-aware', ...created)

    const touched = (await git('status', '--porcelain'))
      .trim()
      .split('\n')
      .map((line) => line.slice(2).trim())
    const generated = [
      ...generatedFiles.map(({ path }) => path),
      resultsFile,
      ...created.map((path) => `docs/reference/components/${path.split('/').at(-1)}.md`),
    ]
    const written = touched.filter((path) => !generated.includes(path))
    expect(written.toSorted()).toEqual(created.map((path) => `${path}/`).toSorted())

    const [port = 0] = await freePorts(1)
    await using weir = await startWeir({
      root,
      folder: join(folder, 'run'),
      config: { sources: { toy: { listen: `127.0.0.1:${port}` } } },
    })
    const answer = await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: '{"answer":42}\n' })
    expect(answer.status).toBe(200)
    expect(await weir.sql("SELECT source, type, data FROM events WHERE type = 'io.weir.toy'")).toEqual([
      { source: '/toy', type: 'io.weir.toy', data: { answer: 42 } },
    ])
    await expect
      .poll(async () => (await fetch(`${weir.opsUrl}/metrics`)).text(), { timeout: 20_000 })
      .toContain('weir_toy_lines_total{source="toy",outcome="taken"} 1')
  },
)
