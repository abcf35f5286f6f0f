import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  type YAMLError,
  type YAMLMap,
} from 'yaml'
import type { Path, Problem } from './problem.ts'
import { messageOf } from '../model/errors.ts'

export type Override = Readonly<{
  path: readonly string[]
  value: unknown
  origin: string
}>

export type ConfigDocument = Readonly<{
  file: string
  text: string
  value: unknown
  problems: readonly Problem[]
  /** False: `value` is incomplete, and further problems would mislead. */
  readable: boolean
  overrides: readonly Override[]
  nodes: Nodes
  earlier: readonly ConfigDocument[]
}>

type Nodes = Readonly<{
  document: Document.Parsed
  lines: LineCounter
}>

type Place = Readonly<{
  file: string
  line: number
  column: number
}>

/** Reads YAML 1.2. Never throws. */
export function parseYaml(text: string, file: string): ConfigDocument {
  const deep = deepestAt(text)
  if (deep !== undefined) return tooDeep(text, file, deep)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2', strict: true })
  const nodes = { document, lines }
  const overflow = document.errors.find(({ message }) => /stack/i.test(message))
  if (overflow !== undefined) return tooDeep(text, file, overflow.pos[0])
  const fatal = document.errors.filter((error) => error.code !== 'DUPLICATE_KEY')
  let readable = fatal.length === 0
  // After a syntax error the parser reports false duplicates.
  const yamlErrors = readable ? [...document.errors, ...document.warnings] : fatal
  const problems = yamlErrors
    .map((error) => yamlProblem(error, file, text, nodes))
    .sort((a, b) => a.line - b.line || a.column - b.column)
  let value: unknown = null
  try {
    if (readable) value = document.toJS({ maxAliasCount: 1000 })
  } catch (error) {
    readable = false
    problems.push({ file, line: 1, column: 1, path: '', message: messageOf(error) })
  }
  return { file, text, value: value ?? {}, problems, readable, overrides: [], nodes, earlier: [] }
}

const maxDepth = 100

