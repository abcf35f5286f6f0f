// Types of responses that console and CLI write by hand, instead of importing those of the schema.
import { posix } from 'node:path'
import {
  Visitor,
  type ArrowFunctionExpression,
  type Function as FunctionNode,
  type Node,
  type TSType,
  type TSTypeName,
} from 'oxc-parser'
import { parseSource, type Source } from '../kit/sources.ts'
import { linesOf, type Place } from './counted-code.ts'

const clients = /^(?:console\/src|src\/cli)\//
const mayRead = /\brequest\b|\bjson\b|\bimport\b/

type Declared = Readonly<{
  /** Types with fields that this file writes. */
  written: ReadonlySet<string>
  /** Names of other types in a type of this file. */
  uses: ReadonlyMap<string, readonly string[]>
  /** Imported names: file and name there. */
  imported: ReadonlyMap<string, readonly [file: string, name: string]>
}>

type Read = Readonly<{ type: TSType; start: number }>

/** `texts`: files of console and CLI by path. */
export function handWrittenResponses(texts: ReadonlyMap<string, string>): readonly Place[] {
  const parsed = new Map<string, Source>()
  const declared = new Map<string, Declared>()
  const sourceOf = (path: string): Source | undefined => {
    const text = texts.get(path)
    if (text === undefined) return undefined
    const source = parsed.get(path) ?? parseSource(path, text)
    parsed.set(path, source)
    return source
  }
  const declaredIn = (path: string): Declared | undefined => {
    const source = clients.test(path) ? sourceOf(path) : undefined
    if (source === undefined) return undefined
    const types = declared.get(path) ?? declarationsOf(source)
    declared.set(path, types)
    return types
  }
  const isWritten = (path: string, name: string, seen: ReadonlySet<string> = new Set()): boolean => {
    const key = `${path} ${name}`
    const types = declaredIn(path)
    if (types === undefined || seen.has(key)) return false
    if (types.written.has(name)) return true
    const from = types.imported.get(name)
    const further = new Set([...seen, key])
    if (from !== undefined) return isWritten(...from, further)
    return (types.uses.get(name) ?? []).some((used) => isWritten(path, used, further))
  }
  const places: Place[] = []
  for (const [path, text] of texts) {
    if (!clients.test(path) || !mayRead.test(text)) continue
    const source = sourceOf(path)!
    const lineOf = linesOf(text)
    for (const { type, start } of readTypes(source))
      if (hasFields(type) || namesIn(type).some((name) => isWritten(path, name)))
        places.push({ file: path, line: lineOf(start), name: text.slice(type.start, type.end).split('\n', 1)[0]! })
  }
  return places
}

/** The types that calls of `request` and `json` state: as argument, as cast, or as result of the function around. */
function readTypes(source: Source): readonly Read[] {
  const types: Read[] = []
  const returned: number[] = []
  const functions: (Read & Readonly<{ end: number }>)[] = []
  const addReturned = (node: Node | null): void => {
    const call = node?.type === 'AwaitExpression' ? node.argument : node
    if (call?.type === 'CallExpression' && isRead(call.callee) && (call.typeArguments ?? null) === null)
      returned.push(call.start)
  }
  const addFunction = ({ returnType, start, end }: FunctionNode | ArrowFunctionExpression): void => {
    if (returnType != null) functions.push({ type: returnType.typeAnnotation, start, end })
  }
  new Visitor({
    CallExpression: ({ callee, typeArguments, start }) => {
      const type = typeArguments?.params[0]
      if (type !== undefined && isRead(callee)) types.push({ type, start })
    },
    TSAsExpression: ({ expression, typeAnnotation, start }) => {
      const awaited = expression.type === 'ParenthesizedExpression' ? expression.expression : expression
      const called = awaited.type === 'AwaitExpression' ? awaited.argument : awaited
      if (called.type === 'CallExpression' && isRead(called.callee)) types.push({ type: typeAnnotation, start })
    },
    ReturnStatement: ({ argument }) => addReturned(argument),
    FunctionDeclaration: addFunction,
    ArrowFunctionExpression: (node) => {
      addReturned(node.body)
      addFunction(node)
    },
  }).visit(source.tree.program)
  const around = returned.flatMap(
    (at) => functions.filter(({ start, end }) => start < at && at < end).toSorted((a, b) => b.start - a.start)[0] ?? [],
  )
  return [...types, ...around]
}

const isRead = (callee: Node): boolean =>
  /^(?:request|json)$/.test(
    callee.type === 'MemberExpression' && callee.property.type === 'Identifier'
      ? callee.property.name
      : callee.type === 'Identifier'
        ? callee.name
        : '',
  )

function declarationsOf({ path, tree }: Source): Declared {
  const written = new Set<string>()
  const uses = new Map<string, readonly string[]>()
  const imported = new Map<string, readonly [string, string]>()
  const add = (specifier: string, local: string | undefined, name: string | undefined): void => {
    if (specifier.startsWith('.') && local !== undefined && name !== undefined)
      imported.set(local, [posix.join(posix.dirname(path), specifier), name])
  }
  for (const { moduleRequest, entries } of tree.module.staticImports)
    for (const { localName, importName } of entries) add(moduleRequest.value, localName.value, importName.name ?? '')
  for (const { entries } of tree.module.staticExports)
    for (const { moduleRequest, exportName, importName } of entries)
      if (moduleRequest !== null) add(moduleRequest.value, exportName.name ?? '', importName.name ?? '')
  new Visitor({
    TSInterfaceDeclaration: ({ id }) => void written.add(id.name),
    TSTypeAliasDeclaration: ({ id, typeAnnotation }) => {
      if (hasFields(typeAnnotation)) written.add(id.name)
      else uses.set(id.name, namesIn(typeAnnotation))
    },
  }).visit(tree.program)
  return { written, uses, imported }
}

function hasFields(type: Node): boolean {
  let has = false
  visitType(type, { literal: (members) => (has ||= members > 0), name: () => undefined })
  return has
}

function namesIn(type: Node): readonly string[] {
  const names: string[] = []
  visitType(type, { literal: () => undefined, name: (name) => names.push(name) })
  return names
}

type Visits = Readonly<{ literal: (members: number) => void; name: (name: string) => void }>

function visitType(type: Node, visits: Visits): void {
  switch (type.type) {
    case 'TSTypeLiteral':
      return visits.literal(type.members.length)
    case 'TSTypeReference':
      visits.name(rootName(type.typeName))
      return (type.typeArguments?.params ?? []).forEach((argument) => visitType(argument, visits))
    case 'TSIndexedAccessType':
      return visitType(type.objectType, visits)
    case 'TSArrayType':
      return visitType(type.elementType, visits)
    case 'TSTypeOperator':
    case 'TSParenthesizedType':
      return visitType(type.typeAnnotation, visits)
    case 'TSUnionType':
    case 'TSIntersectionType':
      return type.types.forEach((part) => visitType(part, visits))
    default:
  }
}

function rootName(name: TSTypeName): string {
  if (name.type === 'Identifier') return name.name
  return name.type === 'TSQualifiedName' ? rootName(name.left) : ''
}
