import { Environment, ParseError } from '@marcbachmann/cel-js'
import { flowFields, resolveFieldName } from '../../model/fields.ts'
import { nearest } from '../../schema/suggest.ts'
import { withFunctions } from './functions.ts'
import { typeChecker } from './types.ts'
import { limited, withCounter, withCounts } from './work.ts'

const longest = 4096
const limits = { maxAstNodes: 500, maxDepth: 32, maxListElements: 200, maxMapEntries: 200, maxCallArguments: 16 }
const plainEnvironment = () => new Environment({ homogeneousAggregateLiterals: false, limits })

function environmentOf(services: Readonly<Record<string, string>>): Environment {
  const rows = plainEnvironment().registerVariable('flow', 'map').registerVariable('event', 'map')
  return withCounter(withFunctions(rows, services))
}

const environment = environmentOf({})
let checkTypes: ReturnType<typeof typeChecker> | undefined

type ExpressionProblem = Readonly<{
  message: string
  from: number
  hint?: string
}>

export type Expression = Readonly<{
  /** Names after `flow.`; undefined: the expression reads flows in another way. */
  fields: readonly string[] | undefined
  /** True if the expression reads no row. */
  isConstant: boolean
  /** `bytes`: size of the data in the context, which limits the work. Throws with a reason. */
  evaluate(context: Readonly<Record<string, unknown>>, bytes?: number): unknown
}>

/** `services`: names of ports by PORT/PROTOCOL. Throws with a reason. */
export function readExpression(text: string, services: Readonly<Record<string, string>> = {}): Expression {
  const problem = problemOf(text)
  if (problem !== undefined) throw new Error(problem.message)
  const names = Object.keys(services).length === 0 ? environment : environmentOf(services)
  const evaluate = names.parse(withCounts(text, names.parse(text).ast)) as (context: object) => unknown
  const codeText = withoutStrings(text)
  const flowNames = [...codeText.matchAll(/\bflow\s*\.\s*(\w+)/g)].map(([, name = '']) => name)
  const uses = [...codeText.matchAll(/\bflow\b/g)].length
  return {
    fields: uses === flowNames.length ? [...new Set(flowNames)] : undefined,
    isConstant: !/\b(?:flow|event)\b/.test(codeText),
    evaluate: (context, bytes = 0) => {
      try {
        return limited(bytes, () => evaluate(context))
      } catch (error) {
        const { summary } = error as { summary?: unknown }
        throw new Error(typeof summary === 'string' ? summary : String((error as Error).message).split('\n')[0])
      }
    },
  }
}

export function problemOf(text: string): ExpressionProblem | undefined {
  if (text.length > longest) return { message: `the expression is longer than ${longest} characters`, from: 0 }
  const codeText = withoutStrings(text)
  const matches = codeText.search(/\.\s*matches\s*\(/)
  if (matches !== -1)
    return {
      message: '`matches` is not available, because its patterns can take unlimited time',
      from: matches + 1,
      hint: 'use `found(text, pattern)`, with the regular expressions of filters',
    }
  const bind = codeText.search(/\bcel\s*\.\s*bind\s*\(/)
  if (bind !== -1)
    return { message: '`cel.bind` is not available, because it can double a value again and again', from: bind }
  for (const { 1: name = '', index } of codeText.matchAll(/\bflow\s*\.\s*(\w+)/g)) {
    if (resolveFieldName(name) !== undefined) continue
    const suggestion = nearest(
      name,
      flowFields.map((field) => field.name),
    )
    return {
      message: `flows have no field \`${name}\``,
      from: index,
      ...(suggestion === undefined ? {} : { hint: `did you mean \`${suggestion}\`?` }),
    }
  }
  try {
    const checked = environment.check(text) as { valid: boolean; error?: unknown }
    if (!checked.valid) return problemFrom(checked.error)
    checkTypes ??= typeChecker(withFunctions(plainEnvironment(), {}))
    const typeError = checkTypes(text, codeText)
    if (typeError !== undefined) return problemFrom(typeError)
    withCounts(text, environment.parse(text).ast)
    return undefined
  } catch (error) {
    return problemFrom(error)
  }
}

function problemFrom(error: unknown): ExpressionProblem {
  const { summary, range, message } = error as { summary?: string; range?: { start?: number }; message?: string }
  const hint = error instanceof ParseError ? { hint: 'the expression language is CEL' } : {}
  return { message: summary ?? message?.split('\n')[0] ?? String(error), from: range?.start ?? 0, ...hint }
}

/** Blanks in place of the characters of text literals. */
function withoutStrings(text: string) {
  return text.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, (literal) => ' '.repeat(literal.length))
}
