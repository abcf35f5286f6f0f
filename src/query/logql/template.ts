/** Templates of `line_format` and `label_format`: the notation of Go's text/template with the functions of Loki. */
import { QueryFailure, unsupported } from '../metrics/failure.ts'
import { parseTemplate, type Command, type Expression, type Node, type Operand } from './template-parse.ts'
import { templateFunctions } from './template-functions.ts'
import { isTrue, TemplateError, textOf, type TemplateValue } from './template-values.ts'

export { TemplateError } from './template-values.ts'

/** What a template reads. */
export type TemplateInput = Readonly<{
  labels: ReadonlyMap<string, string>
  line: string
  /** Ns since 1970. */
  time: bigint
  /** Time of the query, in ns since 1970. */
  now: bigint
}>

export type Template = Readonly<{
  /** Throws {@link TemplateError} for values that the template cannot use. */
  render: (input: TemplateInput) => string
}>

const maxLength = 1_048_576
const maxLoops = 100_000

/** Throws a syntax error, or `unsupported` with the name of a function outside the subset. */
export function templateOf(text: string): Template {
  const nodes = parseTemplate(text, (name) => {
    if (inputFunctions.has(name) || Object.hasOwn(templateFunctions, name)) return
    throw unsupported(`The template function ${name}`)
  })
  return { render: (input) => new Run(input).whole(nodes) }
}

/** Functions that read the input or skip parameters. */
const inputFunctions: ReadonlySet<string> = new Set(['and', 'or', 'now', '__line__', '__timestamp__'])

class Run {
  readonly #input: TemplateInput
  readonly #labels: Readonly<Record<string, string>>
  #variables: { name: string; value: TemplateValue }[]
  #output = ''
  #loops = 0

  constructor(input: TemplateInput) {
    this.#input = input
    this.#labels = Object.assign(Object.create(null), Object.fromEntries(input.labels)) as Record<string, string>
    this.#variables = [{ name: '$', value: this.#labels }]
  }

  whole(nodes: readonly Node[]): string {
    this.#nodes(nodes, this.#labels)
    return this.#output
  }

  #nodes(nodes: readonly Node[], dot: TemplateValue): void {
    for (const node of nodes) this.#node(node, dot)
  }

  #node(node: Node, dot: TemplateValue): void {
    switch (node.is) {
      case 'text':
        return this.#write(node.text)
      case 'action': {
        const value = this.#expression(node.expression, dot)
        if (node.expression.variable === undefined) this.#write(textOf(value))
        return
      }
      case 'if':
      case 'with': {
        const depth = this.#variables.length
        const value = this.#expression(node.expression, dot)
        if (isTrue(value)) this.#nodes(node.body, node.is === 'with' ? value : dot)
        else this.#nodes(node.otherwise, dot)
        this.#variables.length = depth
        return
      }
      case 'range':
        return this.#range(node, dot)
    }
  }

  #range(node: Extract<Node, { is: 'range' }>, dot: TemplateValue): void {
    const value = this.#pipeline(node.expression.commands, dot)
    const entries = entriesOf(value)
    for (const [key, item] of entries) {
      if (++this.#loops > maxLoops) throw new TemplateError('the template has too many iterations')
      const depth = this.#variables.length
      const { key: keyName, item: itemName } = node
      if (keyName !== undefined) this.#variables.push({ name: keyName, value: key })
      if (itemName !== undefined) this.#variables.push({ name: itemName, value: item })
      this.#nodes(node.body, item)
      this.#variables.length = depth
    }
    if (entries.length === 0) this.#nodes(node.otherwise, dot)
  }

  #write(text: string): void {
    this.#output += text
    if (this.#output.length > maxLength) throw new TemplateError('the result of the template is too long')
  }

  #expression({ variable, declares, commands }: Expression, dot: TemplateValue): TemplateValue {
    const value = this.#pipeline(commands, dot)
    if (variable === undefined) return value
    if (declares) this.#variables.push({ name: variable, value })
    else this.#variable(variable).value = value
    return value
  }

  #pipeline(commands: readonly Command[], dot: TemplateValue): TemplateValue {
    let piped: readonly [] | readonly [TemplateValue] = []
    for (const command of commands) piped = [this.#command(command, dot, piped)]
    return piped[0]
  }

  /** `piped`: the value of the command before it, if there is one. */
  #command({ operands }: Command, dot: TemplateValue, piped: readonly TemplateValue[]): TemplateValue {
    const [first, ...rest] = operands as [Operand, ...Operand[]]
    if (first.is !== 'function') {
      if (rest.length > 0 || piped.length > 0) throw new TemplateError('a value that is no function has parameters')
      return this.#operand(first, dot)
    }
    const { name } = first
    if (name === 'and' || name === 'or') return this.#logical(name, rest, dot, piped)
    if (name === '__line__') return this.#input.line
    if (name === '__timestamp__') return { ns: this.#input.time }
    if (name === 'now' && (rest.length > 0 || piped.length > 0)) throw new TemplateError('now has no parameters')
    if (name === 'now') return { ns: this.#input.now }
    const parameters = rest.map((operand) => this.#operand(operand, dot))
    return templateFunctions[name]!(...parameters, ...piped)
  }

  /** The first operand that decides, or the last one. */
  #logical(
    name: 'and' | 'or',
    operands: readonly Operand[],
    dot: TemplateValue,
    piped: readonly TemplateValue[],
  ): TemplateValue {
    let value: TemplateValue
    for (const operand of operands) {
      value = this.#operand(operand, dot)
      if (isTrue(value) === (name === 'or')) return value
    }
    return piped.length > 0 ? piped[0] : value
  }

  #operand(operand: Operand, dot: TemplateValue): TemplateValue {
    switch (operand.is) {
      case 'literal':
        return operand.value
      case 'dot':
        return memberOf(dot, operand.path)
      case 'variable':
        return memberOf(this.#variable(operand.name).value, operand.path)
      case 'group':
        return memberOf(this.#expression(operand.expression, dot), operand.path)
      case 'function':
        return this.#command({ operands: [operand] }, dot, [])
    }
  }

  #variable(name: string): { name: string; value: TemplateValue } {
    const variable = this.#variables.findLast((candidate) => candidate.name === name)
    if (variable === undefined) throw new QueryFailure('syntax', `template: undefined variable "${name}"`)
    return variable
  }
}

function memberOf(value: TemplateValue, path: readonly string[]): TemplateValue {
  let found = value
  for (const name of path) {
    if (typeof found !== 'object' || found === null || Array.isArray(found))
      throw new TemplateError(`can't evaluate field ${name}`)
    const members = found as Readonly<Record<string, TemplateValue>>
    // An absent label is the empty text; an absent member of JSON is no value.
    found = Object.hasOwn(members, name) ? members[name] : Object.getPrototypeOf(members) === null ? '' : undefined
  }
  return found
}

function entriesOf(value: TemplateValue): (readonly [TemplateValue, TemplateValue])[] {
  if (Array.isArray(value)) return value.map((item, at) => [BigInt(at), item as TemplateValue])
  if (value === undefined || value === null) return []
  if (typeof value === 'object' && !('ns' in value))
    return Object.entries(value as Readonly<Record<string, TemplateValue>>).sort(([a], [b]) => (a < b ? -1 : 1))
  throw new TemplateError(`range can't iterate over ${textOf(value)}`)
}
