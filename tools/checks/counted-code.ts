// What code-counts.ts counts in syntax trees.
import { Visitor, type ArrowFunctionExpression, type Function as FunctionNode, type Node } from 'oxc-parser'
import type { Source } from '../kit/sources.ts'

/** `size`: lines of a function, or its number of parameters. */
export type Place = Readonly<{ file: string; line: number; name: string; size?: number }>

export type CountedFunction = Readonly<{
  at: Place
  lines: number
  parameters: number
  /** Names of parameters of type boolean. */
  flags: readonly string[]
}>

type AnyFunction = FunctionNode | ArrowFunctionExpression

export function functionsIn(source: Source): readonly CountedFunction[] {
  const lineOf = linesOf(source.text)
  const names = new Map<Node, string>()
  const functions: CountedFunction[] = []
  const add = (node: AnyFunction): void => {
    const line = lineOf(node.start)
    const name = node.id?.name ?? names.get(node) ?? ''
    functions.push({
      at: { file: source.path, line, name },
      lines: lineOf(node.end) - line + 1,
      parameters: node.params.length,
      flags: node.params.flatMap(flagOf),
    })
  }
  new Visitor({
    VariableDeclarator: ({ id, init }) => {
      if (id.type === 'Identifier' && init !== null) names.set(init, id.name)
    },
    FunctionDeclaration: add,
    FunctionExpression: add,
    ArrowFunctionExpression: add,
  }).visit(source.tree.program)
  return functions
}

function flagOf(parameter: AnyFunction['params'][number]): readonly string[] {
  if (parameter.type === 'RestElement' || parameter.type === 'TSParameterProperty') return []
  const [pattern, value] =
    parameter.type === 'AssignmentPattern' ? [parameter.left, parameter.right] : [parameter, undefined]
  const isFlag =
    pattern.typeAnnotation?.typeAnnotation.type === 'TSBooleanKeyword' ||
    (value?.type === 'Literal' && typeof value.value === 'boolean')
  return isFlag ? [pattern.type === 'Identifier' ? pattern.name : ''] : []
}

const partsOfRequests = /^(?:query|body|params|headers)$/
const namesOfRequests = /^(?:request|req)$/
const genericParts = /^(?:Querystring|Body|Params|Headers)$/

/** `request.query as T`, and routes with a type of the request beside the schema: `app.get<{ Querystring: T }>`. */
export function castsOfRequests(source: Source): readonly Place[] {
  const lineOf = linesOf(source.text)
  const places: Place[] = []
  const add = (start: number, name: string): void => void places.push({ file: source.path, line: lineOf(start), name })
  new Visitor({
    TSAsExpression: ({ expression, start }) => {
      if (expression.type !== 'MemberExpression' || expression.property.type !== 'Identifier') return
      const { object, property } = expression
      if (object.type === 'Identifier' && namesOfRequests.test(object.name) && partsOfRequests.test(property.name))
        add(start, `${object.name}.${property.name}`)
    },
    CallExpression: ({ typeArguments, start }) => {
      for (const type of typeArguments?.params ?? [])
        if (type.type === 'TSTypeLiteral')
          for (const member of type.members)
            if (member.type === 'TSPropertySignature' && member.key.type === 'Identifier')
              if (genericParts.test(member.key.name)) add(start, member.key.name)
    },
  }).visit(source.tree.program)
  return places
}

/** The line of an offset, without counting from the start each time. */
export function linesOf(text: string): (offset: number) => number {
  const starts = [0]
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle
    }
    return low + 1
  }
}
