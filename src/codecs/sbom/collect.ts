import { fieldsOf, isRecord, withoutUndefined, textOf, type Fields } from '../../model/json.ts'
import { aliasesOf } from './aliases.ts'
import { normalPurl, packageName, readPurl } from './purl.ts'
import { ReportError, type Package, type Problem, type Report } from './report.ts'
import { worst } from './severity.ts'

const maxText = 4096
const maxLocations = 20

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function recordsOf(value: unknown): readonly Fields[] {
  return listOf(value).filter(isRecord)
}

/** Throws ReportError for a number: JSON does not preserve its digits, and `1.10` would be stored as `1.1`. */
export function nameIn(from: Fields, member: string): string | undefined {
  const value = from[member]
  if (typeof value === 'number')
    throw new ReportError('malformed', `"${member}" of a package is the number ${value} instead of a text.`)
  return textOf(value)
}

/** Texts of a list, or one text as a list; undefined without any text. */
export function textsOf(value: unknown): readonly string[] | undefined {
  const texts = (Array.isArray(value) ? value : [value])
    .map((item) => clipped(textOf(item)))
    .filter((text) => text !== undefined)
  return texts.length === 0 ? undefined : [...new Set(texts)]
}

export function clipped(text: string | undefined, max = maxText): string | undefined {
  return text === undefined || text.length <= max ? text : `${text.slice(0, max - 1)}…`
}

type Written = Readonly<{
  name: string | undefined
  version?: string | undefined
  type?: string | undefined
  purl?: string | undefined
  licenses?: readonly string[] | undefined
  cpes?: readonly string[] | undefined
  locations?: readonly string[] | undefined
}>

/** Merges equal packages: by package URL without qualifiers, else by type, name and version. */
export class PackageList {
  readonly #byIdentity = new Map<string, Package>()
  /** Number of listed packages before merging. */
  listed = 0
  unnamed = 0

  add({ name, purl, version, ...rest }: Written): Package | undefined {
    const url = readPurl(purl)
    const nameText = clipped(name ?? (url === undefined ? undefined : packageName(url)))
    if (nameText === undefined) {
      this.unnamed++
      return undefined
    }
    const newPackage = withoutUndefined<Package>({
      name: nameText,
      version: clipped(version ?? url?.version),
      type: url?.type ?? rest.type,
      purl: url === undefined ? undefined : clipped(normalPurl(purl, version)),
      licenses: rest.licenses,
      cpes: rest.cpes,
      locations: rest.locations?.slice(0, maxLocations),
    })
    this.listed++
    const identity = packageIdentity(newPackage)
    const before = this.#byIdentity.get(identity)
    this.#byIdentity.set(identity, before === undefined ? newPackage : merged(before, newPackage))
    return newPackage
  }

