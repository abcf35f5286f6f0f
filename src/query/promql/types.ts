import { isComparison, isSetOperator } from '../metrics/binary.ts'
import { syntaxError } from '../metrics/failure.ts'
import type { Binary, Call, Node, ValueType } from './ast.ts'
import { functions } from './signatures.ts'

const shown: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
}

/** Throws for a parameter of another type. */
export function checkTypes(node: Node): ValueType {
  switch (node.is) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'selector':
      return 'vector'
    case 'range':
      return 'matrix'
    case 'subquery':
      expect(node.of, 'vector', 'subquery')
      return 'matrix'
    case 'group':
      return checkTypes(node.of)
    case 'negative': {
      const type = checkTypes(node.of)
      if (type === 'scalar' || type === 'vector') return type
      throw syntaxError(
        `unary expression only allowed on expressions of type scalar or instant vector, got "${shown[type]}"`,
      )
    }
    case 'aggregate':
      expect(node.of, 'vector', 'aggregation expression')
      if (node.parameter !== undefined)
        expect(node.parameter, node.aggregator === 'count_values' ? 'string' : 'scalar', 'aggregation parameter')
      return 'vector'
    case 'call':
      return typeOfCall(node)
    case 'binary':
      return typeOfBinary(node)
  }
}

function expect(node: Node, type: ValueType, where: string) {
  const valueType = checkTypes(node)
  if (valueType !== type) throw syntaxError(`expected type ${shown[type]} in ${where}, got ${shown[valueType]}`)
}

function typeOfCall({ name, parameters: written }: Call): ValueType {
  const { parameters, optional = 0, more, returns } = functions.get(name)!
  const least = parameters.length - optional
  if (written.length < least || (more === undefined && written.length > parameters.length))
    throw syntaxError(
      `expected ${optional > 0 ? `at least ${least}` : least} argument(s) in call to "${name}", got ${written.length}`,
    )
  written.forEach((node, at) => expect(node, parameters[at] ?? parameters.at(-1)!, `call to function "${name}"`))
  return returns
}

function typeOfBinary({ operator, left, right, bool, matching }: Binary): ValueType {
  const types = [checkTypes(left), checkTypes(right)]
  if (types.some((type) => type !== 'scalar' && type !== 'vector'))
    throw syntaxError('binary expression must contain only scalar and instant vector types')
  const scalars = types.filter((type) => type === 'scalar').length
  if (scalars > 0 && isSetOperator(operator))
    throw syntaxError(`set operator "${operator}" not allowed in binary scalar expression`)
  if (scalars === 2 && isComparison(operator) && !bool)
    throw syntaxError('comparisons between scalars must use BOOL modifier')
  if (scalars > 0 && (matching.on || matching.labels.length > 0))
    throw syntaxError('vector matching only allowed between instant vectors')
  return scalars === 2 ? 'scalar' : 'vector'
}

/** Type of a checked expression, in constant depth. */
export function typeOf(node: Node): ValueType {
  if (node.is === 'binary')
    return typeOf(node.left) === 'scalar' && typeOf(node.right) === 'scalar' ? 'scalar' : 'vector'
  if (node.is === 'negative' || node.is === 'group') return typeOf(node.of)
  if (node.is === 'call') return functions.get(node.name)!.returns
  return typeOfLeaf[node.is]
}

const typeOfLeaf = {
  number: 'scalar',
  string: 'string',
  selector: 'vector',
  range: 'matrix',
  subquery: 'matrix',
  aggregate: 'vector',
} as const satisfies Record<string, ValueType>
