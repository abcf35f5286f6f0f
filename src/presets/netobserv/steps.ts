import { joined, reads, type Assembly, type Branch } from './branch.ts'
import { fieldOf, isNumeric, misfit, nameOf, constant, referenceTo, targetOf } from './values.ts'

/** Steps of one transform `map`, which all read the flow as it was before. */
export class MapSteps {
  readonly #drop: string[] = []
  readonly #copy: Record<string, string> = {}
  readonly #set: Record<string, string> = {}
  #keep: readonly string[] | undefined
  #services: Readonly<Record<string, string>> = {}
  readonly #written = new Set<string>()

  /** Whether a step writes one of these keys, so that a later step must read its result. */
  writes(...keys: readonly string[]): boolean {
    return keys.some((key) => this.#written.has(nameOf(key)))
  }

  drop(key: string): void {
    this.#written.add(nameOf(key))
    if (fieldOf(key) === undefined) this.#set[targetOf(key)] = 'null'
    else this.#drop.push(key)
  }

  /** False if no transform can do this. */
  copy(from: string, to: string): boolean {
    const [source, target] = [fieldOf(from), fieldOf(to)]
    if (source !== undefined && target !== undefined && source.kind !== target.kind) return false
    this.#written.add(nameOf(to))
    // A map of names has one target for each field.
    if (source === undefined || this.#copy[from] !== undefined) this.set(to, referenceTo(from).orNull)
    else this.#copy[from] = targetOf(to)
    return true
  }

  set(key: string, expression: string): void {
    this.#written.add(nameOf(key))
    this.#set[targetOf(key)] = expression
  }

  replaceAll(): void {
    this.#keep = []
  }

  nameServices(services: Readonly<Record<string, string>>): void {
    this.#services = services
  }

  get written(): Readonly<Record<string, unknown>> {
    const parts = { copy: this.#copy, drop: this.#drop, set: this.#set, services: this.#services }
    return {
      ...(this.#keep === undefined ? {} : { keep: this.#keep }),
      ...Object.fromEntries(Object.entries(parts).filter(([, part]) => Object.keys(part).length > 0)),
    }
  }
}

export class MapSequence {
  readonly #steps: MapSteps[] = []

  constructor() {
    this.#steps.push(new MapSteps())
  }

  get isEmpty(): boolean {
    return this.#steps.length === 1 && Object.keys(this.last.written).length === 0
  }

  get last(): MapSteps {
    return this.#steps.at(-1) ?? new MapSteps()
  }

  after(...keys: readonly string[]): MapSteps {
    if (this.last.writes(...keys)) this.#steps.push(new MapSteps())
    return this.last
  }

  applyTo(name: string, branch: Branch, assembly: Assembly): Branch {
    return this.#steps.reduce((before, steps) => mapOf(name, before, steps, assembly), branch)
  }
}

export function mapOf(name: string, branch: Branch, steps: MapSteps, assembly: Assembly): Branch {
  const { written } = steps
  if (Object.keys(written).length === 0) return branch
  const id = assembly.id(name)
  assembly.transforms[id] = { type: 'map', ...reads(branch), ...written }
  return { ...branch, from: [id], filters: [] }
}

export function setConstant(steps: MapSteps, key: string, value: unknown, at: string, { report }: Assembly): void {
  const problem = misfit(key, value)
  if (problem === undefined) steps.set(key, constant(value))
  else report.refuse(at, problem)
}

export function multiply(steps: MapSteps, from: string, to: string, by: number): boolean {
  const [source, target] = [fieldOf(from), fieldOf(to)]
  if ([source, target].some((field) => field !== undefined && !isNumeric(field))) return false
  const { exists, value } = referenceTo(from)
  const factor = source?.kind === 'f64' ? by.toFixed(1) : String(by)
  const product =
    source === undefined
      ? `(type(${value}) == double ? dyn(${value} * ${by.toFixed(1)}) : dyn(${value} * ${by}))`
      : `dyn(${value} * ${factor})`
  const isNumber = source === undefined ? ` && (type(${value}) == int || type(${value}) == double)` : ''
  steps.set(to, `${exists}${isNumber} ? ${product} : ${referenceTo(to).orNull}`)
  return true
}

type Sampling = Readonly<{
  /** One flow in so many; 0 and 1 keep all. */
  interval: number
  scales: boolean
}>

export function sampleOf(name: string, branch: Branch, { interval, scales }: Sampling, assembly: Assembly): Branch {
  if (interval <= 1) return passOf(name, branch, assembly)
  const id = assembly.id(name)
  assembly.transforms[id] = { type: 'sample', ...reads(branch), one_in: interval, adjust: scales }
  return { ...branch, from: [id], filters: [] }
}

export function passOf(name: string, branch: Branch, assembly: Assembly): Branch {
  const where = joined(branch.filters)
  if (where === '') return branch
  const id = assembly.id(name)
  assembly.transforms[id] = { type: 'filter', from: branch.from, only: { family: ['flow'] }, where }
  return { ...branch, from: [id], filters: [] }
}
