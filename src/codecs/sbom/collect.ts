import { isRecord, known, textOf, type Fields } from '../../model/json.ts'
import { readPurl } from './purl.ts'
import type { Package, Problem } from './report.ts'

const maxText = 4096
const maxLocations = 20

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function recordsOf(value: unknown): readonly Fields[] {
  return listOf(value).filter(isRecord)
}

/** Texts of a list, or of one text; undefined without any. */
export function textsOf(value: unknown): readonly string[] | undefined {
  const texts = (Array.isArray(value) ? value : [value])
    .map((each) => clipped(textOf(each)))
    .filter((each) => each !== undefined)
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
  /** Before merging. */
  listed = 0

  add({ name, purl, version, ...rest }: Written): Package | undefined {
    const url = readPurl(purl)
    const named = clipped(name ?? url?.name)
    if (named === undefined) return undefined
    const given = known<Package>({
      name: named,
      version: clipped(version ?? url?.version),
      type: url?.type ?? rest.type,
      purl: url === undefined ? undefined : clipped(purl),
      licenses: rest.licenses,
      cpes: rest.cpes,
      locations: rest.locations?.slice(0, maxLocations),
    })
    this.listed++
    const identity = packageIdentity(given)
    const before = this.#byIdentity.get(identity)
    this.#byIdentity.set(identity, before === undefined ? given : merged(before, given))
    return given
  }

  get packages(): readonly Package[] {
    return [...this.#byIdentity.values()]
  }
}

/** As `subject` of its event. */
export function packageIdentity({ purl, type, name, version }: Package): string {
  return readPurl(purl)?.base ?? `${type ?? 'unknown'}/${name}@${version ?? ''}`
}

function merged(before: Package, given: Package): Package {
  const both = (list: 'licenses' | 'cpes' | 'locations'): readonly string[] | undefined => {
    const all = [...new Set([...(before[list] ?? []), ...(given[list] ?? [])])].slice(0, maxLocations)
    return all.length === 0 ? undefined : all
  }
  return known<Package>({ ...before, licenses: both('licenses'), cpes: both('cpes'), locations: both('locations') })
}

/** Merges equal findings: id, package and version. Ids that alias each other are one finding. */
export function distinctProblems(problems: readonly Problem[]): readonly Problem[] {
  const byIdentity = new Map<string, Problem>()
  for (const problem of problems) {
    const place = `${readPurl(problem.purl)?.base ?? problem.package ?? ''} ${problem.version ?? ''}`
    const ids = [problem.id, ...(problem.aliases ?? [])]
    const [before] = ids.map((id) => byIdentity.get(`${id} ${place}`)).filter((each) => each !== undefined)
    if (before !== undefined && before.id !== problem.id) continue
    for (const id of ids) if (!byIdentity.has(`${id} ${place}`)) byIdentity.set(`${id} ${place}`, problem)
  }
  return [...new Set(byIdentity.values())].map((problem) =>
    known<Problem>({ ...problem, type: readPurl(problem.purl)?.type ?? problem.type }),
  )
}
