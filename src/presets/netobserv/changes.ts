import { RE2JS } from 're2js'
import type { Assembly } from './branch.ts'
import { conditionOn } from './conditions.ts'
import type { FilterRule } from './flp-file.ts'
import { MapSequence, setConstant } from './steps.ts'
import { constant, fieldOf, misfit, referenceTo, type Reference } from './values.ts'

export class Changes {
  readonly #assembly: Assembly
  #sequence = new MapSequence()
  readonly #labels: Readonly<{ text: string; test?: string }>[] = []

  constructor(assembly: Assembly) {
    this.#assembly = assembly
  }

  /** The steps since the last call. */
  take(): MapSequence {
    const taken = this.#sequence
    this.#sequence = new MapSequence()
    return taken
  }

  /** The labels of all rules are one text at the end. */
  finish(): MapSequence {
    if (this.#labels.length > 0) {
      this.#sequence.after('labels').set('labels', this.#joined())
    }
    return this.take()
  }

  #joined(): string {
    if (this.#labels.every(({ test }) => test === undefined))
      return constant(this.#labels.map(({ text }) => text).join(','))
    const all = this.#labels
      .map(({ text, test }) => (test === undefined ? `[${constant(text)}]` : `(${test} ? [${constant(text)}] : [])`))
      .join(' + ')
    return `(${all}) == [] ? null : dyn((${all}).join(","))`
  }

  add(rule: FilterRule, at: string): void {
    switch (rule.type) {
      case 'remove_field': {
        const { input = '' } = rule.removeField ?? {}
        return this.#sequence.after(input).drop(input)
      }
      case 'add_field': {
        const { input = '', value } = rule.addField ?? {}
        return setConstant(this.#sequence.after(input), input, value, at, this.#assembly)
      }
      case 'add_field_if_doesnt_exist':
        return this.#fallback(rule.addFieldIfDoesntExist ?? {}, at)
      case 'add_label': {
        const { input = '', value } = rule.addLabel ?? {}
        this.#labels.push({ text: `${input}=${String(value)}` })
        return
      }
      case 'add_field_if':
        return this.#addFieldIf(rule.addFieldIf ?? {}, at)
      case 'add_regex_if':
        return this.#addRegexIf(rule.addRegexIf ?? {}, at)
      case 'add_label_if': {
        const { input = '', output = '', assignee = '', parameters = '' } = rule.addLabelIf ?? {}
        const test = this.#test(input, parameters, at)
        // Labels are joined at the end: the field may have changed since.
        if (test === undefined) return
        if (this.#sequence.last.writes(input)) return this.#refuse(at, `\`${input}\` is changed before by this stage`)
        this.#labels.push({ text: `${output}=${assignee}`, test })
        return
      }
      case undefined:
        return this.#refuse(at, 'the type of the rule is missing')
      default:
    }
  }

  #fallback({ input = '', value }: { input?: string | undefined; value?: unknown }, at: string) {
    if (input === 'K8S_ClusterName' && typeof value === 'string') this.#assembly.clusterName = value
    if (input === 'K8S_ClusterName') return
    const problem = misfit(input, value)
    if (problem !== undefined) return this.#refuse(at, problem)
    const { exists, value: given } = referenceTo(input)
    this.#sequence.after(input).set(input, `${exists} ? ${given} : ${dynamic(constant(value))}`)
  }

  #addFieldIf({ input = '', output = '', parameters = '', assignee = '' }: Assigning, at: string) {
    const test = this.#test(input, parameters, at)
    if (test === undefined) return
    const problem = assignee === '' ? this.#copyProblem(input, output) : misfit(output, assignee)
    if (problem !== undefined) return this.#refuse(at, problem)
    const value = assignee === '' ? referenceTo(input).value : dynamic(constant(assignee))
    this.#setIf(test, input, output, value, `${output}_Evaluate`)
  }

  #addRegexIf({ input = '', output = '', parameters = '' }: Assigning, at: string) {
    try {
      RE2JS.compile(parameters)
    } catch {
      return this.#refuse(at, `\`${parameters}\` is no regular expression of RE2`)
    }
    const { field, exists, value } = referenceTo(input)
    if (field?.kind.startsWith('list') === true || field?.kind === 'time')
      return this.#refuse(at, `a regular expression cannot be tested on \`${input}\``)
    const problem = this.#copyProblem(input, output)
    if (problem !== undefined) return this.#refuse(at, problem)
    const text = isText(referenceTo(input)) ? value : `string(${value})`
    this.#setIf(`${exists} && found(${text}, ${constant(parameters)})`, input, output, value, `${output}_Matched`)
  }

  #setIf(test: string, input: string, output: string, value: string, mark: string) {
    const steps = this.#sequence.after(input, output, mark)
    steps.set(output, `${test} ? ${value} : ${referenceTo(output).orNull}`)
    steps.set(mark, `${test} ? ${dynamic('true')} : ${referenceTo(mark).orNull}`)
  }

  #test(input: string, parameters: string, at: string): string | undefined {
    const reference = referenceTo(input)
    const condition = conditionOn(reference, parameters)
    if ('text' in condition) return `${reference.exists} && (${condition.text})`
    this.#refuse(at, `${condition.problem}; ignored, no flow meets the condition`)
    return undefined
  }

  #copyProblem(input: string, output: string): string | undefined {
    const [from, to] = [fieldOf(input), fieldOf(output)]
    return to === undefined || from?.kind === to.kind ? undefined : `\`${output}\` cannot hold values of \`${input}\``
  }

  #refuse(at: string, reason: string) {
    this.#assembly.report.refuse(at, reason)
  }
}

type Assigning = NonNullable<FilterRule['addFieldIf']>

/** Both results of a condition must have one type. */
function dynamic(text: string) {
  return `dyn(${text})`
}

function isText({ field }: Reference) {
  return field?.kind === 'dict' || field?.kind === 'ip' || field?.kind === 'mac'
}