  get packages(): readonly Package[] {
    return [...this.#byIdentity.values()]
  }

  /** Throws ReportError if no package of the document is readable. */
  get skipped(): Skipped {
    return skippedOf(this.unnamed, this.listed, 'Packages with neither a name nor a package URL')
  }
}

type Skipped = Pick<Report, 'skipped' | 'skippedReason'>

function skippedOf(skipped: number, readable: number, what: string): Skipped {
  if (skipped === 0) return {}
  const skippedReason = `${what}: ${skipped}.`
  if (readable === 0) throw new ReportError('malformed', skippedReason)
  return { skipped, skippedReason }
}

/** Number of findings without an id. Throws ReportError if none has an id: the list would look like a clean search. */
export function withoutId(findings: readonly unknown[], idOf: (finding: Fields) => unknown): Skipped {
  const unnamed = findings.filter((finding) => textOf(idOf(fieldsOf(finding))) === undefined).length
  return skippedOf(unnamed, findings.length - unnamed, 'Problems without an id')
}

export function allSkipped(...parts: readonly Skipped[]): Skipped {
  const results = parts.filter(({ skipped = 0 }) => skipped > 0)
  if (results.length === 0) return {}
  return {
    skipped: results.reduce((sum, { skipped = 0 }) => sum + skipped, 0),
    skippedReason: results.map(({ skippedReason }) => skippedReason).join(' '),
  }
}

/** Identity of a package, as `subject` of its event. */
export function packageIdentity({ purl, type, name, version }: Package): string {
  return readPurl(purl)?.base ?? `${type ?? 'unknown'}/${name}@${version ?? ''}`
}

function merged(before: Package, given: Package): Package {
  const unionOf = (list: 'licenses' | 'cpes' | 'locations'): readonly string[] | undefined => {
    const all = [...new Set([...(before[list] ?? []), ...(given[list] ?? [])])].slice(0, maxLocations)
    return all.length === 0 ? undefined : all
  }
  return withoutUndefined<Package>({
    ...before,
    licenses: unionOf('licenses'),
    cpes: unionOf('cpes'),
    locations: unionOf('locations'),
  })
}

/**
 * Merges equal findings: id, package and version. Two ids are one finding if one of them lists the other and neither
 * lists, nor is listed by, a third one. The worst severity counts.
 */
export function distinctProblems(problems: readonly Problem[]): readonly Problem[] {
  const byIdentity = new Map<string, Problem>()
  for (const listedProblem of problems) {
    const purl = normalPurl(listedProblem.purl, listedProblem.version) ?? listedProblem.purl
    const problem = withoutUndefined<Problem>({
      ...listedProblem,
      purl,
      aliases: aliasesOf(listedProblem.id, listedProblem.aliases),
    })
    const identity = `${problem.id} ${problemPlace(problem)}`
    const before = byIdentity.get(identity)
    byIdentity.set(identity, before === undefined ? problem : oneProblem(before, problem))
  }
  const all = [...byIdentity.values()]
  const partners = partnersOf(all)
  const absorbed = new Set<Problem>()
  return all
    .flatMap((problem) => {
      if (absorbed.has(problem)) return []
      const partner = partners.get(problem)
      if (partner === undefined) return [problem]
      absorbed.add(partner)
      return [oneProblem(problem, partner)]
    })
    .map((problem) => withoutUndefined<Problem>({ ...problem, type: readPurl(problem.purl)?.type ?? problem.type }))
}

/** Distinguishes packages that a tool lists without package URL. */
export function problemPlace({ package: name = '', version, type, purl }: Problem): string {
  return name === '' && purl === undefined
    ? ''
    : packageIdentity(withoutUndefined<Package>({ name, version, type, purl }))
}

/** Pairs of problems at one place that are one flaw, in both directions. */
function partnersOf(problems: readonly Problem[]): ReadonlyMap<Problem, Problem> {
  const byIdentity = new Map(problems.map((problem) => [`${problem.id} ${problemPlace(problem)}`, problem]))
  const relatedProblems = new Map<Problem, Set<Problem>>()
  const relate = (problem: Problem, otherProblem: Problem): void => {
    relatedProblems.set(problem, (relatedProblems.get(problem) ?? new Set()).add(otherProblem))
  }
  for (const problem of problems)
    for (const alias of problem.aliases ?? []) {
      const otherProblem = byIdentity.get(`${alias} ${problemPlace(problem)}`)
      if (otherProblem === undefined || otherProblem === problem) continue
      relate(problem, otherProblem)
      relate(otherProblem, problem)
    }
  const partners = new Map<Problem, Problem>()
  for (const [problem, [otherProblem, third]] of relatedProblems)
    if (otherProblem !== undefined && third === undefined && relatedProblems.get(otherProblem)?.size === 1)
      partners.set(problem, otherProblem)
  return partners
}

/** One problem with the worse severity, and the ids of both problems. */
function oneProblem(first: Problem, second: Problem): Problem {
  const severity = worst([first.severity, second.severity])
  const ids = [...(first.aliases ?? []), second.id, ...(second.aliases ?? [])]
  const scores = [first.score, second.score].filter((score) => score !== undefined)
  const links = [...new Set([...(first.links ?? []), ...(second.links ?? [])])]
  // The state belongs to the version that fixes the problem.
  const fix = first.fixed === undefined && second.fixed !== undefined ? second : first
  return withoutUndefined<Problem>({
    ...second,
    ...first,
    fixed: fix.fixed,
    state: fix.state ?? first.state ?? second.state,
    severity,
    score: scores.length === 0 ? undefined : Math.max(...scores),
    aliases: aliasesOf(
      first.id,
      ids.filter((id) => id !== first.id),
    ),
    links: links.length === 0 ? undefined : links.slice(0, maxLocations),
  })
}
