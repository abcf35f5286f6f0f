import { joined, type Assembly, type Branch } from './branch.ts'
import type { Filter, FilterRule, Removal } from './flp-file.ts'
import { Changes } from './changes.ts'
import { passOf, sampleOf } from './steps.ts'

/** Queries of flowlogs-pipeline that hold if a rule removes the flow, and if it does not. */
type Removed = Readonly<{
  removes: string
  keeps: string
}>

export function filterStage(name: string, before: Branch, filter: Filter, path: string, assembly: Assembly): Branch {
  const { rules = [], samplingField = '' } = filter
  if (samplingField !== '' && samplingField !== 'Sampling')
    assembly.report.refuse(`${path}.samplingField`, 'the sampling interval is in Sampling')
  const placed = rules.map((rule, index) => ({ rule, at: `${path}.rules[${index}]` }))
  return filterRules(name, before, { rules: placed, scales: samplingField !== '' }, assembly)
}

/** `scales`: sampling multiplies Sampling. */
type FilterRules = Readonly<{ rules: Placed; scales: boolean }>

/** Queries that keep flows are first, then the other rules in their order. */
export function filterRules(name: string, before: Branch, filter: FilterRules, assembly: Assembly): Branch {
  const { rules } = filter
  let branch = keepQueries(name, before, filter, assembly)
  const changes = new Changes(assembly)
  for (const { rule, at } of rules) {
    const removed = removal(rule, at, assembly)
    if (removed === undefined && rule.type !== 'conditional_sampling') {
      changes.add(rule, at)
      continue
    }
    // A condition after a change of fields must see the change.
    branch = changes.take().applyTo(name, branch, assembly)
    branch =
      removed === undefined
        ? conditionalSampling(name, branch, rule, at, assembly)
        : withQuery(branch, removed.keeps, at, assembly)
  }
  return changes.finish().applyTo(name, branch, assembly)
}

function withQuery(branch: Branch, query: string, at: string, assembly: Assembly): Branch {
  const text = assembly.filter(query, at, branch)
  return text === undefined || text === '' ? branch : { ...branch, filters: [...branch.filters, text] }
}

export type Placed = readonly Readonly<{ rule: FilterRule; at: string }>[]

/** A flow is kept by the first query that selects it, with the sampling of that query. */
function keepQueries(name: string, branch: Branch, { rules, scales }: FilterRules, assembly: Assembly): Branch {
  const queries = rules.flatMap(({ rule, at }) => {
    if (rule.type !== 'keep_entry_query') return []
    const text = assembly.filter(rule.keepEntryQuery ?? '', `${at}.keepEntryQuery`, branch) ?? ''
    return [{ text, interval: rule.keepEntrySampling ?? 0, at }]
  })
  if (queries.length === 0) return branch
  if (queries.every(({ interval }) => interval <= 1)) {
    const text = joined(
      queries.map((query) => query.text),
      'or',
    )
    return text === '' ? branch : { ...branch, filters: [...branch.filters, text] }
  }
  const from: string[] = []
  const earlier: string[] = []
  for (const { text, interval } of queries) {
    // An earlier query without a condition leaves nothing to this one.
    if (earlier.includes('')) break
    const rest = earlier.map((condition) => `not (${condition})`)
    const part: Branch = { ...branch, filters: [...branch.filters, ...rest, ...(text === '' ? [] : [text])] }
    from.push(...sampleOf(name, part, { interval, scales }, assembly).from)
    earlier.push(text)
  }
  if (queries.length > 1)
    assembly.report.note(
      queries[0]?.at ?? '',
      'a flow that a sampled query discards is not tested again by later queries',
    )
  return { ...branch, from, filters: [] }
}

function conditionalSampling(name: string, branch: Branch, rule: FilterRule, at: string, assembly: Assembly): Branch {
  const from: string[] = []
  const earlier: string[] = []
  for (const [index, { value = 0, rules = [] }] of (rule.conditionalSampling ?? []).entries()) {
    const path = `${at}.conditionalSampling[${index}]`
    const removed = rules.flatMap((rule, number) => conditionOf(rule, `${path}.rules[${number}]`, assembly) ?? [])
    const text = assembly.filter(removed.map(({ removes }) => `(${removes})`).join(' and '), path, branch)
    if (text === undefined || text === '') continue
    const rest = earlier.map((condition) => `not (${condition})`)
    from.push(
      ...sampleOf(
        name,
        { ...branch, filters: [...branch.filters, ...rest, text] },
        { interval: value, scales: false },
        assembly,
      ).from,
    )
    earlier.push(text)
  }
  if (from.length === 0) return branch
  const others: Branch = { ...branch, filters: [...branch.filters, ...earlier.map((text) => `not (${text})`)] }
  return { ...branch, from: [...from, ...passOf(name, others, assembly).from], filters: [] }
}

function removal(rule: FilterRule, at: string, assembly: Assembly): Removed | undefined {
  switch (rule.type) {
    case 'remove_entry_if_exists':
    case 'remove_entry_if_doesnt_exist':
    case 'remove_entry_if_equal':
    case 'remove_entry_if_not_equal':
      return conditionOf({ type: rule.type, removeEntry: rule.removeEntry }, at, assembly)
    case 'remove_entry_all_satisfied': {
      const all = (rule.removeEntryAllSatisfied ?? []).flatMap(
        (rule, index) => conditionOf(rule, `${at}.removeEntryAllSatisfied[${index}]`, assembly) ?? [],
      )
      if (all.length === 0) return undefined
      return {
        removes: all.map(({ removes }) => `(${removes})`).join(' and '),
        keeps: all.map(({ keeps }) => `(${keeps})`).join(' or '),
      }
    }
    default:
      return undefined
  }
}

/** Compares by value; flowlogs-pipeline compares Go types, too, so that some numbers are never equal there. */
function conditionOf({ type, removeEntry = {} }: Removal, at: string, { report }: Assembly): Removed | undefined {
  const { input = '', value } = removeEntry
  if (type === 'remove_entry_if_exists') return { removes: `with(${input})`, keeps: `without(${input})` }
  if (type === 'remove_entry_if_doesnt_exist') return { removes: `without(${input})`, keeps: `with(${input})` }
  const equal = equals(input, value)
  if (equal === undefined) {
    report.refuse(`${at}.removeEntry.value`, 'only texts, booleans and whole numbers above zero can be compared')
    return undefined
  }
  const differs: Removed = { removes: `with(${input}) and ${equal.not}`, keeps: `without(${input}) or ${equal.is}` }
  return type === 'remove_entry_if_not_equal'
    ? differs
    : { removes: equal.is, keeps: `without(${input}) or ${equal.not}` }
}

function equals(input: string, value: unknown): Readonly<{ is: string; not: string }> | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)
    return { is: `${input} = ${value}`, not: `${input} != ${value}` }
  if (typeof value === 'boolean') return { is: `${input} =~ "^${value}$"`, not: `${input} !~ "^${value}$"` }
  if (typeof value !== 'string') return undefined
  const quoted = JSON.stringify(value)
  return { is: `${input} = ${quoted}`, not: `${input} != ${quoted}` }
}
