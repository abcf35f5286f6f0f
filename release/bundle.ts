// `import.meta.url` of each module keeps its path below `src`.
import { readFile } from 'node:fs/promises'
import { dirname, join, posix, relative, sep } from 'node:path'
import { rolldown, type Plugin } from 'rolldown'
import { listFiles, TYPESCRIPT } from '../tools/kit/sources.ts'
import { externalDependencies, packageOf, type Manifest } from './manifest.ts'

/** The URL of a thread or process; may contain `${…}`. */
const OWN_URL = /new URL\((['"`])(\.{1,2}\/[^'"`]+)\.ts\1, import\.meta\.url\)/g
const OWN_ADDRESS = 'weirAddressOfDist'

export async function findEntries(root: string): Promise<string[]> {
  const files = (await listFiles(root, 'src', TYPESCRIPT)).filter((file) => !/\.test\.ts$|\/testing\//.test(file))
  const entries = new Set(['main'])
  for (const file of files) {
    const text = await readFile(join(root, file), 'utf8')
    for (const [, , target = ''] of text.matchAll(OWN_URL)) {
      const path = `${posix.join(posix.dirname(file), target)}.ts`
      const parts = path.split(/\$\{[^}]+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      const pattern = new RegExp(`^${parts.join('[^/]+')}$`)
      const entryFiles = files.filter((name) => pattern.test(name))
      if (entryFiles.length === 0) throw new Error(`${file} names ${path}, and there is no such file`)
      for (const name of entryFiles) entries.add(name.slice('src/'.length, -'.ts'.length))
    }
  }
  return [...entries].toSorted()
}

export type Bundled = Readonly<{
  files: readonly string[]
  imports: readonly string[]
}>

export async function bundle(root: string, dist: string, manifest: Manifest): Promise<Bundled> {
  const external = new Set(Object.keys(externalDependencies(manifest)))
  const entries = await findEntries(root)
  const build = await rolldown({
    input: {
      ...Object.fromEntries(entries.map((name) => [name, join(root, 'src', `${name}.ts`)])),
      kollect: join(root, 'clients/kollect/index.ts'),
      conformance: join(root, 'test/conformance/package.ts'),
    },
    platform: 'node',
    external: (id) => !id.startsWith('.') && external.has(packageOf(id)),
    plugins: [keepAddresses(join(root, 'src')), await listConnectors(join(root, 'src'))],
    onLog(level, log, say) {
      if (level === 'warn') throw new Error(`${log.code ?? 'warning'}: ${log.message}`)
      say(level, log)
    },
  })
  const { output } = await build.write({
    dir: dist,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name].js',
    // Readable stack traces and profiles.
    minify: false,
    // A module of the file may have a variable `URL`.
    banner: ({ fileName }) => {
      const folder = posix.relative(posix.dirname(fileName), '.') || '.'
      return `const ${OWN_ADDRESS} = new globalThis.URL('${folder}/', import.meta.url)`
    },
  })
  const chunks = output.filter((file) => file.type === 'chunk')
  const chunkNames = new Set(chunks.map((chunk) => chunk.fileName))
  return {
    files: chunks.flatMap((chunk) => chunk.moduleIds).filter((id) => id.includes('node_modules')),
    imports: chunks
      .flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports])
      .filter((name) => !chunkNames.has(name)),
  }
}

function keepAddresses(source: string): Plugin {
  return {
    name: 'keep-addresses',
    transform: {
      filter: { code: 'import.meta.url' },
      handler(code, id) {
        const path = relative(source, id).split(sep).join('/')
        if (path.startsWith('..') || path.includes('node_modules')) return undefined
        const file = posix.join(dirname(path), posix.basename(path, '.ts'))
        const ownUrl = `new globalThis.URL('${file}.js', ${OWN_ADDRESS}).href`
        return code.replaceAll(OWN_URL, 'new URL($1$2.js$1, import.meta.url)').replaceAll('import.meta.url', ownUrl)
      },
    },
  }
}

async function listConnectors(source: string): Promise<Plugin> {
  const files = (await listFiles(source, 'connectors', TYPESCRIPT)).map((file) =>
    file.slice('connectors/'.length, -'.ts'.length),
  )
  const declaring = await Promise.all(
    files.map(async (file) =>
      / export (?:default defineConnector|const (?:source|sink|journal)\b)/.test(
        ` ${await readFile(join(source, 'connectors', `${file}.ts`), 'utf8')}`.replaceAll('\n', ' '),
      ),
    ),
  )
  const modules = files.filter((_, at) => declaring[at])
  const folders = [...new Set(modules.map((file) => dirname(file)))].toSorted()
  return {
    name: 'list-connectors',
    load: {
      filter: { id: /\/src\/components\/folders\.ts$/ },
      handler: () => `
const modules = {${modules.map((file) => `'${file}': () => import('../connectors/${file}.ts')`).join(',')}}
export const connectorFolders = ${JSON.stringify(folders)}
export const importConnector = (folder, module) => modules[\`\${folder}/\${module}\`]()
`,
    },
  }
}
