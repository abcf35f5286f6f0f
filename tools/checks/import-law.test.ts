import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT } from '../kit/command.ts'
import { importLaw, LAW } from './import-law.ts'
import { makeTree } from '../kit/tree.ts'

async function judge(files: Record<string, string>): Promise<string[]> {
  const problems = await importLaw(await makeTree(files))
  return problems.map((problem) => `${problem.file}:${problem.line ?? 0} ${problem.message}`)
}

test('a tree that keeps the law has no problems, and rooms that do not exist are not missed', async () => {
  expect(
    await judge({
      'src/main.ts': `import { main } from './cli/main.ts'; main();`,
      'src/model/a.ts': `import { b } from './b.ts'; export const a = b;`,
      'src/host/disk.ts': `import { open } from 'node:fs/promises'; import type { A } from '../model/a.ts';`,
      'src/journal/files.ts': `import type { Disk } from '../host/disk.ts';`,
      'src/engine/contracts.ts': `export * from '../model/a.ts';`,
      'src/api/server.ts':
        `import type { Ledger } from '../engine/contracts.ts'; import { compile } from ` + `'../query/compile.ts';`,
      'src/codecs/netflow5/decode.ts': `import { a } from '../../model/a.ts';`,
      'src/connectors/nats/sink.ts':
        `import { connect } from 'nats'; import { port } from ` +
        `'../../engine/contracts.ts'; import { map } from './map.ts';`,
      'src/components/folders.ts': `const nats = () => import('../connectors/nats/index.ts');`,
      'src/app/workloads.ts':
        `import '../components/registry.ts'; import '../store/index.ts'; import '../api/index.ts'; import ` +
        `'../identity/index.ts';`,
      'src/app/workers/ingest.ts': `import '../../components/registry.ts'; import '../../identity/index.ts';`,
      'src/cli/validate.ts': `import '../components/registry.ts'; import type { Store } from '../store/index.ts';`,
      'console/src/app/pages.ts': `const load = () => import('../pages/flows/index.tsx');`,
      'console/src/pages/flows/topology/index.tsx':
        `import { columns } from '../columns.tsx'; import { Grid } from ` +
        `'../../../parts/grid.tsx'; import './topology.css';`,
      'console/app.ts': `import type { Ledger } from '../src/api/types.ts'; import { h } from './h.ts';`,
    }),
  ).toEqual([])
})

