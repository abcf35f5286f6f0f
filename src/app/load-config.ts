import type { AlertRule } from '../alerts/rule.ts'
import type { Host } from '../host/index.ts'
import { self } from '../host/process.ts'
import { WeirError } from '../model/errors.ts'
import { fieldsOf } from '../model/json.ts'
import {
  applyOverrides,
  environmentOverrides,
  expandVariables,
  filesOf,
  formatPath,
  formatProblems,
  resolveReference,
  resolveReferences,
  type ConfigDocument,
  type Override,
  type Problem,
} from '../schema/index.ts'
import { weirSchema, type WeirConfig } from './config.ts'
import { withBuiltIns } from './config-entries.ts'
import type { Path } from '../schema/problem.ts'
import { salvage } from '../schema/salvage.ts'
import { Complaint } from '../schema/complaint.ts'
import { valueProblem } from '../schema/explain.ts'
import { checkAcross } from './config-across.ts'
import type { CompileFilter } from './config-filters.ts'
import { useConnectorPackages } from './config-packages.ts'
import { withShortForms } from './short-forms.ts'
import { emptyFiles, readDocument } from './config-text.ts'

export type ConfigArguments = Readonly<{
  /** Files and folders; later ones override earlier ones. */
  config: readonly string[]
  overrides: readonly Override[]
}>

export type Loaded = Readonly<{
  config: WeirConfig
  document: ConfigDocument
  warnings: string
  empty: readonly string[]
  filter?: CompileFilter
  alerts: readonly AlertRule[]
  /** Texts with variables that have no value; only without an environment. */
  unknown: readonly Path[]
}>

/** `none`: variables have unknown values, so that a check needs nothing but the files. */
export type Surroundings = 'machine' | 'none'

const ownVariables = ['WEIR_CONFIG', 'WEIR_TOKEN', 'WEIR_URL', 'WEIR_CACHE']

/** Throws WEIR_CONFIG_INVALID with every problem and its location. */
export async function loadConfig(
  host: Host,
  files: readonly string[],
  flags: readonly Override[],
  surroundings: Surroundings = 'machine',
): Promise<Loaded> {
  const parsed = await readDocument(host, files)
  return { ...(await loadDocument(parsed, flags, surroundings)), empty: files.length > 0 ? emptyFiles(parsed) : [] }
}

/** Loads the packages that the files name, and reads nothing else of them. Throws as `loadConfig`. */
export async function readConnectors(host: Host, files: readonly string[]): Promise<void> {
  const parsed = await readDocument(host, files)
  const problems = await useConnectorPackages(parsed, self.env, [])
  if (problems.length > 0) throw invalid(problems, textsOf(parsed))
}

/** Throws WEIR_CONFIG_INVALID, as `loadConfig`. */
export async function loadDocument(
  parsed: ConfigDocument,
  flags: readonly Override[],
  surroundings: Surroundings = 'machine',
): Promise<Omit<Loaded, 'empty'>> {
  const text = textsOf(parsed)
  const env = surroundings === 'machine' ? self.env : {}
  const packages = await useConnectorPackages(parsed, env, flags)
  if (packages.length > 0) throw invalid(packages, text)
  if (!parsed.readable) throw invalid(parsed.problems, text)
  const first = applyOverrides(parsed, withBuiltIns(parsed))
  const environment = environmentOverrides(env, weirSchema, { document: first, known: ownVariables })
  const given = expandVariables(
    applyOverrides(applyOverrides(first, environment.overrides), flags),
    weirSchema,
    surroundings === 'machine' ? env : undefined,
  )
  const readFile = (path: string): string => {
    if (surroundings === 'none') throw new Error('no file is read')
    return self.readTextFile(path)
  }
  const machine = { env, readFile }
  const journal = resolveReference(fieldsOf(given.document.value)['journal'], machine)
  const long = withShortForms(given.document, journal)
  const resolved = resolveReferences(long, weirSchema, {
    ...machine,
    mayMiss: (path) => surroundings === 'none' || isUnused(long, path),
  })
  const journalPath = journal instanceof Complaint ? [['journal']] : []
  const unknown = [...given.unknown, ...resolved.unknown, ...journalPath]
  const { document, value, problems, guessed, warnings } = salvage(weirSchema, resolved.document, unknown)
  const across = value === undefined ? undefined : await checkAcross(value, document, long.value)
  const ofGuess = isGuessed(guessed)
  const all = [
    ...problems,
    ...(journal instanceof Complaint && surroundings === 'machine'
      ? [valueProblem(long, ['journal'], journal.message, journal.hint, undefined)]
      : []),
    ...(across?.problems ?? []).filter((problem) => !ofGuess(problem)),
  ]
  if (value === undefined || across === undefined || all.length > 0) throw invalid(inOrder(all, document), text)
  return {
    config: value,
    // With references, not their values.
    document: surroundings === 'machine' ? long : document,
    alerts: across.alerts,
    ...(across.filter === undefined ? {} : { filter: across.filter }),
    warnings: formatProblems([...environment.warnings, ...warnings], text, 'warning'),
    unknown,
  }
}

/** Sinks and transforms of an instance that delivers nothing. */
function isUnused({ value }: ConfigDocument, [section]: Path): boolean {
  const { roles } = fieldsOf(value)
  return (
    (section === 'sinks' || section === 'transforms') &&
    Array.isArray(roles) &&
    !roles.includes('all') &&
    !roles.includes('deliverer')
  )
}

/** The id of a component is the user's, whatever is in the component. */
const componentId = /^(?:sources|sinks|transforms|alerts)\.[^.[]+$/

/** `sources`, `sources.a` and `sources.a[0]` of `sources.a[0]`. */
function* withParents(path: string): Generator<string, void, undefined> {
  for (const { index } of path.matchAll(/[.[]/g)) yield path.slice(0, index)
  yield path
}

/** Whether a problem is about a value that is not the user's. */
function isGuessed(guessed: readonly Path[]): (problem: Problem) => boolean {
  const paths = new Set(guessed.map(formatPath))
  const parents = new Set([...paths].flatMap((path) => [...withParents(path)]))
  return ({ path }) =>
    withParents(path).some((withParent) => paths.has(withParent)) || (parents.has(path) && !componentId.test(path))
}

function inOrder(problems: readonly Problem[], document: ConfigDocument): readonly Problem[] {
  const files = filesOf(document).map(({ file }) => file)
  return problems.toSorted(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  )
}

export function textsOf(document: ConfigDocument): ReadonlyMap<string, string> {
  return new Map(filesOf(document).map(({ file, text }) => [file, text]))
}

/** The message has every problem with its line. */
export class ConfigError extends WeirError {
  readonly problems: readonly Problem[]
  constructor(problems: readonly Problem[], text: ReadonlyMap<string, string>) {
    super('WEIR_CONFIG_INVALID', formatProblems(problems, text))
    this.problems = problems
  }
}

const invalid = (problems: readonly Problem[], text: ReadonlyMap<string, string>) => new ConfigError(problems, text)
