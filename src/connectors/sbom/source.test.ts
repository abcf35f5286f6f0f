import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { insightTypes } from '../../model/image-insights.ts'
import { configFrom } from '../../schema/index.ts'
import { minute, QueryScene } from '../../../test/kit/query-scene.ts'
import { sbomSchema } from './config.ts'
import { openSbom, type SbomStatus } from './source.ts'

const start = Date.parse('2026-11-21T11:05:00.000Z')
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`

const syft = (letter: string, ...packages: readonly string[]): object => ({
  artifacts: packages.map((name) => ({ name, version: '1', type: 'npm', purl: `pkg:npm/${name}@1` })),
  source: { type: 'image', metadata: { repoDigests: [`shop/web@${digest(letter)}`], tags: ['shop/web:1.0'] } },
  descriptor: { name: 'syft', version: '1.0' },
  schema: { version: '16.0.0' },
})

class Scene extends QueryScene {
  constructor() {
    super('sbom', start)
  }

  async put(path: string, content: object | string | Uint8Array): Promise<void> {
    const { disk } = this.host
    const full = `/sbom/${path}`
    await disk.makeDirectory(full.slice(0, full.lastIndexOf('/')))
    await disk.remove(full)
    const file = await disk.open(full, 'create')
    const bytes =
      content instanceof Uint8Array
        ? content
        : new TextEncoder().encode(typeof content === 'string' ? content : JSON.stringify(content))
    await file.write(bytes, 0)
    await file.close()
  }

  /** Reads the folder until `passes` more intervals. */
  async run(passes = 2, written: { readonly max_size?: string } = {}): Promise<SbomStatus> {
    const source = await openSbom(configFrom(sbomSchema, { path: '/sbom', ...written }), this.context())
    const abort = new AbortController()
    const before = this.slept.length
    const done = source.run(abort.signal)
    await expect.poll(() => this.slept.length, { interval: 2, timeout: 20_000 }).toBeGreaterThanOrEqual(before + passes)
    abort.abort()
    await done
    return source.status()
  }

  get subjects(): (string | undefined)[] {
    return this.events.map(({ subject, type }) => (type === insightTypes.report ? 'report' : subject))
  }
}

test('44: each document is emitted once, its report last, and again when its content changes', async () => {
  const it = new Scene()
  await it.put('a.json', syft('a', 'x', 'y'))
  await it.put('more/b.json.gz', gzipSync(JSON.stringify(syft('b', 'z'))))
  await it.put('notes.txt', 'no document')
  expect(await it.run()).toEqual({ documents: 2, rejected: 0 })
  const first = ['pkg:npm/x@1', 'pkg:npm/y@1', 'report', 'pkg:npm/z@1', 'report']
  expect(it.subjects).toEqual(first)
  expect(it.events[0]).toMatchObject({ key: digest('a'), ref: `image:shop/web@${digest('a')}`, family: 'package' })
  await it.run()
  expect(it.subjects).toEqual(first)
  it.now += minute
  await it.put('a.json', syft('a', 'x'))
  await it.run()
  expect(it.subjects).toEqual([...first, 'pkg:npm/x@1', 'report'])
})

test('a document with the digest in its name needs none inside', async () => {
  const it = new Scene()
  await it.put(`${digest('c').replace(':', '-')}.json`, { ...syft('a', 'x'), source: { type: 'directory' } })
  await it.run()
  expect(it.events.map(({ key }) => key)).toEqual([digest('c'), digest('c')])
})

test('rejected documents are counted with their reason and reported once, and the others are read', async () => {
  const it = new Scene()
  await it.put('broken.json', '{"bomFormat":')
  await it.put('folder.json', { ...syft('a', 'x'), source: { type: 'directory' } })
  await it.put('other.json', { hello: 1 })
  await it.put('large.json', syft('a', 'x'.repeat(2000)))
  await it.put('bomb.json.gz', gzipSync(Buffer.alloc(4 << 20)))
  await it.put('good.json', syft('b', 'z'))
  expect(await it.run(3, { max_size: '4KiB' })).toEqual({ documents: 6, rejected: 5 })
  expect(it.shed).toEqual({ malformed: 1, no_image: 1, unknown_format: 1, too_large: 2 })
  const rejected = it.events.filter(({ type }) => type === insightTypes.rejected)
  expect(rejected.map(({ subject }) => subject)).toEqual([
    'bomb.json.gz',
    'broken.json',
    'folder.json',
    'large.json',
    'other.json',
  ])
  expect(it.subjects.slice(-3)).toContain('report')
  expect(await it.run(2, { max_size: '4KiB' })).toEqual({ documents: 6, rejected: 5 })
  expect(it.events.filter(({ type }) => type === insightTypes.rejected)).toHaveLength(5)
})

test('a full journal delays a document, and a missing folder is a problem until it exists', async () => {
  const it = new Scene()
  expect(await it.run()).toEqual({
    documents: 0,
    rejected: 0,
    problem: '/sbom cannot be read: there is no such folder',
  })
  await it.put('a.json', syft('a', 'x'))
  it.refuse = 3
  expect(await it.run(5)).toEqual({ documents: 1, rejected: 0 })
  expect(it.subjects).toEqual(['pkg:npm/x@1', 'report'])
})

test('without its state file it emits documents again, as new reports', async () => {
  const it = new Scene()
  await it.put('a.json', syft('a', 'x'))
  await it.run()
  it.now += minute
  await it.host.disk.remove('/data/sbom/documents.json')
  await it.run()
  expect(it.subjects).toEqual(['pkg:npm/x@1', 'report', 'pkg:npm/x@1', 'report'])
  expect(new Set(it.ids).size).toBe(4)
})
