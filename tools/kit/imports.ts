import { readFile } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { Visitor } from 'oxc-parser'
import { parseSource, type Source } from './sources.ts'

export type Import = Readonly<{
  specifier: string
  target: string | undefined
  typeOnly: boolean
  later: boolean
  names: readonly string[]
  line: number
}>

/** By path. Several checks read the same files. */
const latest = new Map<string, Readonly<{ text: string; imports: readonly Import[] }>>()

export function importsOf(source: Source): readonly Import[] {
  const cached = latest.get(source.path)
  if (cached?.text === source.text) return cached.imports
  const imports = readImports(source)
  latest.set(source.path, { text: source.text, imports })
  return imports
}

/** Parses the file only if it differs from the one that was read last. */
export async function importsIn(root: string, path: string): Promise<readonly Import[]> {
  const text = await readFile(join(root, path), 'utf8')
  const cached = latest.get(path)
  return cached?.text === text ? cached.imports : importsOf(parseSource(path, text))
}

const hasMore = /\bimport\s*\(|\bnew URL\(/

function readImports(source: Source): Import[] {
  const imports: Import[] = []
  const add = (specifier: string, offset: number, parts: Pick<Import, 'names' | 'typeOnly' | 'later'>) => {
    const target = /^\.\.?(?:\/|$)/.test(specifier) ? posix.join(posix.dirname(source.path), specifier) : undefined
    imports.push({ specifier, target, ...parts, line: source.line(offset) })
  }
  const { staticImports, staticExports } = source.tree.module
  for (const statement of staticImports) {
    const { entries } = statement
    const typeOnly = entries.length > 0 && entries.every((entry) => entry.isType)
    const names = entries
      .filter((entry) => !entry.isType)
      .map(
        (entry) =>
          ({ Name: entry.importName.name ?? '', NamespaceObject: '*', Default: 'default' })[entry.importName.kind],
      )
    add(statement.moduleRequest.value, statement.start, { typeOnly, later: false, names })
  }
  for (const statement of staticExports) {
    const from = statement.entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest
    if (from === undefined || from === null) continue
    const typeOnly = statement.entries.every((entry) => entry.isType)
    add(from.value, statement.start, {
      typeOnly,
      later: false,
      names: statement.entries.map((entry) => entry.importName.name ?? '*'),
    })
  }
  if (!hasMore.test(source.text)) return imports
  new Visitor({
    ImportExpression(node) {
      if (node.source.type === 'Literal' && typeof node.source.value === 'string') {
        add(node.source.value, node.start, { typeOnly: false, later: true, names: ['*'] })
      }
    },
    TSImportType(node) {
      add(node.source.value, node.start, { typeOnly: true, later: false, names: [] })
    },
    NewExpression(node) {
      const [path, base] = node.arguments
      if (node.callee.type !== 'Identifier' || node.callee.name !== 'URL') return
      if (path?.type !== 'Literal' || typeof path.value !== 'string' || !/\.[mc]?[tj]sx?$/.test(path.value)) return
      if (base?.type !== 'MemberExpression' || base.object.type !== 'MetaProperty') return
      add(path.value, node.start, { typeOnly: false, later: true, names: ['*'] })
    },
  }).visit(source.tree.program)
  return imports.toSorted((a, b) => a.line - b.line)
}
