// One door to the machine: in src/, clock, disk, timers, randomness, child processes and the process itself are
// reached through src/host/ by value only. Otherwise a test could not replace them, and a seeded crash run
// would not repeat. oxlint's no-restricted-* rules cannot see `new Date()`, `globalThis.setTimeout` or a shadowed
// name, so the rule is judged here, on the syntax tree, in one place.
import { Visitor, type Node, type MemberExpression } from 'oxc-parser'
import { shadowing } from './global-names.ts'
import { isMain } from '../kit/main.ts'
import { importsOf } from '../kit/imports.ts'
import {
  isTestFile,
  listFiles,
  readSource,
  runCheckAlone,
  TYPESCRIPT,
  type Problem,
  type Source,
} from '../kit/sources.ts'

const CLOCK = 'ask the clock of src/host/'
const TIMERS = 'use the timers of src/host/'
const RANDOM = 'use the randomness of src/host/'
const DISK = 'use the disk of src/host/'
const PROCESS = 'use the process port of src/host/'

/** Module (without `node:`) → forbidden names and their replacement. */
const MODULES: Readonly<Record<string, { names: '*' | readonly string[]; instead: string }>> = {
  fs: { names: '*', instead: DISK },
  'fs/promises': { names: '*', instead: DISK },
  child_process: { names: '*', instead: PROCESS },
  timers: { names: '*', instead: TIMERS },
  'timers/promises': { names: '*', instead: TIMERS },
  perf_hooks: { names: ['performance', 'default', '*'], instead: CLOCK },
  process: { names: '*', instead: PROCESS },
  crypto: {
    names: ['randomUUID', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync', 'getRandomValues', 'webcrypto'],
    instead: RANDOM,
  },
}

const FUNCTIONS: Readonly<Record<string, string>> = {
  setTimeout: TIMERS,
  setInterval: TIMERS,
  setImmediate: TIMERS,
}

/** Global object → forbidden members and their replacement. */
const MEMBERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Date: { now: CLOCK },
  performance: { now: CLOCK, timeOrigin: CLOCK },
  AbortSignal: { timeout: TIMERS },
  Math: { random: RANDOM },
  crypto: { randomUUID: RANDOM, randomBytes: RANDOM, randomInt: RANDOM, getRandomValues: RANDOM },
  process: { env: PROCESS, exit: PROCESS, hrtime: CLOCK, abort: PROCESS, kill: PROCESS, getBuiltinModule: PROCESS },
}

const NAMES_OF_GLOBAL = new Set(['globalThis', 'global'])

const CALLED = new RegExp(String.raw`\b(?:Date\b(?!\s*\.)|(?:${Object.keys(FUNCTIONS).join('|')})\b)`)

/** Few files can break the rule; the trees of others need no visit. */
const mayReach = (text: string): boolean =>
  CALLED.test(text) ||
  Object.entries(MEMBERS).some(
    ([object, members]) => text.includes(object) && Object.keys(members).some((name) => text.includes(name)),
  )

/** Checks the rule, and {@link shadowing} because both need the same syntax trees. */
export async function hostRule(root: string): Promise<Problem[]> {
  const problems: Problem[] = []
  const files = await Promise.all(['src', 'clients', 'proto'].map((folder) => listFiles(root, folder, TYPESCRIPT)))
  for (const path of files.flat()) {
    if (isTestFile(path)) continue
    const source = await readSource(root, path)
    problems.push(...shadowing(source))
    if (path.startsWith('src/') && !path.startsWith('src/host/')) problems.push(...judge(source))
  }
  return problems
}

export function judge(source: Source): Problem[] {
  return [...(mayReach(source.text) ? forbiddenNames(source) : []), ...forbiddenImports(source)].toSorted(
    (a, b) => a.line - b.line,
  )
}

function forbiddenNames(source: Source): Located[] {
  const results: { at: number; message: string }[] = []
  const declared = declaredNames(source)
  const isGlobal = (name: string) => !declared.has(name)

  const member = (object: string, name: string, at: number) => {
    const replacement = MEMBERS[object]?.[name]
    if (replacement !== undefined) results.push({ at, message: `${object}.${name}: ${replacement}` })
  }

  new Visitor({
    MemberExpression(node) {
      const name = memberName(node)
      if (name === undefined) return
      const object = globalName(node.object, isGlobal) ?? cryptoModule(node.object, source)
      if (object !== undefined) member(object, name, node.start)
      if (isGlobalObject(node.object, isGlobal) && FUNCTIONS[name] !== undefined) {
        results.push({ at: node.start, message: `${name}: ${FUNCTIONS[name]}` })
      }
    },
    VariableDeclarator(node) {
      if (node.id.type !== 'ObjectPattern' || node.init === null) return
      const object = globalName(node.init, isGlobal)
      for (const property of node.id.properties) {
        if (property.type !== 'Property' || property.key.type !== 'Identifier') continue
        if (object !== undefined) member(object, property.key.name, property.start)
        const replacement = isGlobalObject(node.init, isGlobal) ? FUNCTIONS[property.key.name] : undefined
        if (replacement !== undefined)
          results.push({ at: property.start, message: `${property.key.name}: ${replacement}` })
      }
    },
    NewExpression(node) {
      if (globalName(node.callee, isGlobal) === 'Date' && node.arguments.length === 0) {
        results.push({ at: node.start, message: `new Date() without a time: ${CLOCK}` })
      }
    },
    CallExpression(node) {
      if (globalName(node.callee, isGlobal) === 'Date') results.push({ at: node.start, message: `Date(): ${CLOCK}` })
    },
  }).visit(source.tree.program)

  for (const reference of references(source)) {
    const replacement = FUNCTIONS[reference.name]
    if (replacement !== undefined && isGlobal(reference.name))
      results.push({ at: reference.start, message: `${reference.name}: ${replacement}` })
  }
  return results.map(({ at, message }) => ({ file: source.path, line: source.line(at), message }))
}