/** Offset of the first bracket or line beyond {@link maxDepth}: the parser is recursive. */
function deepestAt(text: string): number | undefined {
  let depth = 0
  for (const { index, 0: token } of text.matchAll(/["'](?:[^"'\\\n]|\\.)*["']|[[\]{}]|#[^\n]*/g)) {
    if (token === '[' || token === '{') depth++
    else if (token === ']' || token === '}') depth = Math.max(0, depth - 1)
    if (depth > maxDepth) return index
  }
  const indents: number[] = []
  for (const { index, 1: blanks = '' } of text.matchAll(/^( *)[^\s#]/gm)) {
    while ((indents.at(-1) ?? -1) >= blanks.length) indents.pop()
    if (indents.push(blanks.length) > maxDepth) return index
  }
  return undefined
}

function tooDeep(text: string, file: string, offset: number): ConfigDocument {
  const before = text.slice(0, offset).split('\n')
  const position = { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1, path: '' }
  return {
    ...parseYaml('', file),
    text,
    problems: [{ ...position, message: `the YAML nests deeper than ${maxDepth} levels`, hint: 'close open brackets' }],
    readable: false,
  }
}

type Wording = Readonly<{
  message?: string
  hint: string
}>

const WORDING: Readonly<Partial<Record<YAMLError['code'], Wording>>> = {
  DUPLICATE_KEY: { message: 'this key is written twice', hint: 'keep one of the two' },
  TAB_AS_INDENT: { message: 'a tab can not indent', hint: 'indent with spaces' },
  BAD_INDENT: { hint: 'indent the line like its neighbours, and close open brackets' },
  MULTIPLE_DOCS: { message: 'the file holds more than one document', hint: 'remove the `---` and the following lines' },
  MISSING_CHAR: { hint: 'close the quote or bracket, or put the whole value in quotes' },
  UNEXPECTED_TOKEN: { hint: 'put the whole value in quotes' },
  TAG_RESOLVE_FAILED: { hint: 'remove the tag; quote a value that starts with `!`' },
}

function yamlProblem(error: YAMLError, file: string, text: string, nodes: Nodes): Problem {
  const { line, col } = nodes.lines.linePos(error.pos[0])
  const wording = WORDING[error.code]
  const position = { file, line, column: col, path: '' }
  const key = /^[\w-]+(?=\s*:)/.exec(text.slice(error.pos[0], error.pos[0] + 100))?.[0]
  if (error.code === 'DUPLICATE_KEY' && key !== undefined)
    return { ...position, message: `\`${key}\` is written twice`, hint: 'keep one of the two' }
  const message = wording?.message ?? error.message.replace(/\s+/g, ' ').replace(/\.$/, '')
  return { ...position, message, ...(wording === undefined ? {} : { hint: wording.hint }) }
}

/** A missing path is located at its nearest ancestor's key, or at its override. */
export function locate(document: ConfigDocument, path: Path, at: 'key' | 'value'): Place {
  const override = document.overrides.findLast((o) => within(path, o.path))
  if (override !== undefined) return { file: override.origin, line: 0, column: 0 }
  // The last file with the path; else the one with the nearest ancestor.
  const [nearest] = filesOf(document)
    .toReversed()
    .map((file) => ({ file, found: find(file, path, at) }))
    .toSorted((a, b) => a.found.missing - b.found.missing)
  const { file, found } = nearest ?? { file: document, found: find(document, path, at) }
  if (found.missing > 0) {
    const parent = path.slice(0, path.length - found.missing + 1)
    const cause = found.missing > 1 ? document.overrides.findLast((o) => within(o.path, parent)) : undefined
    if (cause !== undefined) return { file: cause.origin, line: 0, column: 0 }
  }
  const { line, col } = file.nodes.lines.linePos(found.offset)
  return { file: file.file, line: Math.max(1, line), column: Math.max(1, col) }
}

export function filesOf(document: ConfigDocument): readonly ConfigDocument[] {
  return [...document.earlier, document]
}

function within(path: Path, ancestor: Path) {
  return ancestor.length <= path.length && ancestor.every((part, index) => part === String(path[index]))
}

function find({ nodes }: ConfigDocument, path: Path, at: 'key' | 'value'): { offset: number; missing: number } {
  let node: Node | null | undefined = nodes.document.contents
  let offset = node?.range?.[0] ?? 0
  for (const [depth, part] of path.entries()) {
    const child = step(nodes.document, node, part)
    if (child === undefined) return { offset, missing: path.length - depth }
    // A block begins on the line of its first child; its key is better.
    const block = (isMap(child.value) || isSeq(child.value)) && child.value.flow !== true
    const wantValue = at === 'value' && depth === path.length - 1 && !block
    offset =
      (wantValue ? child.value?.range?.[0] : undefined) ?? child.key?.range?.[0] ?? child.value?.range?.[0] ?? offset
    node = child.value
  }
  return { offset, missing: 0 }
}

type Child = Readonly<{
  key: Node | null
  value: Node | null
}>

function step(document: Document.Parsed, node: Node | null | undefined, part: string | number): Child | undefined {
  const target = isAlias(node) ? node.resolve(document) : node
  if (isSeq(target)) {
    const item = target.items[Number(part)] as Node | undefined
    return item === undefined ? undefined : { key: null, value: item }
  }
  if (!isMap(target)) return undefined
  const pair = pairsOf(target).get(String(part))
  return pair === undefined ? undefined : { key: pair.key, value: pair.value }
}

type KeyedPair = Pair<Node, Node | null>

const pairsByKey = new WeakMap<Node, ReadonlyMap<string, KeyedPair>>()

/** The first one of each key. */
function pairsOf(map: YAMLMap): ReadonlyMap<string, KeyedPair> {
  const existing = pairsByKey.get(map)
  if (existing !== undefined) return existing
  const pairs = new Map<string, KeyedPair>()
  for (const pair of map.items as readonly KeyedPair[]) {
    if (!isPair(pair) || !isScalar(pair.key)) continue
    const key = String(pair.key.value)
    if (!pairs.has(key)) pairs.set(key, pair)
  }
  pairsByKey.set(map, pairs)
  return pairs
}
