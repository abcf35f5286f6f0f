/** The documents of the installation: beside `dist` in a package, beside `src` in a checkout. */
import { fileURLToPath } from 'node:url'
import { realHost } from '../../host/index.ts'

export const documentsFolder = fileURLToPath(new URL('../../../docs/', import.meta.url))

/** Path below the folder of documents, without `.md`, as in the URL of the console's page. */
export type Topic = Readonly<{ path: string; title: string }>

const guides = 'guide/'
/** Of the others, `weir schema` and `--help` have the content, or they are for contributors. */
const single = ['glossary', 'guarantees', 'explain/query', 'reference/errors', 'reference/fields', 'reference/metrics']

/** Short names that differ from the name of the file. */
const aliases: Readonly<Record<string, string>> = { filters: 'explain/query', sql: 'guide/queries' }

export async function listTopics(folder: string = documentsFolder): Promise<readonly Topic[]> {
  const { disk } = realHost()
  const files = await disk.list(folder + guides).catch((): string[] => [])
  const paths = files
    .filter((name) => name.endsWith('.md'))
    .toSorted()
    .map((name) => guides + name.replace(/\.md$/, ''))
  const topics = await Promise.all(
    [...paths, ...single].map(async (path) => {
      const text = await readTopic(path, folder).catch(() => undefined)
      return text === undefined ? [] : [{ path, title: /^# (.+)$/m.exec(text)?.[1] ?? path }]
    }),
  )
  return topics.flat()
}

export async function readTopic(path: string, folder: string = documentsFolder): Promise<string> {
  return new TextDecoder().decode(await realHost().disk.readFile(`${folder}${path}.md`))
}

/** The shortest word that `weir help` accepts for it; `commands` come first there. */
export function nameOf({ path }: Pick<Topic, 'path'>, commands: readonly string[]): string {
  const alias = Object.entries(aliases).find(([, target]) => target === path)?.[0]
  const name = alias ?? path.replace(/^.*\//, '')
  return commands.includes(name) ? path : name
}

export function topicOf(word: string, topics: readonly Topic[]): Topic | undefined {
  const path = aliases[word] ?? word.replace(/\.md$/, '')
  return topics.find((topic) => topic.path === path) ?? topics.find((topic) => topic.path.endsWith(`/${path}`))
}
