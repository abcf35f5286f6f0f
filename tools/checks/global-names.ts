/**
 * No module declares a global name at its top level. The bundle puts modules into one scope: `const URL` of one module
 * replaced the global of all others, and every bundled command ended.
 */
import type { Problem, Source } from '../kit/sources.ts'

const globals = new Set(Object.getOwnPropertyNames(globalThis))

export function shadowing(source: Source): readonly Problem[] {
  return source.tree.program.body.flatMap((statement): Problem[] => {
    const declaration =
      statement.type === 'ExportNamedDeclaration' || statement.type === 'ExportDefaultDeclaration'
        ? statement.declaration
        : statement
    return namesOf(declaration)
      .filter((name) => globals.has(name))
      .map((name) => ({
        file: source.path,
        line: source.line(statement.start),
        message: `\`${name}\` is a global; choose another name, because the bundle puts modules into one scope`,
      }))
  })
}

/** Node of a syntax tree. */
export type Node = Readonly<{ type: string; start: number }> | null

function namesOf(node: Node): readonly string[] {
  switch (node?.type) {
    case 'FunctionDeclaration':
    case 'ClassDeclaration':
      return nameOf((node as { id?: Node }).id)
    case 'VariableDeclaration':
      return (node as unknown as { declarations: readonly { id: Node }[] }).declarations.flatMap(({ id }) =>
        patternNames(id),
      )
    case 'ImportDeclaration': {
      const { importKind, specifiers, source } = node as unknown as Imported
      if (importKind === 'type') return []
      const moduleObject = source.value.startsWith('node:') ? process.getBuiltinModule(source.value) : undefined
      return specifiers.flatMap((specifier) => {
        const same = moduleObject !== undefined && isSame(moduleObject, specifier)
        return specifier.importKind === 'type' || same ? [] : nameOf(specifier.local)
      })
    }
    default:
      return []
  }
}

type Specifier = Readonly<{ importKind?: string; imported?: Node; local: Node }>

type Imported = Readonly<{
  importKind?: string
  source: Readonly<{ value: string }>
  specifiers: readonly Specifier[]
}>

/** A module of Node that exports the global itself. */
function isSame(moduleObject: object, { imported, local }: Specifier) {
  const [name] = nameOf(imported)
  const [global = ''] = nameOf(local)
  return name !== undefined && Reflect.get(moduleObject, name) === Reflect.get(globalThis, global)
}

const nameOf = (node: Node | undefined): readonly string[] =>
  node?.type === 'Identifier' ? [(node as unknown as { name: string }).name] : []

export function patternNames(node: Node): readonly string[] {
  if (node === null) return []
  const { properties, elements, value, argument, left } = node as unknown as Readonly<
    Record<'properties' | 'elements', readonly Node[] | undefined> &
      Record<'value' | 'argument' | 'left', Node | undefined>
  >
  switch (node.type) {
    case 'ObjectPattern':
      return (properties ?? []).flatMap(patternNames)
    case 'ArrayPattern':
      return (elements ?? []).flatMap(patternNames)
    case 'Property':
      return patternNames(value ?? null)
    case 'RestElement':
      return patternNames(argument ?? null)
    case 'AssignmentPattern':
      return patternNames(left ?? null)
    default:
      return nameOf(node)
  }
}