const forbidden: readonly [name: string, path: string, text: string, message: RegExp][] = [
  [
    'a lower room importing a higher one',
    'src/journal/a.ts',
    `import { x } from '../engine/x.ts';`,
    /^src\/journal\/a\.ts:1 journal may not import engine/,
  ],
  [
    'the same for a type',
    'src/journal/a.ts',
    `import type { X } from '../engine/x.ts';`,
    /journal may not import engine/,
  ],
  [
    'the same by export from',
    'src/host/a.ts',
    `\nexport { x } from '../telemetry/x.ts';`,
    /^src\/host\/a\.ts:2 host may not import telemetry/,
  ],
  ['the same by import()', 'src/store/a.ts', `const x = await import('../api/x.ts');`, /store may not import api/],
  ['the same by an import type', 'src/store/a.ts', `let x: import('../engine/x.ts').X;`, /store may not import engine/],
  [
    'the same by a worker URL',
    'src/engine/a.ts',
    `new Worker(new URL('../app/workers/w.ts', import.meta.url));`,
    /engine may not import app/,
  ],
  [
    'a codec that reaches for the host',
    'src/codecs/ipfix/a.ts',
    `import { x } from '../../host/x.ts';`,
    /codecs may not import host/,
  ],
  ['a package in model', 'src/model/a.ts', `import { z } from 'zod';`, /model imports nothing, not zod/],
  [
    'a connector that imports another',
    'src/connectors/nats/a.ts',
    `import { x } from '../kafka/x.ts';`,
    /no connector imports another/,
  ],
  [
    'a connector test that imports another connector',
    'src/connectors/nats/a.test.ts',
    `import { x } from '../kafka/x.ts';`,
    /no connector imports another/,
  ],
  [
    'a connector import outside the registry',
    'src/engine/a.ts',
    `import { x } from '../connectors/nats/index.ts';`,
    /engine may not import connectors/,
  ],
  [
    'an API that reaches behind the ports',
    'src/api/a.ts',
    `import { x } from '../engine/delivery.ts'`,
    /api may not import engine/,
  ],
  ['an import of cli', 'src/api/a.ts', `import { x } from '../cli/run.ts';`, /api may not import cli/],
  [
    'a preset that wires',
    'src/presets/a.ts',
    `import { x } from '../components/registry.ts';`,
    /presets may not import components/,
  ],
  [
    'a command that joins two parts',
    'src/cli/query.ts',
    `import '../components/registry.ts';\nimport '../store/index.ts';`,
    /^src\/cli\/query\.ts:2 only app\//,
  ],
  ['an unknown room', 'src/helpers/a.ts', `export {};`, /src\/helpers is not a room/],
  ['test code in the product', 'src/engine/a.ts', `import { x } from './a.test.ts';`, /is for tests only/],
  [
    'code from outside src',
    'src/engine/a.ts',
    `import { x } from '../../test/kit/x.ts';`,
    /src imports nothing from outside/,
  ],
  [
    'a console that runs server code',
    'console/a.tsx',
    `import { x } from '../src/api/x.ts';`,
    /import types of src\/api\/ and src\/topics\/ only/,
  ],
  [
    'a page of the console that imports another',
    'console/src/pages/audit/index.tsx',
    `import './audit.css';\nimport { useRefresh } from '../flows/use-refresh.ts';`,
    /^console\/src\/pages\/audit\/index\.tsx:2 only console\/src\/app\/ loads pages, not \.\.\/flows\/use-refresh\.ts/,
  ],
  [
    'the same from a deeper folder, for a type',
    'console/src/pages/flows/topology/a.ts',
    `import type { X } from '../../audit/x.ts';`,
    /loads pages, not/,
  ],
  [
    'the same by import()',
    'console/src/pages/home/a.ts',
    `const x = await import('../pipeline/x.ts');`,
    /loads pages, not/,
  ],
  [
    'the same for a style sheet',
    'console/src/pages/home/index.tsx',
    `import '../audit/audit.css';`,
    /loads pages, not/,
  ],
  [
    'the same in a test',
    'console/src/pages/home/a.test.ts',
    `import { x } from '../pipeline/x.ts';`,
    /loads pages, not/,
  ],
  [
    'a part of the console that imports a page',
    'console/src/parts/audit/a.tsx',
    `import { x } from '../../pages/audit/x.ts';`,
    /^console\/src\/parts\/audit\/a\.tsx:1 only console\/src\/app\/ loads pages/,
  ],
  [
    'the same in a test of the state',
    'console/src/state/a.test.ts',
    `import { x } from '../pages/flows/state.ts';`,
    /loads pages, not/,
  ],
  [
    'a console that knows other rooms',
    'console/a.tsx',
    `import type { X } from '../src/store/x.ts';`,
    /import types of src\/api\/ and src\/topics\/ only/,
  ],
]

test.for(forbidden)('the law finds %s', async ([, path, text, message]) => {
  const problems = await judge({ [path]: text })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(message)
})

test('an import in a comment or in a string is not an import', async () => {
  expect(
    await judge({
      'src/model/a.ts': `// import x from '../cli/x.ts'\nexport const s = "import y from '../cli/y.ts'";`,
    }),
  ).toEqual([])
})

test('tests may use every room', async () => {
  expect(
    await judge({ 'src/model/a.test.ts': `import { test } from 'vitest'; import { run } from '../cli/run.ts';` }),
  ).toEqual([])
})

test('docs/architecture.md has one line per room, and src/api has at most 12 files that are not tests', async () => {
  const page = await readFile(join(ROOT, 'docs/architecture.md'), 'utf8')
  const rooms = page.slice(page.indexOf('## Rooms'), page.indexOf('## Topics'))
  const listed = [...rooms.matchAll(/^\| `([^`]+)` \|/gm)].map(([, room]) => room)
  const lawful = Object.keys(LAW).filter((room) => room !== 'main.ts')
  expect(listed).toHaveLength(lawful.length)
  expect(new Set(listed)).toEqual(new Set(lawful))
  const files = await readdir(join(ROOT, 'src/api'))
  expect(files.filter((name) => /(?<!\.test)\.ts$/.test(name)).length).toBeLessThanOrEqual(12)
})
