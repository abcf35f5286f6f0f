// Issue 56, m8: validating 20,000 sinks took 33 s, because each of them read all.
import { expect, test, vi } from 'vitest'
import { isMap } from 'yaml'
import { summary } from '../cli/validate.ts'
import { infoOf, parseYaml, type ConfigDocument } from '../schema/index.ts'
import { withoutSecrets } from '../schema/without-secrets.ts'
import { weirSchema } from './config.ts'
import { ConfigError, loadDocument } from './load-config.ts'

const configured = (count: number, entry: (index: number) => string): ConfigDocument =>
  parseYaml(`sinks:\n${Array.from({ length: count }, (_, at) => `  s${at}: ${entry(at)}\n`).join('')}`, 'weir.yaml')

/** How often the map of sinks and the list of its nodes are read. */
async function readsOf(document: ConfigDocument): Promise<number> {
  let reads = 0
  const counting = (sinks: object): object =>
    new Proxy(sinks, {
      ownKeys: (target) => {
        reads++
        return Reflect.ownKeys(target)
      },
    })
  const { sinks } = document.value as { sinks: object }
  const { contents } = document.nodes.document
  const nodes = isMap(contents) ? contents.get('sinks') : undefined
  if (!isMap(nodes)) throw new Error('no map')
  const { items } = nodes
  Object.defineProperty(nodes, 'items', {
    get: () => {
      reads++
      return items
    },
  })
  const value = { sinks: counting(sinks) }
  withoutSecrets(weirSchema, value)
  await loadDocument({ ...document, value }, []).catch((error: unknown) => {
    if (!(error instanceof ConfigError)) throw error
  })
  return reads
}

test.each([
  ['are valid', (at: number) => `{type: http, url: "http://u:p@127.0.0.1:9/${at}"}`],
  ['have variables', (at: number) => `{type: http, url: "http://\${NO_HOST:-a}/${at}"}`],
  ['have variables without a value', () => '{type: http, url: "http://${NO_HOST}/"}'],
  ['have references without a value', () => '{type: http, url: env:NO_HOST}'],
  ['have a wrong value', () => '{type: http, url: 1}'],
  ['have an unknown field', () => '{type: http, url: "http://a", ulr: 1}'],
  ['have a wrong filter', () => '{type: stdout, only: {filter: "byts > 1"}}'],
  ['name no source', () => '{type: stdout, from: [nope]}'],
])('the number of reads of all sinks does not depend on their number if they %s', async (_, entry) => {
  expect(await readsOf(configured(40, entry))).toBe(await readsOf(configured(10, entry)))
})

test('the summary of a configuration reads the types of components as often for many sinks as for few', async () => {
  const { components } = infoOf(weirSchema.fields.sinks)
  if (components === undefined) throw new Error('no types')
  const names = vi.spyOn(components, 'names', 'get')
  try {
    const readsFor = async (count: number): Promise<number> => {
      const { config, document } = await loadDocument(
        configured(count, (at) => `{type: file, path: /tmp/${at}}`),
        [],
      )
      names.mockClear()
      await summary(config, document.value)
      return names.mock.calls.length
    }
    expect(await readsFor(40)).toBe(await readsFor(10))
  } finally {
    names.mockRestore()
  }
})

const chain = (count: number, more = ''): ConfigDocument =>
  parseYaml(
    `transforms:\n${Array.from(
      { length: count },
      (_, at) => `  t${at}: {type: filter, where: "bytes > 1", from: [${at === 0 ? 'http' : `t${at - 1}`}]}\n`,
    ).join('')}${more}`,
    'weir.yaml',
  )

test('a chain of 1,000 transforms is valid, and one that feeds itself is not', async () => {
  expect(Object.keys((await loadDocument(chain(1000), [])).config.transforms)).toHaveLength(1000)
  const ring = '  a: {type: dedupe, from: [b, t9], by: [id]}\n  b: {type: dedupe, from: [a], by: [id]}\n'
  await expect(loadDocument(chain(10, ring), [])).rejects.toThrow(/`b` is derived from `a`[^]*`a` is derived from `b`/)
})