type Located = Required<Problem>

function forbiddenImports(source: Source): Located[] {
  const problems = []
  for (const usedImport of importsOf(source)) {
    const rule = MODULES[usedImport.specifier.replace(/^node:/, '')]
    if (rule === undefined || usedImport.typeOnly) continue
    const names = usedImport.names.filter((name) => rule.names === '*' || rule.names.includes(name))
    if (names.length === 0 && rule.names !== '*') continue
    problems.push({
      file: source.path,
      line: usedImport.line,
      message: `${usedImport.specifier} (${names.join(', ')}): ${rule.instead}`,
    })
  }
  return problems
}

/** A global shadowed anywhere in the file counts as local. */
function declaredNames(source: Source): Set<string> {
  const names = new Set<string>()
  const bind = (pattern: Node | null) => {
    if (pattern === null) return
    switch (pattern.type) {
      case 'Identifier':
        names.add(pattern.name)
        break
      case 'ObjectPattern':
        for (const property of pattern.properties)
          bind(property.type === 'Property' ? property.value : property.argument)
        break
      case 'ArrayPattern':
        for (const element of pattern.elements) bind(element)
        break
      case 'AssignmentPattern':
        bind(pattern.left)
        break
      case 'RestElement':
        bind(pattern.argument)
        break
      default:
        break
    }
  }
  const parameters = (node: { params: readonly Node[] }) => {
    for (const parameter of node.params) bind(parameter)
  }
  new Visitor({
    VariableDeclarator: (node) => {
      // `const { setTimeout } = globalThis` only renames the global.
      if (!(node.init?.type === 'Identifier' && NAMES_OF_GLOBAL.has(node.init.name))) bind(node.id)
    },
    FunctionDeclaration: (node) => {
      bind(node.id)
      parameters(node)
    },
    FunctionExpression: parameters,
    ArrowFunctionExpression: parameters,
    ClassDeclaration: (node) => bind(node.id),
    ImportSpecifier: (node) => bind(node.local),
    ImportDefaultSpecifier: (node) => bind(node.local),
    ImportNamespaceSpecifier: (node) => bind(node.local),
  }).visit(source.tree.program)
  return names
}

function references(source: Source): { name: string; start: number }[] {
  const skip = new Set<number>()
  const all: { name: string; start: number }[] = []
  const key = (node: { key: Node; computed: boolean; shorthand?: boolean }) => {
    if (!node.computed && node.shorthand !== true) skip.add(node.key.start)
  }
  new Visitor({
    MemberExpression: (node) => {
      if (!node.computed) skip.add(node.property.start)
    },
    Property: key,
    PropertyDefinition: key,
    MethodDefinition: key,
    TSPropertySignature: key,
    TSMethodSignature: key,
    TSAbstractMethodDefinition: key,
    TSAbstractPropertyDefinition: key,
    TSTypeQuery: (node) => {
      skip.add(node.exprName.start)
    },
    Identifier: (node) => {
      all.push({ name: node.name, start: node.start })
    },
  }).visit(source.tree.program)
  // A shorthand property is visited twice at one position, as key and as value.
  const byPosition = new Map(all.map((identifier) => [identifier.start, identifier]))
  return [...byPosition.values()].filter((identifier) => !skip.has(identifier.start))
}

function memberName(node: MemberExpression): string | undefined {
  if (!node.computed) return node.property.type === 'Identifier' ? node.property.name : undefined
  return node.property.type === 'Literal' && typeof node.property.value === 'string' ? node.property.value : undefined
}

function isGlobalObject(node: Node, isGlobal: (name: string) => boolean) {
  return node.type === 'Identifier' && NAMES_OF_GLOBAL.has(node.name) && isGlobal(node.name)
}

function globalName(node: Node, isGlobal: (name: string) => boolean): string | undefined {
  if (node.type === 'Identifier') return isGlobal(node.name) ? node.name : undefined
  if (node.type === 'MemberExpression' && isGlobalObject(node.object, isGlobal)) return memberName(node)
  return undefined
}

function cryptoModule(node: Node, source: Source): string | undefined {
  if (node.type !== 'Identifier') return undefined
  for (const statement of source.tree.module.staticImports) {
    if (!/^(?:node:)?crypto$/.test(statement.moduleRequest.value)) continue
    if (statement.entries.some((entry) => entry.importName.kind !== 'Name' && entry.localName.value === node.name))
      return 'crypto'
  }
  return undefined
}

if (isMain(import.meta.url)) await runCheckAlone(hostRule, 'host rule')
