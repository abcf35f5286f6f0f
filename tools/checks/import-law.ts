import { isMain } from '../kit/main.ts'
import { importsIn, type Import } from '../kit/imports.ts'
import { isTestFile, listFiles, runCheckAlone, TYPESCRIPT, type Problem } from '../kit/sources.ts'
import { workerLoad } from './worker-load.ts'

const TO_TELEMETRY = ['model', 'schema', 'host', 'telemetry']
const TO_ENGINE = [...TO_TELEMETRY, 'journal', 'engine']

/** A folder within a room may have a separate law. */
export const LAW: Readonly<Record<string, readonly string[]>> = {
  model: [],
  schema: ['model'],
  host: ['model', 'schema'],
  telemetry: ['model', 'schema', 'host'],
  journal: TO_TELEMETRY,
  engine: [...TO_TELEMETRY, 'journal'],
  net: [...TO_TELEMETRY, 'codecs'],
  messaging: [...TO_ENGINE, 'net', 'codecs'],
  polling: TO_ENGINE,
  codecs: ['model'],
  identity: [...TO_TELEMETRY, 'journal', 'engine/contracts'],
  ingest: [...TO_ENGINE, 'codecs', 'identity'],
  query: [...TO_TELEMETRY, 'journal'],
  store: [...TO_TELEMETRY, 'journal', 'engine/contracts', 'engine/control', 'net', 'codecs'],
  alerts: [...TO_TELEMETRY, 'journal', 'engine/contracts', 'engine/control', 'engine/sources/append-events', 'query'],
  connectors: [...TO_ENGINE, 'net', 'codecs', 'messaging', 'polling', 'ingest'],
  transforms: [...TO_ENGINE, 'codecs'],
  topics: [...TO_TELEMETRY, 'journal', 'engine/control', 'codecs', 'query', 'store'],
  api: [
    ...TO_TELEMETRY,
    'journal',
    'engine/contracts',
    'engine/control',
    'net',
    'codecs',
    'query',
    'store',
    'alerts',
    'topics',
  ],
  presets: ['model', 'schema'],
  'components/api': [...TO_ENGINE, 'net', 'codecs'],
  'components/packages': [...TO_ENGINE, 'components/api'],
  components: [...TO_ENGINE, 'connectors', 'transforms', 'components/packages'],
  app: [
    ...TO_ENGINE,
    'net',
    'codecs',
    'query',
    'components',
    'identity',
    'ingest',
    'polling',
    'store',
    'alerts',
    'topics',
    'api',
  ],
  cli: [...TO_ENGINE, 'net', 'codecs', 'query', 'presets', 'components', 'identity', 'store', 'topics', 'api', 'app'],
  'main.ts': ['host', 'cli'],
}

/** A command may use one; only app/ joins several. */
const WIRED = ['components/registry', 'identity', 'store', 'api']

export async function importLaw(root: string): Promise<Problem[]> {
  const problems: Problem[] = []
  for (const path of [
    ...(await listFiles(root, 'src', TYPESCRIPT)),
    ...(await listFiles(root, 'console', TYPESCRIPT)),
  ]) {
    problems.push(...judge(path, await importsIn(root, path)))
  }
  return [...problems, ...(await workerLoad(root))]
}

function judge(path: string, imports: readonly Import[]): Problem[] {
  const problems: Problem[] = []
  const complain = (at: Import, message: string): void => void problems.push({ file: path, line: at.line, message })

  if (path.startsWith('console/')) {
    for (const used of imports) {
      if (used.target === undefined) continue
      const page = pageOf(used.target)
      if (page !== undefined && page !== pageOf(path) && !path.startsWith('console/src/app/')) {
        complain(
          used,
          `only console/src/app/ loads pages, not ${used.specifier}; move what both need to console/src/ ` +
            'api, hooks, live, parts or state',
        )
        continue
      }
      if (used.target.startsWith('console/') || isTestFile(path)) continue
      if (used.typeOnly && /^src\/(?:api|topics)\//.test(used.target)) continue
      complain(
        used,
        'the console uses the server through the API: import types of src/api/ and src/topics/ only, not ' +
          used.specifier,
      )
    }
    return problems
  }

  const room = roomOf(path)
  const allowed = LAW[room]
  if (allowed === undefined) {
    return [
      {
        file: path,
        message: `src/${room} is not a room of the house: add it to LAW in tools/checks/import-law.ts or move the file`,
      },
    ]
  }
  const wired = new Set<string>()
  for (const used of imports) {
    const target = used.target
    if (target === undefined) {
      if (room === 'model' && !isTestFile(path)) complain(used, `model imports nothing, not ${used.specifier}`)
      continue
    }
    if (crossesConnectors(path, target)) {
      complain(used, `no connector imports another: ${used.specifier}; move what both need to net/, codecs/ or engine/`)
      continue
    }
    if (isTestFile(path)) continue
    if (!target.startsWith('src/')) {
      // Others (package.json, the built console) are data.
      if (TYPESCRIPT.test(target)) complain(used, `src imports nothing from outside: ${used.specifier}`)
      continue
    }
    if (isTestFile(target)) {
      complain(used, `${used.specifier} is for tests only`)
      continue
    }
    const targetRoom = roomOf(target)
    if (targetRoom !== room && !allowed.some((part) => isPartOf(target, part))) {
      complain(
        used,
        `${room} may not import ${targetRoom} (${used.specifier}); it may import ${allowed.join(', ') || 'nothing'}`,
      )
      continue
    }
    const part = WIRED.find((text) => isPartOf(target, text))
    if (room === 'cli' && !used.typeOnly && part !== undefined) {
      wired.add(part)
      if (wired.size > 1) complain(used, `only app/ joins ${[...wired].join(' and ')}`)
    }
  }
  return problems
}

function roomOf(path: string) {
  const [, room = '', folder = ''] = path.split('/')
  return `${room}/${folder}` in LAW ? `${room}/${folder}` : room
}

/** `engine/contracts` is src/engine/contracts.ts or a folder of that name. */
function isPartOf(path: string, part: string) {
  return path === `src/${part}` || path === `src/${part}.ts` || path.startsWith(`src/${part}/`)
}

function crossesConnectors(from: string, to: string) {
  const home = /^src\/connectors\/([^/]+)\//
  const importer = home.exec(from)?.[1]
  const imported = home.exec(to)?.[1]
  return importer !== undefined && imported !== undefined && importer !== imported
}

function pageOf(path: string) {
  return /^console\/src\/pages\/([^/]+)\//.exec(path)?.[1]
}

if (isMain(import.meta.url)) await runCheckAlone(importLaw, 'import law')
