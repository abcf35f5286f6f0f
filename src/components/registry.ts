/** Code of components, loaded when one is configured. */
import { connectorFolders, importConnector } from './folders.ts'
import { importCode } from './packages/code.ts'
import { hidingSink, hidingSource } from '../engine/hidden-urls.ts'
import type { JournalDriver, SinkDefinition, SourceDefinition, TransformDefinition } from '../engine/contracts.ts'

const transforms: Readonly<Record<string, () => Promise<TransformDefinition<never>>>> = {
  aggregate: async () => (await import('../transforms/aggregate/index.ts')).aggregate,
  connections: async () => (await import('../transforms/connections/index.ts')).connections,
  dedupe: async () => (await import('../transforms/dedupe/index.ts')).dedupe,
  filter: async () => (await import('../transforms/filter/index.ts')).filter,
  map: async () => (await import('../transforms/map/index.ts')).map,
  parse: async () => (await import('../transforms/parse/index.ts')).parse,
  redact: async () => (await import('../transforms/redact/index.ts')).redact,
  route: async () => (await import('../transforms/route/index.ts')).route,
  sample: async () => (await import('../transforms/sample/index.ts')).sample,
  throttle: async () => (await import('../transforms/throttle/index.ts')).throttle,
}

/** `module`: of a package. */
export async function loadSource(type: string, module?: string): Promise<SourceDefinition<unknown>> {
  const loaded = module === undefined ? load(folderOfSource(type), 'source', 'source') : importCode(module, 'source')
  return hidingSource((await loaded) as SourceDefinition<unknown>)
}

export async function loadSink(type: string): Promise<SinkDefinition<unknown>> {
  // Threads build no sinks and must not load the manifests.
  const { packagedSink, sinkModule } = await import('./manifests.ts')
  const packaged = packagedSink(type)
  if (packaged !== undefined) return hidingSink((await importCode(packaged, 'sink')) as SinkDefinition<unknown>)
  const { folder, module } = sinkModule(type)
  return hidingSink((await load(folder, module, 'sink')) as SinkDefinition<unknown>)
}

export async function loadTransform(type: string): Promise<TransformDefinition<unknown>> {
  const transform = transforms[type]
  if (transform === undefined) throw new Error(`no transform of type ${type}`)
  return (await transform()) as TransformDefinition<unknown>
}

export async function loadJournal(type: string): Promise<JournalDriver<unknown>> {
  return (await load(type, 'journal', 'journal')) as JournalDriver<unknown>
}

/** `loki-push` is the source of `loki`. Threads must not load the manifests, which have the types. */
function folderOfSource(type: string) {
  const folders = connectorFolders.filter((folder) => folder === type || type.startsWith(`${folder}-`))
  return folders.toSorted((a, b) => b.length - a.length)[0] ?? type
}

async function load(folder: string, module: string, name: string): Promise<unknown> {
  if (!connectorFolders.includes(folder)) throw new Error(`no connector of type ${folder}`)
  return (await importConnector(folder, module))[name]
}
