// Counts that state how far the source is from its rules. `npm run counts` prints them, `-- --list` also their places.
import { readFile } from 'node:fs/promises'
import { basename, dirname, join, posix } from 'node:path'
import { isMain } from '../kit/main.ts'
import { isTestFile, listFiles, parseSource, TYPESCRIPT, type Problem } from '../kit/sources.ts'
import { BINDINGS_PER_THOUSAND, countBindings, ratePerThousand } from './binding-names.ts'
import { castsOfRequests, functionsIn, type Place } from './counted-code.ts'
import { handWrittenResponses } from './response-types.ts'

const FOLDERS = ['src', 'console', 'clients', 'tools', 'release', 'sim']
const LONGEST_FUNCTION = 100
const MOST_PARAMETERS = 5
const LONGEST_COMPONENT = 80
const MOST_FOLDERS_OF_A_TOPIC = 3
const MOST_LOOSE_FILES = 12
const MOST_FILES_OF_A_CONNECTOR = 25

export type Count = Readonly<{
  name: string
  value: number
  /** Absent: a figure without a limit. */
  most?: number
  places?: readonly Place[]
}>

export async function codeCounts(root: string): Promise<readonly Count[]> {
  const texts = await readTexts(root, FOLDERS)
  const functions = [...texts].flatMap(([path, text]) => functionsIn(parseSource(path, text)))
  const { lines: boundLines, bindings } = await countBindings(root)
  const topics = [...texts.keys()].flatMap((path) => /^src\/topics\/([a-z-]+)\/index\.ts$/.exec(path)?.[1] ?? [])
  return [
    {
      name: `topics in more than ${MOST_FOLDERS_OF_A_TOPIC} folders, with their page`,
      ...listed(
        topics
          .map((topic) => ({ topic, folders: foldersOf(topic, texts.keys()) }))
          .filter(({ folders }) => folders.length > MOST_FOLDERS_OF_A_TOPIC)
          .map(({ topic, folders }) => ({ file: `src/topics/${topic}`, line: 1, name: folders.join(' ') })),
      ),
    },
    ...reached(texts),
    {
      name: 'longest function, in lines',
      value: Math.max(0, ...functions.map(({ lines }) => lines)),
      most: LONGEST_FUNCTION,
    },
    {
      name: `functions over ${LONGEST_FUNCTION} lines`,
      ...listed(
        functions.filter(({ lines }) => lines > LONGEST_FUNCTION).map(({ at, lines }) => ({ ...at, size: lines })),
      ),
    },
    // The linter rejects them.
    {
      name: `functions over ${MOST_PARAMETERS} parameters`,
      ...listed(
        functions
          .filter(({ parameters }) => parameters > MOST_PARAMETERS)
          .map(({ at, parameters }) => ({ ...at, size: parameters })),
      ),
    },
    {
      name: 'boolean parameters',
      ...listed(functions.flatMap(({ at, flags }) => flags.map((flag) => ({ ...at, name: `${at.name}(${flag})` })))),
    },
    {
      name: 'pronouns as names, per 1,000 lines',
      value: ratePerThousand(boundLines, bindings.length),
      most: BINDINGS_PER_THOUSAND,
    },
    { name: 'lines outside tests', value: boundLines },
  ]
}

async function readTexts(root: string, folders: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>()
  for (const folder of folders)
    for (const path of await listFiles(root, folder, TYPESCRIPT))
      if (!isTestFile(path) && !path.includes('/generated/')) texts.set(path, await readFile(join(root, path), 'utf8'))
  return texts
}

/** Within their limits; `npm run check` keeps them there. */
function reached(texts: ReadonlyMap<string, string>): readonly Required<Count>[] {
  const sourcesOf = (among: RegExp) =>
    [...texts].filter(([path]) => among.test(path)).map(([path, text]) => parseSource(path, text))
  return [
    // The types of `serve` follow from the operation, and TypeScript cannot follow them through Fastify.
    {
      name: 'casts of requests',
      ...listed(sourcesOf(/^src\/api\/(?!serve\.ts)/).flatMap(castsOfRequests)),
    },
    { name: 'response types by hand in console and CLI', ...listed(handWrittenResponses(texts)) },
    {
      name: 'loose files in src/api',
      ...listed(
        [...texts.keys()]
          .filter((path) => dirname(path) === 'src/api')
          .map((file) => ({ file, line: 1, name: basename(file) })),
      ),
      most: MOST_LOOSE_FILES,
    },
    {
      name: `components over ${LONGEST_COMPONENT} lines in console/src/parts`,
      ...listed(
        sourcesOf(/^console\/src\/parts\/.*\.tsx$/)
          .flatMap(functionsIn)
          .filter(({ at, lines }) => lines > LONGEST_COMPONENT && /^[A-Z]/.test(at.name))
          .map(({ at, lines }) => ({ ...at, size: lines })),
      ),
    },
    {
      name: `connectors with more than ${MOST_FILES_OF_A_CONNECTOR} files beside each other`,
      ...listed(fullFolders(texts.keys())),
    },
  ]
}

const listed = (places: readonly Place[]) => ({ value: places.length, most: 0, places })

/** Folders in API, console and CLI with files that are named after the topic; those inside a topic or page are one. */
export function foldersOf(topic: string, paths: Iterable<string>): readonly string[] {
  const named = new RegExp(`^${topic.replace(/s$/, '')}s?(?:-queries)?$`)
  const folders = new Set<string>()
  for (const path of paths) {
    const [, whole, name] = /^(src\/(?:topics|api\/[a-z]+|cli)|console\/src\/[a-z]+)\/([a-z-]+)/.exec(path) ?? []
    if (whole === undefined || name === undefined || !named.test(name)) continue
    folders.add(/\/(?:topics|pages|parts)$/.test(whole) ? `${whole}/${name}` : whole)
  }
  return [...folders].toSorted()
}

function fullFolders(paths: Iterable<string>): readonly Place[] {
  const files = new Map<string, number>()
  for (const path of paths) {
    const folder = posix.dirname(path)
    if (posix.dirname(folder) !== 'src/connectors') continue
    files.set(folder, (files.get(folder) ?? 0) + 1)
  }
  return [...files]
    .filter(([, size]) => size > MOST_FILES_OF_A_CONNECTOR)
    .map(([file, size]) => ({ file, line: 1, name: basename(file), size }))
}

export async function keptCounts(root: string): Promise<Problem[]> {
  const texts = await readTexts(root, ['src/api', 'src/cli', 'src/connectors', 'console/src'])
  return reached(texts)
    .filter(({ value, most }) => value > most)
    .flatMap(({ name, value, most, places }) =>
      places.map(({ file, line, name: named, size }) => ({
        file,
        line,
        message: `${named}${size === undefined ? '' : ` (${size})`}: ${name}: ${value}, at most ${most}`,
      })),
    )
}

if (isMain(import.meta.url)) {
  const [root = process.cwd()] = process.argv.slice(2).filter((argument) => argument !== '--list')
  for (const { name, value, most, places = [] } of await codeCounts(root)) {
    const limit = most === undefined ? '' : `  at most ${most}${value > most ? '  MISSED' : ''}`
    console.log(`${name.padEnd(58)} ${String(value).padStart(7)}${limit}`)
    if (process.argv.includes('--list'))
      for (const { file, line, name: named, size } of places.toSorted((a, b) => (b.size ?? 0) - (a.size ?? 0)))
        console.log(`    ${file}:${line}  ${named}${size === undefined ? '' : `  ${size}`}`)
  }
}
